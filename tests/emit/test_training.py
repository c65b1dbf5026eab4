"""What models offer to training beside their outputs: penalties, projections, activity losses and masks of outputs."""

from __future__ import annotations

import copy
import inspect
import pickle
from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np
import pytest
import torch
from torch import Tensor, nn

import nndsl
from nndsl.compiler import Compiled
from nndsl.weights import load
from tests.layers.masked import layers_of, mask_of
from tests.layers.oracle import close
from tests.layers.sequences import by_name, randomized

TOWER = """
block Residual(units, decay=1e-2) {
  input x: (D)
  y = x -> Dense(units, activation="relu", kernel_regularizer=L2(decay), bias_constraint="non_neg")
        -> Dense(D, kernel_regularizer="l1", activity_regularizer=L1L2(0.1, 0.2), kernel_constraint=UnitNorm())
  output x + y
}
model Tower {
  input x: (6)
  Dense(5, kernel_regularizer=OrthogonalRegularizer(0.5), kernel_constraint=MaxNorm(0.3))
  for i in range(3) {
    Residual(4)
  }
  Residual(3, decay=0.2)
  ActivityRegularization(l2=0.3)
  output Dense(2, bias_regularizer="l2")
}
"""


def residual(units: int, decay: float = 1e-2) -> Callable[[Any], Any]:
    first = keras.layers.Dense(
        units, "relu", kernel_regularizer=keras.regularizers.L2(decay), bias_constraint="non_neg"
    )
    second = keras.layers.Dense(
        5,
        kernel_regularizer="l1",
        activity_regularizer=keras.regularizers.L1L2(0.1, 0.2),
        kernel_constraint="unit_norm",
    )
    return lambda x: x + second(first(x))


def tower() -> keras.Model:
    x = inputs = keras.Input((6,))
    x = keras.layers.Dense(
        5,
        kernel_regularizer=keras.regularizers.OrthogonalRegularizer(0.5),
        kernel_constraint=keras.constraints.MaxNorm(0.3),
    )(x)
    for part in (residual(4), residual(4), residual(4), residual(3, 0.2)):
        x = part(x)
    x = keras.layers.ActivityRegularization(l2=0.3)(x)
    return keras.Model(inputs, keras.layers.Dense(2, bias_regularizer="l2")(x))


def twins(text: str, theirs: keras.Model) -> tuple[Compiled, nn.Module]:
    """Return a model, and its module with the random weights of Keras's, whose layers come in the same order."""
    compiled = nndsl.compile(text)
    module = compiled.module(seed=1)
    randomized(theirs)
    layers = [each for each in theirs._flatten_layers(include_self=False) if each.weights and not each._layers]
    found = {key: (layer, types) for key, layer, types in layers_of(compiled.model)}
    for (key, (layer, types)), twin in zip(found.items(), layers, strict=True):
        weights = layer.weights(*types)
        values = [each.value.detach() for each in twin.weights]
        load(module.get_submodule(key), weights, by_name(weights, values))
    return compiled, module


def random(*shape: int) -> Tensor:
    return torch.tensor(np.random.default_rng(3).normal(size=shape).astype("float32"))


def losses_of(module: nn.Module, *inputs: Tensor) -> Tensor:
    return module.regularization_loss() + module.forward_with_extras(*inputs)[1]["activity_loss"]


def gradients(module: nn.Module) -> list[Tensor]:
    return [weight.grad if weight.grad is not None else torch.zeros_like(weight) for weight in module.parameters()]


def test_a_model_of_blocks_is_kerass() -> None:
    theirs = tower()
    compiled, module = twins(TOWER, theirs)
    x = random(7, 6)
    theirs(x, training=True)
    expected, found = sum(theirs.losses), losses_of(module.train(), x)
    close(found, expected)
    expected.backward()
    found.backward()
    mine = {tuple(weight.shape): weight for weight in gradients(module)}
    for variable in theirs.trainable_variables:
        if variable.value.dim() == 2 and variable.value.grad is not None:
            shape = tuple(variable.value.shape)[::-1]
            if shape in ((5, 6), (3, 5), (5, 3)):
                close(mine[shape], variable.value.grad.T)
    for variable in theirs.trainable_variables:
        if variable.constraint is not None:
            variable.assign(variable.constraint(variable))
    module.constrain()
    for (key, layer, types), twin in zip(
        layers_of(compiled.model), [each for each in theirs.layers if each.weights], strict=True
    ):
        fresh = nndsl.compile(TOWER).module(seed=2).get_submodule(key)
        weights = layer.weights(*types)
        load(fresh, weights, by_name(weights, [each.value.detach() for each in twin.weights]))
        for one, another in zip(module.get_submodule(key).parameters(), fresh.parameters(), strict=True):
            close(one.detach(), another.detach())


def test_equal_blocks_share_a_class_and_loops_are_rolled() -> None:
    source = nndsl.compile(TOWER).source
    assert source.count("class Residual") == 1
    assert "self._decay * self.y_dense.weight.square().sum()" in source
    assert source.count("layer.regularization_loss()") == source.count("layer.constrain()") == 1
    assert source.count("layer(x, losses)") == 1


def test_inference_computes_no_losses() -> None:
    """Without a list to fill, the outputs are all that is computed."""
    module = nndsl.compile(TOWER).module(seed=1).eval()
    called: list[str] = []

    class Watch(torch.overrides.TorchFunctionMode):
        def __torch_function__(self, function: Any, kinds: Any, arguments: Any = (), keywords: Any = None) -> Any:
            called.append(getattr(function, "__name__", ""))
            return function(*arguments, **(keywords or {}))

    with Watch():
        module(random(2, 6))
    assert "square" not in called
    assert "abs" not in called


def test_it_survives_export_pickle_and_copies() -> None:
    x = random(4, 6)
    module = nndsl.compile(TOWER).module(seed=1).eval()
    outputs, extras = module.forward_with_extras(x)
    close(module(x), outputs)
    close(torch.export.export(module, (x,)).module()(x), outputs)
    for other in (copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
        close(losses_of(other, x), losses_of(module, x))
        close(other.forward_with_extras(x)[1]["activity_loss"], extras["activity_loss"])
        other.constrain()


def test_a_step_of_training() -> None:
    module = nndsl.compile(TOWER).module(seed=1).train()
    optimizer = torch.optim.SGD(module.parameters(), lr=0.5)
    outputs, extras = module.forward_with_extras(random(8, 6))
    (outputs.square().mean() + module.regularization_loss() + extras["activity_loss"]).backward()
    optimizer.step()
    module.constrain()
    for part in (*module.residual, module.residual_1):
        assert (part.y_dense.bias >= 0).all()
        torch.testing.assert_close(part.y_dense_1.weight.norm(dim=1), torch.ones(5))
    assert module.dense.weight.norm(dim=1).max() < 0.3 + 1e-5
    assert all(weight.grad is not None for weight in module.parameters())


SHARED = """
model Twice {
  input a: (4)
  input b: (4)
  shared = Dense(4, kernel_regularizer="l2", activity_regularizer="l1", kernel_constraint="non_neg")
  output shared(shared(a)) + shared(b)
}
"""


def test_a_shared_layer_counts_once_and_its_activity_each_time() -> None:
    shared = keras.layers.Dense(4, kernel_regularizer="l2", activity_regularizer="l1", kernel_constraint="non_neg")
    a, b = keras.Input((4,)), keras.Input((4,))
    theirs = keras.Model([a, b], shared(shared(a)) + shared(b))
    _, module = twins(SHARED, theirs)
    first, second = random(3, 4), random(3, 4) + 1
    theirs([first, second])
    assert len(theirs.losses) == 4
    close(losses_of(module, first, second), sum(theirs.losses))


HANDED = """
block Apply(inner) {
  input x: (4)
  output inner(inner(x))
}
block Own {
  input x: (4)
  Dense(4, kernel_regularizer="l2", activity_regularizer="l2", bias_constraint="non_neg")
}
model Handed {
  input x: (4)
  layer = Dense(4, kernel_regularizer="l1", activity_regularizer="l1")
  own = Own()
  y = Apply(layer)(x)
  z = Apply(own)(y)
  output Apply(Dense(4, kernel_regularizer=L2(0.5), kernel_constraint="non_neg"))(z) + layer(x)
}
"""


def test_layers_that_are_handed_to_blocks() -> None:
    """Each is counted where it is made, and penalizes what it gives where it is applied."""
    layer = keras.layers.Dense(4, kernel_regularizer="l1", activity_regularizer="l1")
    own = keras.layers.Dense(4, kernel_regularizer="l2", activity_regularizer="l2", bias_constraint="non_neg")
    last = keras.layers.Dense(4, kernel_regularizer=keras.regularizers.L2(0.5), kernel_constraint="non_neg")
    x = keras.Input((4,))
    theirs = keras.Model(x, last(last(own(own(layer(layer(x)))))) + layer(x))
    module = nndsl.compile(HANDED).module(seed=1)
    randomized(theirs)
    for key, twin in (("layer", layer), ("own.dense", own), ("apply_.inner", last)):
        kernel, bias = (each.value.detach() for each in twin.weights)
        module.load_state_dict({f"{key}.weight": kernel.T, f"{key}.bias": bias}, strict=False)
    x = random(3, 4)
    theirs(x)
    close(module(x), theirs(x))
    close(losses_of(module, x), sum(theirs.losses))
    module.constrain()
    assert (module.own.dense.bias >= 0).all()
    assert (module.apply_.inner.weight >= 0).all()


MASKED: Mapping[str, tuple[str, Callable[[Any], Any]]] = {
    "embedded": (
        "output Embedding(9, 4, mask_zero=true) -> Dense(3)",
        lambda x: keras.layers.Dense(3)(keras.layers.Embedding(9, 4, mask_zero=True)(x)),
    ),
    "used too": (
        "output Embedding(9, 4, mask_zero=true) -> LSTM(3, return_sequences=true)",
        lambda x: keras.layers.LSTM(3, return_sequences=True)(keras.layers.Embedding(9, 4, mask_zero=True)(x)),
    ),
    "lost": (
        "output Embedding(9, 4, mask_zero=true) -> Conv1D(3, 2)",
        lambda x: keras.layers.Conv1D(3, 2)(keras.layers.Embedding(9, 4, mask_zero=True)(x)),
    ),
    "ended": (
        "output Embedding(9, 4, mask_zero=true) -> GRU(3)",
        lambda x: keras.layers.GRU(3)(keras.layers.Embedding(9, 4, mask_zero=True)(x)),
    ),
}


@pytest.mark.filterwarnings("ignore:Layer .* was passed an input with a mask:UserWarning")
@pytest.mark.parametrize("name", MASKED)
def test_masks_of_outputs(name: str) -> None:
    statement, expected = MASKED[name]
    module = nndsl.compile(f"model Net {{\n  input tokens: int64(6)\n  {statement}\n}}\n").module(seed=1).eval()
    tokens = torch.tensor([[1, 2, 0, 3, 0, 0], [4, 0, 0, 0, 0, 0]])
    mask = mask_of(expected(tokens))
    assert hasattr(module, "forward_with_extras") == (mask is not None)
    if mask is not None:
        outputs, extras = module.forward_with_extras(tokens)
        close(outputs, module(tokens))
        assert list(extras) == ["y_mask"]
        assert torch.equal(extras["y_mask"], mask)
        if name == "embedded":
            close(torch.export.export(module, (tokens,)).module()(tokens), outputs)


SEVERAL = """
block Encoder(units) {
  input x: (T, C)
  y = x -> Dense(units, activity_regularizer="l2")
  masked = Masking(mask_value=0.0)(y)
  output Dense(C)(masked), y
}
model Several {
  input tokens: int64(T)
  input losses: (T, 4)
  input masks: (T, 4)
  x, plain = tokens -> Embedding(9, 4, mask_zero=true) -> Encoder(5)
  for i in range(2) {
    x = (x + losses) -> Masking()
  }
  output tags: x -> Dense(3)
  output raw: plain
  output mask: masks * 2.0
}
"""


def test_masks_that_come_out_of_blocks_and_names_that_are_taken() -> None:
    compiled = nndsl.compile(SEVERAL)
    module = compiled.module(seed=1).eval()
    tokens, first, second = torch.tensor([[1, 2, 0], [4, 0, 0]]), random(2, 3, 4), random(2, 3, 4)
    outputs, extras = module.forward_with_extras(tokens, first, second)
    for one, another in zip(outputs, module(tokens, first, second), strict=True):
        close(one, another)
    assert list(extras) == ["activity_loss", "tags_mask", "raw_mask"]
    assert torch.equal(extras["raw_mask"], tokens != 0)
    assert extras["tags_mask"].shape == (2, 3)


def test_a_mask_that_only_an_output_carries_is_computed_for_it_alone() -> None:
    source = nndsl.compile("model Net {\n  input t: int64(6)\n  output Embedding(9, 4, mask_zero=true)(t)\n}\n").source
    guard, mask = source.index("if extras is not None:"), source.index("t != 0")
    assert guard < mask


def test_names_of_helpers_are_no_names_of_locals() -> None:
    text = """
block Part(limit_norm_) {
  input mean_cosine: (D)
  Dense(limit_norm_, activity_regularizer=OrthogonalRegularizer(), kernel_constraint="unit_norm")
}
model Net {
  input mean_cosine: (4)
  in_dtype = mean_cosine -> Part(3) -> Part(2)
  output in_dtype -> Dense(3, dtype="mixed_bfloat16", activity_regularizer=OrthogonalRegularizer())
}
"""
    module = nndsl.compile(text).module(seed=1)
    assert module.forward_with_extras(random(5, 4))[1]["activity_loss"] > 0
    module.constrain()


PLAIN = "model Net {\n  input x: (4)\n  output Dense(3)(x)\n}\n"


def test_models_without_any_have_none_of_it() -> None:
    module = nndsl.compile(PLAIN).module(seed=1)
    for name in ("regularization_loss", "constrain", "forward_with_extras"):
        assert not hasattr(module, name)
    assert list(inspect.signature(module.forward).parameters) == ["x"]


def test_per_step_losses_are_refused() -> None:
    part = "block Part {\n  input x: (D)\n  Dense(3) -> ActivityRegularization(0.1)\n}\n"
    for inner, shape in (
        ('Dense(3, activity_regularizer="l2")', "(5, 4)"),
        ("Part()", "(5, 4)"),
        ('Dense(2) -> Bidirectional(LSTM(3, activity_regularizer="l1"))', "(5, 4, 3)"),
    ):
        text = f"{part}model Net {{\n  input x: {shape}\n  output TimeDistributed({inner})(x)\n}}\n"
        with pytest.raises(nndsl.NNDSLError) as error:
            nndsl.compile(text)
        assert [each.code for each in error.value.diagnostics] == ["E0307"]
        assert "no activity losses" in str(error.value)


def test_trainable_false_for_a_block_leaves_its_weights_alone() -> None:
    text = TOWER.replace("Residual(4)", "Residual(4, trainable=false)")
    text = text.replace("decay=0.2)", "decay=0.2, trainable=false)")
    module = nndsl.compile(text).module(seed=1)
    assert not hasattr(module.residual_1, "regularization_loss")
    assert not hasattr(module.residual_1, "constrain")
    assert module.forward_with_extras(random(2, 6))[1]["activity_loss"] > 0
    weights = copy.deepcopy(module.residual.state_dict())
    module.constrain()
    assert all(torch.equal(weights[key], value) for key, value in module.residual.state_dict().items())
