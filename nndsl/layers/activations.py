"""The activation functions of Keras by name: what each becomes in PyTorch."""

from __future__ import annotations

from nndsl.arguments import ArgumentError, Kind, argument, describe
from nndsl.code import Code, code
from nndsl.layers.base import Call, LayerError, Sizes, TensorType

# Keras's name -> the expression in PyTorch; `{}` is the tensor, AXIS the physical place of the last logical axis.
# `threshold` is not among them: it has arguments without defaults, so that Keras cannot take its name alone either.
TEMPLATES: dict[str, str] = {
    "celu": "F.celu({})",
    "elu": "F.elu({})",
    "exponential": "torch.exp({})",
    "gelu": "F.gelu({})",
    "glu": "F.glu({}, dim=AXIS)",
    "hard_shrink": "F.hardshrink({})",
    "hard_sigmoid": "F.hardsigmoid({})",
    "hard_silu": "F.hardswish({})",
    "hard_swish": "F.hardswish({})",
    "hard_tanh": "F.hardtanh({})",
    "leaky_relu": "F.leaky_relu({}, 0.2)",
    "linear": "{}",
    "log_sigmoid": "F.logsigmoid({})",
    "log_softmax": "F.log_softmax({}, dim=AXIS)",
    "mish": "F.mish({})",
    "relu": "F.relu({})",
    "relu6": "F.relu6({})",
    "selu": "F.selu({})",
    "sigmoid": "torch.sigmoid({})",
    "silu": "F.silu({})",
    "soft_shrink": "F.softshrink({})",
    "softmax": "F.softmax({}, dim=AXIS)",
    "softplus": "F.softplus({})",
    "softsign": "F.softsign({})",
    "sparse_plus": "HELPER({})",
    "sparse_sigmoid": "torch.clamp(({} + 1) / 2, 0, 1)",
    "sparsemax": "HELPER({}, dim=AXIS)",
    "squareplus": "HELPER({})",
    "swish": "F.silu({})",
    "tanh": "torch.tanh({})",
    "tanh_shrink": "F.tanhshrink({})",
}


class Activation(Kind):
    """The name of an activation function, or none."""

    description = 'the name of an activation such as `"relu"`, or `none`'

    def read(self, value: object) -> str | None:
        """Return the name, or None."""
        if value is None:
            return None
        if isinstance(value, str):
            if value in TEMPLATES:
                return value
            if value == "threshold":
                message = 'cannot be `"threshold"`, which takes two numbers that its name alone does not give'
                raise ArgumentError("E0304", message, "write `ops.where(ops.greater(x, 0.5), x, 0.0)`")
            from nndsl.suggestions import nearest

            found = nearest(value, list(TEMPLATES))
            raise ArgumentError(
                "E0304",
                f"must be an activation that Keras knows by name, not {describe(value)}",
                f'did you mean `"{found[0]}"`?' if found else "",
            )
        raise self.refuse(value)


def activation(default: str | None = None) -> str | None:
    """Declare an argument that names an activation."""
    declared: str | None = argument(Activation(), default)
    return declared


def activated_type(sizes: Sizes, name: str | None, x: TensorType) -> TensorType:
    """Return the type of an activation's result: ``glu`` halves the last axis, all others keep the shape."""
    if name != "glu":
        return x
    width = x.shape[-1]
    if not sizes.same(width, width // 2 * 2):
        raise LayerError("E0408", f"`glu` halves the last axis, and {width} is odd", argument="activation", input=None)
    return x.with_shape(*x.shape[:-1], width // 2)


def activated(call: Call, name: str | None, value: Code) -> Code:
    """Return the activation of a layer applied to the expression of its result."""
    if name is None or name == "linear":
        return value
    template = TEMPLATES[name]
    if "AXIS" in template:
        template = template.replace("AXIS", str(call.axis(-1)))
    if "HELPER" in template:
        template = template.replace("HELPER", call.helper(name))
    return code(template, value)
