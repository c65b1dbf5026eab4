"""Random statements of layers that take several tensors, or one in two ways: attention, and embeddings in reverse."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.property.pen import Axis, sizes

if TYPE_CHECKING:
    from tests.property.bodies import Body

KINDS = ("MultiHeadAttention", "MultiHeadAttention", "GroupQueryAttention", "Attention", "AdditiveAttention")


def attention(body: Body) -> bool:
    """Write attention of a sequence over itself or another; tell whether there was a sequence."""
    pen, value = body.pen, body.floats()
    if len(value.shape) < 2 or not value.shape[-1].fixed:
        return False
    kind = pen.one([each for each in KINDS if each != "GroupQueryAttention" or len(value.shape) == 2])
    others = [each for each in body.values if each.is_float and len(each.shape) == len(value.shape)]
    of_heads = kind in ("MultiHeadAttention", "GroupQueryAttention")
    if not of_heads:
        others = [each for each in others if sizes(each.shape[2:]) == sizes(value.shape[2:])]
    other = pen.one([value, *(each for each in others if each.shape[-1].fixed)])
    if not of_heads:
        scaled = pen.one(("", "use_scale=true")) if kind == "Attention" else ""
        body.bind(f"[{value.text}, {other.text}] -> {kind}({scaled})", (*value.shape[:-1], other.shape[-1]))
        return True
    if kind == "MultiHeadAttention":
        found = [("num_heads", str(pen.upto(3))), ("key_dim", str(pen.upto(4)))]
        found += [("value_dim", "3"), ("dropout", "0.1"), ("use_bias", "false")][: pen.upto(3, 0)]
    else:
        shared = pen.upto(3)
        found = [("head_dim", str(pen.upto(4))), ("num_query_heads", str(shared * pen.upto(3)))]
        found += [("num_key_value_heads", str(shared))]
        found += [("dropout", "0.1"), ("use_bias", "false"), ("sliding_window", "2")][: pen.upto(3, 0)]
        found += [("use_gate", "true")] if pen.chance(0.3) else []
    causal = ", use_causal_mask=true" if pen.chance(0.3) and other is value and len(value.shape) == 2 else ""
    layer = pen.call(kind, *found)
    body.bind(f"{layer}({value.text}, {other.text}{causal})", value.shape)
    return True


def reversed_embedding(body: Body) -> bool:
    """Write an embedding applied in reverse, to what it gave or to other features; tell whether there were any."""
    pen, value = body.pen, body.floats()
    if not value.shape or not value.shape[-1].fixed:
        return False
    integers = [each for each in body.values if not each.is_float]
    width = value.shape[-1].size
    found = [("input_dim", "5"), ("output_dim", pen.number(width))]
    forwards = bool(integers) and pen.chance(0.7)
    found += [("tie_weights", "false")] if forwards and pen.chance(0.3) else []
    found += [("mask_zero", "true")] if pen.chance(0.2) else []
    found += [("reverse_dtype", f'"{pen.one(("bfloat16", "float32"))}"')] if pen.chance(0.1) else []
    found += [("logit_soft_cap", pen.one(("2.5", "30")))] if pen.chance(0.3) else []
    body.lines.append(f"table = {pen.call('ReversibleEmbedding', *found)}")
    source, shape = value.text, value.shape
    if forwards:
        tokens = pen.one(integers)
        source, shape = f"table({tokens.text}) -> Dropout(0.1)", (*tokens.shape, Axis(width))
    body.bind(f"table({source}, reverse=true)", (*shape[:-1], Axis(5)))
    return True
