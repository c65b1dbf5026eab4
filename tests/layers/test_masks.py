"""Masks on their way: which layers make, pass and stop them, as in Keras, and that no source has more than it needs."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import torch

import nndsl
from nndsl.layers import find
from tests.layers.masked import FILLED, OTHERS, TOKENS, compare, embedded, embedding, mask_of, written
from tests.layers.oracle import made, twin
from tests.layers.test_layers import CASES

STEPS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("Dense", {"units": 4}),
    ("Activation", {"activation": "softmax"}),
    ("ReLU", {}),
    ("LeakyReLU", {}),
    ("ELU", {}),
    ("PReLU", {}),
    ("Identity", {}),
    ("ActivityRegularization", {"l2": 0.1}),
    ("Dropout", {"rate": 0.5}),
    ("SpatialDropout1D", {"rate": 0.5}),
    ("Rescaling", {"scale": 2.0}),
    ("LayerNormalization", {}),
    ("GroupNormalization", {"groups": 5}),
    ("BatchNormalization", {}),
    ("UnitNormalization", {}),
    ("RMSNormalization", {}),
    ("LSTM", {"units": 4, "return_sequences": True}),
    ("Conv1D", {"filters": 4, "kernel_size": 3, "padding": "same"}),
    ("SeparableConv1D", {"filters": 4, "kernel_size": 3}),
    ("MaxPooling1D", {}),
    ("AveragePooling1D", {"pool_size": 2}),
    ("ZeroPadding1D", {}),
    ("Cropping1D", {}),
    ("UpSampling1D", {}),
    ("Permute", {"dims": [2, 1]}),
    ("Reshape", {"target_shape": [6, 5]}),
)


@pytest.mark.filterwarnings("ignore:Layer .* was passed an input with a mask:UserWarning")
@pytest.mark.parametrize(("name", "arguments"), STEPS, ids=str)
def test_before_a_layer_that_uses_masks(name: str, arguments: dict[str, Any]) -> None:
    """The mask goes on where Keras's goes on, and where it does not a warning says so."""
    table, layer, reader = embedding(), getattr(keras.layers, name)(**arguments), keras.layers.GRU(3)
    passed = []

    def expected(tokens: Any) -> Any:
        y = (
            layer(table(tokens), training=False)
            if "training" in layer._call_signature.parameters
            else layer(table(tokens))
        )
        passed.append(mask_of(y) is not None)
        return reader(y)

    declared = find(name)
    assert declared is not None
    arguments = {**arguments, "name": "layer"} if declared.can_hold_weights else arguments
    text = embedded(f"y = {written(name, arguments)}(x)", 'output GRU(3, name="reader")(y)')
    twins = {"embedding": table, "reader": reader} | ({"layer": layer} if declared.can_hold_weights else {})
    compiled = compare(text, twins, expected, FILLED)
    assert ("masked_recurrence(self.reader" in compiled.source) == passed[-1]
    assert [each.code for each in compiled.diagnostics] == ([] if passed[-1] else ["W0402"])


def test_what_layers_say_of_masks_is_what_keras_says() -> None:
    others = {"Dot", "Embedding", "ReversibleEmbedding"}
    """`Dot` takes a mask and gives none; the embeddings make one, and pass none on."""
    for case in CASES:
        if case.layer not in others:
            assert (made(case).masks != "stops") == twin(case).supports_masking, case


PAIRS: tuple[tuple[str, Callable[[Any, Any], Any]], ...] = (
    ("[x, y] -> Add()", lambda x, y: keras.layers.Add()([x, y])),
    ("x + y", lambda x, y: keras.layers.Add()([x, y])),
    ("x - y", lambda x, y: keras.layers.Subtract()([x, y])),
    ("x * y", lambda x, y: keras.layers.Multiply()([x, y])),
    ("[x, y, x] -> Multiply()", lambda x, y: keras.layers.Multiply()([x, y, x])),
    ("[x, y] -> Average()", lambda x, y: keras.layers.Average()([x, y])),
    ("[x, y] -> Maximum()", lambda x, y: keras.layers.Maximum()([x, y])),
    ("[y, x, y] -> Minimum()", lambda x, y: keras.layers.Minimum()([y, x, y])),
    ("[x, y] -> Concatenate()", lambda x, y: keras.layers.Concatenate()([x, y])),
    ("[y, x] -> Concatenate(1)", lambda x, y: keras.layers.Concatenate(1)([y, x])),
    ("[x, y] -> Dot(2)", lambda x, y: keras.layers.Dot(2)([x, y])),
)


@pytest.mark.parametrize("second", ["masked", "plain"])
@pytest.mark.parametrize(("written", "merge"), PAIRS, ids=[each[0] for each in PAIRS])
def test_merges(written: str, merge: Callable[[Any, Any], Any], second: str) -> None:
    masked = second == "masked"
    table, other = embedding(), keras.layers.Embedding(8, 5, mask_zero=masked)
    reader = keras.layers.GRU(3, return_sequences=True)
    text = embedded(
        f'y = Embedding(8, 5, mask_zero={"true" if masked else "false"}, name="other")(others)',
        f"merged = {written}",
        'output merged, GRU(3, return_sequences=true, name="reader")(merged)',
        inputs="tokens: int64(6); others: int64(6)",
    )

    def expected(tokens: Any, others: Any) -> Any:
        merged = merge(table(tokens), other(others))
        return merged, reader(merged)

    compiled = compare(text, {"embedding": table, "other": other, "reader": reader}, expected, TOKENS, OTHERS)
    merged = merge(table(torch.tensor(TOKENS)), other(torch.tensor(OTHERS)))
    # All ones: Keras's mask along the last axis, if one input has none.
    passed = mask_of(merged) is not None and not mask_of(merged).all()
    assert ("masked_recurrence(self.reader" in compiled.source) == passed
    assert [each.code for each in compiled.diagnostics] == ([] if passed else ["W0402"])


def test_operators_that_keras_has_no_layer_for() -> None:
    """They pass the mask on, as `+` does."""
    table, reader = embedding(), keras.layers.GRU(3)
    text = embedded("y = (1 - x) / 2", "z = -y ** 2", 'output GRU(3, name="reader")(z * z[:, :, 0:1])')

    def expected(tokens: Any) -> Any:
        x = table(tokens)
        y = (1 - x) / 2
        z = -(y**2)
        product = torch.where(mask_of(x)[..., None], z * z[:, :, 0:1], 0)
        return reader(product, mask=mask_of(x))

    compare(text, {"embedding": table, "reader": reader}, expected, TOKENS)


def test_slices() -> None:
    table, reader = embedding(), keras.layers.GRU(3)
    text = embedded('output GRU(3, name="reader")(x[:, 1:5, 2:])', "output x[:, -1]")

    def expected(tokens: Any) -> Any:
        x = table(tokens)
        return reader(x[:, 1:5, 2:], mask=mask_of(x)[:, 1:5]), x[:, -1]

    compare(text, {"embedding": table, "reader": reader}, expected, TOKENS)


def test_masking() -> None:
    x = np.random.default_rng(3).normal(size=(4, 6, 3)).astype("float32")
    x[0, 3:], x[1, :2], x[2, 2], x[3] = 0.5, 0.5, 0.5, 0.5
    x[0, 0, 0] = 0.5
    layer, reader = keras.layers.Masking(0.5), keras.layers.LSTM(3)
    text = 'model Net {\n  input x: (6, 3)\n\n  y = x -> Masking(0.5)\n  output y, LSTM(3, name="reader")(y)\n}\n'

    def expected(x: Any) -> Any:
        y = layer(x)
        return y, reader(y)

    compiled = compare(text, {"reader": reader}, expected, x, gradients=False)
    assert compiled.source.count("!= 0.5") == 1


def test_time_distributed() -> None:
    """A mask of the steps goes round the layer."""
    table, reader, dense = embedding(), keras.layers.LSTM(3), keras.layers.Dense(4)
    wrapper = keras.layers.TimeDistributed(dense)
    text = embedded('x -> TimeDistributed(Dense(4), name="dense") -> LSTM(3, name="reader")')
    twins = {"embedding": table, "reader": reader, "dense": dense}
    compare(text, twins, lambda tokens: reader(wrapper(table(tokens))), TOKENS)


def test_a_mask_inside_the_steps() -> None:
    """It goes into what is applied to each step."""
    table, inner = embedding(), keras.layers.LSTM(3)
    wrapper = keras.layers.TimeDistributed(inner)
    text = embedded('x -> TimeDistributed(LSTM(3), name="layer")', inputs="tokens: int64(2, 6)")
    words = np.stack([TOKENS, OTHERS], 1)
    compare(text, {"embedding": table, "layer": inner}, lambda tokens: wrapper(table(tokens)), words)


BLOCK = """
block Encoder(units) {
  input x
  y = x -> LSTM(units, return_sequences=true, name="inner")
  output y, Dense(2, name="out")(x)
}

block Deep(units) {
  input x
  y, z = Encoder(units, name="encoder")(x)
  output [y, z] -> Concatenate()
}
"""


def test_blocks() -> None:
    table, inner, out, reader = (
        embedding(),
        keras.layers.LSTM(3, return_sequences=True),
        keras.layers.Dense(2),
        keras.layers.GRU(3),
    )
    text = embedded('y = Deep(3, name="deep")(x)', 'output GRU(3, name="reader")(y)', before=BLOCK)

    def expected(tokens: Any) -> Any:
        x = table(tokens)
        return reader(keras.layers.Concatenate()([inner(x), out(x)]))

    twins = {"embedding": table, "deep.encoder.inner": inner, "deep.encoder.out": out, "reader": reader}
    compiled = compare(text, twins, expected, TOKENS)
    assert "def forward(self, x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:" in compiled.source


def test_a_block_in_which_a_mask_is_made() -> None:
    before = """
block Words(units) {
  input tokens
  x = tokens -> Embedding(8, units, mask_zero=true, name="table")
  output x, Dense(units, name="dense")(x)
}
"""
    table, dense, reader = embedding(), keras.layers.Dense(5), keras.layers.GRU(3)
    text = (
        f'{before}\nmodel Net {{\n  input tokens: int64(6)\n\n  x, y = Words(5, name="words")(tokens)\n'
        '  output x, GRU(3, name="reader")(y)\n}\n'
    )

    def expected(tokens: Any) -> Any:
        x = table(tokens)
        return x, reader(dense(x))

    compiled = compare(text, {"words.table": table, "words.dense": dense, "reader": reader}, expected, TOKENS)
    assert "x, y, mask = self.words(tokens)" in compiled.source
    unread = text.replace('x, GRU(3, name="reader")(y)', "Flatten()(x), Flatten()(y)")
    assert "mask" not in nndsl.compile(unread).source


def test_a_block_to_which_a_mask_comes_sometimes() -> None:
    """It is one class: where no mask comes, nothing is masked."""
    before = 'block Mean() {\n  input x\n  x -> GRU(3, name="gru") -> Dense(2, name="dense")\n}\n'
    table, plain, gru, dense = embedding(), keras.layers.Embedding(8, 5), keras.layers.GRU(3), keras.layers.Dense(2)
    lines = ('p = Embedding(8, 5, name="plain")(tokens)', 'mean = Mean(name="mean")', "output mean(p), mean(x)")

    def expected(tokens: Any) -> Any:
        return dense(gru(plain(tokens))), dense(gru(table(tokens)))

    twins = {"embedding": table, "plain": plain, "mean.gru": gru, "mean.dense": dense}
    compiled = compare(embedded(*lines, before=before), twins, expected, TOKENS)
    assert compiled.source.count("dtype=torch.bool)") == 1


def test_a_block_that_is_handed_over_with_and_without_a_mask_is_refused() -> None:
    """Its class has one ``forward``."""
    before = """
block Reader() {
  input x
  x -> GRU(3)
}

block Use(layer) {
  input x
  x -> Dense(5) -> layer
}
"""
    lines = ('p = Embedding(8, 5, name="plain")(tokens)', "reader = Reader()")
    handed = embedded(*lines, "output reader(x), Use(reader)(p)", before=before)
    with pytest.raises(nndsl.NNDSLError) as caught:
        assert nndsl.compile(handed).source
    assert [each.code for each in caught.value.diagnostics] == ["E0515"]
    alike = nndsl.compile(handed.replace("(p)", "(x)").replace(f"  {lines[0]}\n", "")).module(seed=1)
    assert all(each.shape == (4, 3) for each in alike(torch.tensor(FILLED)))


def test_loops() -> None:
    """A mask that goes through a loop is computed before it, and the loop stays one."""
    before = """
block Layer(width) {
  input x
  y = x -> LayerNormalization()
  x = x + MultiHeadAttention(2, 4)(y, y)
  output x + (x -> LayerNormalization() -> Dense(width, activation="relu"))
}
"""
    text = embedded(
        "h = x", "for i in range(3) {", "  h = Layer(5)(h)", "}", "GlobalAveragePooling1D()(h)", before=before
    )
    compiled = nndsl.compile(text)
    assert compiled.diagnostics == ()
    assert compiled.source.count("tokens != 0") == 1
    assert "x = layer(x, mask)" in compiled.source.replace("h = layer(h, mask)", "x = layer(x, mask)")
    module = compiled.module(seed=1)
    shorter = torch.tensor([[1, 2, 3]])
    longer = torch.tensor([[1, 2, 3, 0, 0, 0]])
    free = nndsl.compile(text.replace("int64(6)", "int64(T)")).module(seed=1)
    torch.testing.assert_close(module(longer), free(longer))
    torch.testing.assert_close(free(longer), free(shorter))


def test_padding_may_hold_anything() -> None:
    """What is masked takes no part in fused recurrences and means, not even where it is not a number."""
    for lines in ("LSTM(4)(x)", "Bidirectional(GRU(4, return_sequences=true))(x)", "GlobalAveragePooling1D()(x)"):
        module = nndsl.compile(embedded(lines)).module(seed=1)
        with torch.no_grad():
            module.embedding.weight[0] = torch.nan
        found = module(torch.tensor(FILLED))
        assert found.isfinite().all()
        found.sum().backward()
        assert module.embedding.weight.grad[1:].isfinite().all()


def test_warnings_name_both_places() -> None:
    text = embedded("Conv1D(4, 3)(x)", "Dropout(0.1)", "LSTM(3, return_sequences=true)", "LSTM(3)")
    (warning,) = nndsl.check(text)
    assert warning.code == "W0402"
    assert warning.span.text == "LSTM(3, return_sequences=true)"
    assert [note.span.text for note in warning.notes if note.span] == ["Conv1D(4, 3)"]
    for ended in ("Flatten()(x) -> Dense(3)", "GlobalMaxPooling1D()(x)", "LSTM(3)(x) -> RepeatVector(4) -> LSTM(3)"):
        assert nndsl.check(embedded(ended)) == []


def test_masks_that_do_not_fit_are_refused() -> None:
    lines = "y = TimeDistributed(Reshape((5, 1)))(x)", "output y, MultiHeadAttention(2, 3)(y, y)"
    (error,) = nndsl.check(embedded(*lines))
    assert error.code == "E0307"
    (error,) = nndsl.check(embedded('x -> GlobalAveragePooling1D(data_format="channels_first")'))
    assert error.code == "E0411"
    lines = "y = TimeDistributed(Reshape((5, 1)))(x)", "BatchNormalization()(y)"
    (error,) = nndsl.check(embedded(*lines))
    assert error.code == "E0411"


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "float64"])
def test_policies(policy: str) -> None:
    text = f'set dtype_policy = "{policy}"\n' + embedded(
        "y = LSTM(4, return_sequences=true)(x)",
        "z = x * MultiHeadAttention(2, 3)(x, x)",
        "output Bidirectional(GRU(4))(y), Attention()([x, z]), BatchNormalization()(z), GlobalAveragePooling1D()(z)",
    )
    for found in nndsl.compile(text).module(seed=1)(torch.tensor(FILLED)):
        assert found.dtype == (torch.float64 if policy == "float64" else torch.bfloat16)
        assert found.isfinite().all()


def test_sources(tmp_path: Path) -> None:
    """They are formatted, and have what they use; where no mask is used there is none."""
    used = embedded(
        "y, h, c = LSTM(4, return_sequences=true, return_state=true)(x)",
        "a = Attention()([x, y -> Dense(5)])",
        'z = [x * MultiHeadAttention(2, 3)(x, x), a] -> Maximum() -> GRU(5, activation="elu")',
        "output z, h, c, x -> BatchNormalization() -> GlobalAveragePooling1D()",
    )
    (tmp_path / "used.py").write_text(nndsl.compile(used).source)
    for command in (["check"], ["format", "--check"]):
        ruff = [sys.executable, "-m", "ruff", *command, "--isolated", tmp_path / "used.py"]
        done = subprocess.run(ruff, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    unused = nndsl.compile(embedded("x -> LayerNormalization() -> Dense(3) -> GlobalMaxPooling1D()")).source
    assert "mask" not in unused
    assert (
        unused
        == nndsl.compile(
            embedded("x -> LayerNormalization() -> Dense(3) -> GlobalMaxPooling1D()").replace(", mask_zero=true", "")
        ).source
    )
