"""Layers of your own: imports from Python, and the `extern` that says what each takes and gives."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

import nndsl
from tests.language.checking import SEED, accepted, found, keys, refused, run, shape, shapes

LEAVES = ("value.weight", "value.bias", "gate.weight", "gate.bias")
MODULE = "tests.language.own_layers"
ALLOW = {"allow": ("tests",)}
GATED = """extern GatedLinear(features, units, bias=true) {
  input x: (..., features)
  output (..., units)
}
"""
SCALED = """extern Scaled(a=1, b=none) {
  input x: (..., D)
  output (..., D)
}
"""


def file(body: str, externs: str = GATED, names: str = "GatedLinear", inputs: str = "input x: (T, 8)") -> str:
    """Return a file with one model that uses layers of the module of tests."""
    return f'from python "{MODULE}" import {names}\n{externs}model Case {{\n{inputs}\n{body}\n}}\n'


def seen(body: str, rule: str, **options: object) -> list[str]:
    """Return the shapes of the outputs of a model in which `L` has a signature."""
    text = f'from python "torch.nn" import L\nextern {rule}\nmodel Case {{\n{body}\n}}\n'
    return shapes(text, **options)


# ---------------------------------------------------------------- shapes


@pytest.mark.parametrize(
    ("rule", "body", "expected"),
    [
        ("L(n) {\ninput x: (T, D)\noutput (T, n)\n}", "input x: (5, 8)\nL(3)", "(N, 5, 3)"),
        ("L(n) {\ninput x: (T, D)\noutput (T, n)\n}", "input x: (T, 8)\nL(3)", "(N, T, 3)"),
        ("L(n) {\ninput x: (..., D)\noutput (..., D * n)\n}", "input x: (4, H, 8)\nL(3)", "(N, 4, H, 24)"),
        ("L(n) {\ninput x: (..., D)\noutput (..., D * n)\n}", "input x: (8)\nL(3)", "(N, 24)"),
        ("L(n) {\ninput x: (2 * H, W)\noutput (W // n, H + 1)\n}", "input x: (16, 9)\nL(2)", "(N, 4, 9)"),
        ("L(n) {\ninput x: (2 * H, W)\noutput (H - n, W)\n}", "input x: (2 * T, 9)\nL(2)", "(N, T - 2, 9)"),
        ("L(size=(3, 4)) {\ninput x: (_, _)\noutput (size[0] * 2, size[1])\n}", "input x: (T, 9)\nL()", "(N, 6, 4)"),
        ("L(size=(3, 4)) {\ninput x: (_, D)\noutput (D, size[1])\n}", "input x: (T, 9)\nL()", "(N, 9, 4)"),
        ("L(n=even(3)) {\ninput x: (D)\noutput (n)\n}\ndef even(n) = n + n % 2", "input x: (9)\nL()", "(N, 4)"),
        ("L() {\ninput x\noutput ()\n}", "input x: (2, 3, 9)\nL()", "(N,)"),
        ("L(n) {\noutput (n, 2)\n}", "input x: (2, 3, 9)\nL(4)", "(N, 4, 2)"),
        ("L() {\ninput x: (D)\noutput int64(D)\n}", "input x: (9)\nL()", "int64(N, 9)"),
        ("L() {\ninput x: int64(T)\noutput (T)\n}", "input x: int64(9)\nL()", "int64(N, 9)"),
        ("L() {\ninput x: int64(T)\noutput float32(T, 4)\n}", "input x: int64(9)\nL()", "(N, 9, 4)"),
        ("L() {\ninput x: float64(T)\noutput (T)\n}", "input x: (9)\nL()", "float64(N, 9)"),
    ],
)
def test_sizes_are_bound_and_computed(rule: str, body: str, expected: str) -> None:
    assert seen(body, rule) == [expected]


def test_several_inputs_and_outputs() -> None:
    rule = "L(n) {\ninput a: (..., D)\ninput b: (..., E)\noutput (..., D + E), last: int64(...)\noutput (n)\n}"
    body = "input x: (T, 8)\ninput y: (T, 2)\na, b, c = L(5)(x, y)\noutput a, b, c"
    assert seen(body, rule) == ["(N, T, 10)", "int64(N, T)", "(N, 5)"]
    by_name = "input x: (T, 8)\ninput y: (T, 2)\na, _, _ = L(5)(x, b=y)\noutput a"
    assert seen(by_name, rule) == ["(N, T, 10)"]


def test_symbols_are_bound_anew_for_each_application() -> None:
    rule = "L() {\ninput x: (T, D)\noutput (D, T)\n}"
    assert seen("input x: (T, D)\nturn = L()\noutput x -> turn -> turn -> turn", rule) == ["(N, D, T)"]


@pytest.mark.parametrize(
    ("rule", "body", "code", "message"),
    [
        ("(T, 8)", "input x: (5, 9)\nL()", "E0420", "`L` takes (N, T, 8), and its input is (N, 5, 9)"),
        ("(T, D)", "input x: (5)\nL()", "E0420", "`L` takes (N, T, D), and its input is (N, 5)"),
        ("(..., 3, D)", "input x: (5)\nL()", "E0420", "`L` takes (N, ..., 3, D), and its input is (N, 5)"),
        ("(2 * T)", "input x: (5)\nL()", "E0420", "`L` takes (N, 2 * T), and its input is (N, 5)"),
        ("(T, T)", "input x: (5, 6)\nL()", "E0420", "`L` takes (N, T, T), and its input is (N, 5, 6)"),
        ("int64(T)", "input x: (5)\nL()", "E0405", "`L` takes int64, and its input is float32"),
        ("(T)", "input x: (5)\nL()(x, x)", "E0422", "`L` takes one input, and here are 2"),
    ],
)
def test_what_does_not_fit_is_refused(rule: str, body: str, code: str, message: str) -> None:
    text = f'from python "torch.nn" import L\nextern L() {{\ninput x: {rule}\noutput (3)\n}}\nmodel M {{\n{body}\n}}\n'
    (diagnostic,) = nndsl.check(text)
    assert (diagnostic.code, diagnostic.message) == (code, message)


def test_sizes_that_are_not_always_equal_are_proposed() -> None:
    text = 'from python "torch.nn" import L\nextern L() {\ninput a: (T)\ninput b: (T)\noutput (T)\n}\n'
    text += "model M {\ninput x: (H)\ninput y: (W)\noutput z: L()(x, y)\n}\n"
    (diagnostic,) = nndsl.check(text)
    assert diagnostic.code == "E0424"


def test_leading_sizes_of_several_inputs_are_equal() -> None:
    rule = "L() {\ninput a: (..., D)\ninput b: (..., D)\noutput (...)\n}"
    text = f'from python "torch.nn" import L\nextern {rule}\nmodel M {{\ninput x: (4, 8)\ninput y: (5, 8)\n'
    (diagnostic,) = nndsl.check(text + "output z: L()(x, y)\n}")
    assert diagnostic.message == "`L` takes (N, ..., D), and `b` is (N, 5, 8)"


# ---------------------------------------------------------------- arguments


def test_arguments_are_checked_by_the_declared_parameters() -> None:
    def message(body: str, code: str) -> str:
        return refused(file(body), code, **ALLOW).message

    assert message("«GatedLinear(8)»", "E0301") == "`GatedLinear` needs `units`"
    assert message("GatedLinear(8, 3, «unit=4»)", "E0205") == "`GatedLinear` has no argument `unit`"
    assert message("GatedLinear(8, 3, «units=4»)", "E0206") == "`units` of `GatedLinear` is given twice"
    assert message("GatedLinear(8, 3, true, «4»)", "E0205").startswith("`GatedLinear` takes 3 arguments by position")
    assert refused(file("GatedLinear(8, 3, «unit=4»)"), "E0205", **ALLOW).help == "did you mean `units`?"


def test_arguments_are_handed_to_the_class_by_name() -> None:
    text = file('Scaled(b={"k": [1, 2.5, (3,)], "s": "a\\"b", "n": none, "t": true})', SCALED, "Scaled")
    module = accepted(text, **ALLOW).module(seed=SEED)
    assert module.scaled.given == {"a": 1, "b": {"k": [1, 2.5, (3,)], "s": 'a"b', "n": None, "t": True}}


def test_true_and_one_are_two_arguments() -> None:
    text = file(
        "Hold(Scaled(1))\nHold(Scaled(true))\nHold(Scaled(1.0))",
        SCALED + "block Hold(inner) {\n  inner\n}\n",
        "Scaled",
    )
    module = accepted(text, **ALLOW).module(seed=SEED)
    given = [part.inner.given["a"] for part in (module.hold, module.hold_1, module.hold_2)]
    assert [type(value) for value in given] == [int, bool, float]


def test_an_argument_may_have_any_name() -> None:
    names = "weights, module, build, infer, takes, layer, arguments, masks"
    externs = f"extern Scaled({names}) {{\ninput x: (D)\noutput (D)\n}}\n"
    module = accepted(file("Scaled(1, 2, 3, 4, 5, 6, 7, 8)", externs, "Scaled", "input x: (8)"), **ALLOW).module(seed=0)
    assert module.scaled.given == dict(zip(names.split(", "), range(1, 9), strict=True))


# ---------------------------------------------------------------- names, loops, sharing


def test_it_can_hold_weights_and_is_named_as_written() -> None:
    text = file(
        "y = x -> GatedLinear(8, 4) -> GatedLinear(4, 2)\ny -> GatedLinear(2, 2, name='last')\nGatedLinear(2, 2)"
    )
    names = ("y_gated_linear", "y_gated_linear_1", "last", "gated_linear")
    leaves = [f"{each}.{part}" for each in names for part in LEAVES]
    assert list(accepted(text, **ALLOW).module(seed=0).state_dict()) == leaves


def test_an_alias_names_it_in_the_file_and_in_the_source() -> None:
    text = file("Gate(8, 4)", GATED.replace("GatedLinear", "Gate"), "GatedLinear as Gate")
    assert keys(text, **ALLOW) == ["gate.value", "gate.gate"]
    source = accepted(text, **ALLOW).source
    assert f"from {MODULE} import GatedLinear as Gate\n" in source
    assert "self.gate = Gate(features=8, units=4, bias=True)" in source


def test_the_source_imports_under_another_name_what_would_clash() -> None:
    text = f'from python "{MODULE}" import GatedLinear as Tensor, Scaled as scaled\n'
    text += GATED.replace("GatedLinear", "Tensor") + SCALED.replace("Scaled", "scaled")
    text += "block Hold(Scaled) {\n  x -> scaled(Scaled) -> scaled(1)\n}\n"
    text += "model Case {\ninput x: (8)\nTensor(8, 4)\nHold(2)\nHold(3)\n}\n"
    compiled = accepted(text, **ALLOW)
    assert f"from {MODULE} import GatedLinear as Tensor_\n" in compiled.source
    assert [part.given["a"] for part in compiled.module(seed=0).hold_1.children()] == [3, 1]


def test_loops_and_classes_are_rolled() -> None:
    body = "for i in range(3) {\nGatedLinear(8, 8)\n}\nfor n in [4, 2] {\nPart(n)\n}"
    part = "block Part(units) {\n  input x: (T, C)\n\n  GatedLinear(C, units)\n}\n"
    compiled = accepted(file(body, GATED + part), **ALLOW)
    assert "GatedLinear(features=8, units=8, bias=True) for _ in range(3)" in compiled.source
    assert "self.gated_linear = GatedLinear(features=channels, units=units, bias=True)" in compiled.source
    assert compiled.source.count("class Part") == 1
    assert compiled.module(seed=0)(torch.rand(2, 5, 8)).shape == (2, 5, 2)


def test_a_loop_over_an_argument() -> None:
    compiled = accepted(file("for n in [1, 2, 3] {\nScaled(n)\n}", SCALED, "Scaled"), **ALLOW)
    assert "Scaled(a=a, b=None) for a in (1, 2, 3)" in compiled.source


def test_it_is_shared_and_handed_over() -> None:
    hold = "block Hold(inner) {\n  x -> inner -> inner\n}\n"
    text = file("gate = GatedLinear(8, 8)\nx -> gate -> Hold(gate) -> Hold(GatedLinear(8, 8))", GATED + hold)
    assert keys(text, **ALLOW) == ["gate.value", "gate.gate", "hold_1.inner.value", "hold_1.inner.gate"]
    module = accepted(text, **ALLOW).module(seed=SEED)
    x = torch.rand(2, 5, 8)
    y = module.gate(module.gate(module.gate(x)))
    torch.testing.assert_close(module(x), module.hold_1.inner(module.hold_1.inner(y)))


def test_values_are_those_of_the_class() -> None:
    text = file("GatedLinear(8, 4)")
    module = accepted(text, **ALLOW).module(seed=SEED)
    x = torch.rand(2, 5, 8)
    torch.testing.assert_close(run(text, x, **ALLOW), module.gated_linear(x))


def test_time_distributed_gives_it_the_steps() -> None:
    rule = "extern Scaled() {\ninput x: (D)\noutput (D)\n}\n"
    text = file("TimeDistributed(Scaled())", rule, "Scaled")
    assert shape(text, **ALLOW) == "(N, T, 8)"
    module = accepted(text, **ALLOW).module(seed=SEED)
    module.time_distributed.seen.clear()
    module(torch.rand(2, 5, 8))
    assert module.time_distributed.seen == [(10, 8)]


def test_tensors_arrive_as_the_file_says() -> None:
    body = "Conv2D(4, 3) -> Scaled() -> Conv2D(4, 3)"
    module = accepted(file(body, SCALED, "Scaled", "input x: (8, 8, 3)"), **ALLOW).module(seed=SEED)
    module.scaled.seen.clear()
    module(torch.rand(2, 8, 8, 3))
    assert module.scaled.seen == [(2, 6, 6, 4)]


def test_weights_of_any_rank_stay_where_they_are() -> None:
    volume = "extern Conv3d(in_channels, out_channels, kernel_size) {\n"
    volume += "input x: (in_channels, D, H, W)\noutput (out_channels, D - 1, H - 1, W - 1)\n}\n"
    text = f'from python "torch.nn" import Conv3d\n{volume}model Case {{\ninput x: (9, 9, 1)\n'
    text += "y = x -> Conv2D(1, 2)\noutput y -> Reshape((1, 4, 4, 4)) -> Conv3d(1, 2, 2)\n}\n"
    module = accepted(text).module(seed=0)
    assert module(torch.rand(2, 9, 9, 1)).shape == (2, 2, 3, 3, 3)
    assert module.y.weight.is_contiguous(memory_format=torch.channels_last)


def test_masks_stop_there_with_a_warning() -> None:
    body = "Embedding(10, 8, mask_zero=true)\nScaled()\nLSTM(4)"
    text = file(body, SCALED, "Scaled", "input tokens: int64(T)")
    (diagnostic,) = nndsl.check(text, **ALLOW)
    assert (diagnostic.code, diagnostic.span.text) == ("W0402", "Scaled()")


# ---------------------------------------------------------------- dtypes


def test_inputs_arrive_in_the_dtype_that_is_written() -> None:
    externs = "extern Joined() {\ninput first: (..., D)\ninput second: float64(..., D)\noutput (..., D)\n}\n"
    text = file("Joined()(x, x)", externs, "Joined")
    assert run(text, torch.ones(2, 5, 8), **ALLOW).dtype == torch.float32


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "float64", "bfloat16"])
def test_policies(policy: str) -> None:
    text = f'set dtype_policy = "{policy}"\n' + file("GatedLinear(8, 4)")
    compute = policy.removeprefix("mixed_")
    assert shape(text, **ALLOW) == f"{compute}(N, T, 4)"
    module = accepted(text, **ALLOW).module(seed=0)
    assert module(torch.rand(2, 5, 8)).dtype == getattr(torch, compute)
    stored = torch.float32 if policy.startswith("mixed") else getattr(torch, compute)
    assert {each.dtype for each in module.parameters()} == {stored}


def test_it_is_frozen_where_it_is_not_trainable() -> None:
    module = accepted(file("GatedLinear(8, 4, trainable=false)\nGatedLinear(4, 4)"), **ALLOW).module(seed=0)
    assert {key.partition(".")[0] for key, each in module.named_parameters() if each.requires_grad} == {
        "gated_linear_1"
    }


# ---------------------------------------------------------------- imports and files


def test_an_extern_is_imported_from_another_file(tmp_path: Path) -> None:
    (tmp_path / "gates.nn").write_text(f'from python "{MODULE}" import GatedLinear\n{GATED}')
    text = 'from "gates.nn" import GatedLinear as Gate\nmodel M {\ninput x: (8)\nGate(8, 4)\n}\n'
    assert keys(text, root=tmp_path, **ALLOW) == ["gate.value", "gate.gate"]
    (diagnostic,) = nndsl.check(text, root=tmp_path)
    assert (diagnostic.code, diagnostic.span.source.name) == ("E0607", "gates.nn")


def test_what_hides_a_layer_of_the_language_is_the_layer_of_python() -> None:
    externs = "extern Dense(n) {\ninput x: (D)\noutput (n)\n}\n"
    text = f'from python "torch.nn" import Bilinear as Dense\n{externs}model M {{\ninput x: (T, 8)\n'
    text += "TimeDistributed(Dense(3))\n}\n"
    assert found(text) == ["W0202"]
    assert "flatten(0, 1)" in nndsl.compile(text).source


def test_the_summary_says_what_is_not_known() -> None:
    text = file("Dense(8)\nGatedLinear(8, 4)\nHold()", GATED + "block Hold() {\n  Dense(4) -> GatedLinear(4, 2)\n}\n")
    summary = accepted(text, **ALLOW).summary()
    assert summary.parameters == 72 + 20
    assert summary.python == ("GatedLinear",)
    assert "92 parameters, 92 trainable, and those of GatedLinear, which are not known" in str(summary)
    assert [row.python for row in summary.rows] == [(), (), ("GatedLinear",), ("GatedLinear",)]
    (line,) = [line for line in str(summary).splitlines() if line.startswith("hold")]
    assert "20 + unknown" in line


def test_the_format_keeps_it() -> None:
    text = """from python "torch.nn" import L as M

extern M(units, bias=true) {
  input x: float64(..., D)
  output float32(..., units), names: ()
}
"""
    assert nndsl.format(text) == text
