"""Cases of EinsumDense and of ReversibleEmbedding applied forwards."""

from __future__ import annotations

from tests.layers.oracle import Case

VECTOR, STEPS, IMAGE = ((8,),), ((5, 8),), ((4, 6, 8),)


def _einsum(
    equation: str, output_shape: object, shapes: tuple[tuple[int, ...], ...], bias_axes: str | None = None, **more: str
) -> Case:
    bias = {} if bias_axes is None else {"bias_axes": bias_axes}
    return Case("EinsumDense", {"equation": equation, "output_shape": output_shape, **bias, **more}, shapes)


CASES = [
    _einsum("ab,bc->ac", 3, VECTOR),
    _einsum("ab,bc->ac", (3,), VECTOR, "c"),
    _einsum("ab,bcd->acd", (3, 2), VECTOR, "cd", activation="relu"),
    _einsum("abc,cd->abd", (None, 4), STEPS, "d", activation="softmax"),
    _einsum("abc,cd->abd", (5, 4), STEPS),
    _einsum("abc,cde->abde", (None, 2, 3), STEPS, "de"),
    _einsum("abc,cde->abde", (None, 2, 3), STEPS, "d"),
    _einsum("abc,cde->abde", (None, 2, 3), STEPS, "e", kernel_initializer="he_normal"),
    _einsum("abc,bd->adc", (7, 8), STEPS, "d"),
    _einsum("abc,bcd->ad", 3, STEPS, "d", activation="tanh"),
    _einsum("abc,bcd->abd", (5, 3), STEPS, "bd"),
    _einsum("abc,cd->ad", 3, STEPS),
    _einsum("abc,c->ab", (5,), STEPS, "b"),
    _einsum("abc,bc->abc", (5, 8), STEPS, "c"),
    _einsum("abcd,cde->abe", (None, 3), IMAGE, "e"),
    _einsum("...x,xy->...y", 4, STEPS, "y"),
    _einsum("...x,xy->...y", (4,), IMAGE, activation="glu"),
    _einsum("...x,xyz->...yz", (4, 2), STEPS, "yz"),
    _einsum("...xy,xyz->...z", (4,), IMAGE, "z"),
    _einsum("...ax,xy->...ay", (None, 4), IMAGE, "y"),
    _einsum("...abx,xy->...aby", (4, None, 4), IMAGE, "ay"),
    _einsum("...abx,xy->...aby", (None, 4), STEPS, "y"),
    _einsum("ab...,bc->ac...", (3,), IMAGE, "c"),
    _einsum("ab...,bcd->acd...", (3, 2), STEPS, "cd"),
    _einsum("ab...,bc->ac...", 3, VECTOR, "c"),
    Case("ReversibleEmbedding", {"input_dim": 5, "output_dim": 3}, ((7,),), "int64"),
    Case("ReversibleEmbedding", {"input_dim": 5, "output_dim": 3, "mask_zero": True}, ((2, 3),), "int32"),
    Case("ReversibleEmbedding", {"input_dim": 5, "output_dim": 3, "logit_soft_cap": 2}, ((),), "uint8"),
]
