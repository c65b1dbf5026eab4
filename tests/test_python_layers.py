"""The layers of Python in a live module: what is imported, and that each does what its `extern` says."""

from __future__ import annotations

import copy
import pickle
import sys
from pathlib import Path

import pytest
import torch

import nndsl
from tests.language.test_externs import ALLOW, GATED, SCALED, file


def refused(text: str, code: str, **options: object) -> str:
    """The message with which the module of a text is refused."""
    compiled = nndsl.compile(text, **ALLOW)
    with pytest.raises(nndsl.NNDSLError) as caught:
        compiled.module(seed=0, **options)  # type: ignore[arg-type]
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == code
    assert diagnostic.span.source.text == text
    return diagnostic.message


def grown(arguments: str, rule: str = "(..., D)") -> str:
    externs = f'extern Grown(by=0, kind="float32") {{\ninput x: (..., D)\noutput {rule}\n}}\n'
    return file(f"Grown({arguments})", externs, "Grown", "input x: (T, 8)")


def test_its_shape_is_checked_against_the_rule() -> None:
    message = refused(grown("by=2"), "E0614")
    assert message == "`Grown` gives (2, 3, 10) for (2, 3, 8), and its `extern` says (2, 3, 8)"
    nndsl.compile(grown("by=2", "(..., D + 2)"), **ALLOW).module()


def test_its_dtype_is_checked() -> None:
    message = refused(grown('kind="int64"'), "E0614")
    assert message == "`Grown` gives int64(2, 3, 8) for (2, 3, 8), and its `extern` says (2, 3, 8)"
    nndsl.compile(grown('kind="int64"', "int64(..., D)"), **ALLOW).module()


def test_the_number_of_outputs_is_checked() -> None:
    externs = "extern Halves() {\ninput x: (..., 2 * D)\noutput (..., D), (..., D)\n}\n"
    message = refused(file("a, b = Halves()(x)\noutput a, b", externs, "Halves"), "E0614")
    assert message == (
        "`Halves` gives (2, 3, 4), (2, 3, 4), int64(2, 3) for (2, 3, 8), and its `extern` says (2, 3, 4), (2, 3, 4)"
    )


def test_it_is_checked_wherever_it_is_applied() -> None:
    """In a block in a loop, handed over, and at the shape that only its second application has."""
    grows = 'extern Grown(by=0, kind="float32") {\ninput x: (..., D)\noutput (..., D)\n}\n'
    hold = "block Hold(inner) {\n  x -> inner\n}\n"
    good = "for i in range(2) {\nHold(Grown())\n}\n"
    nndsl.compile(file(good, grows + hold, "Grown"), **ALLOW).module()
    refused(file(good + "layer = Grown(by=1)\nHold(Hold(layer))", grows + hold, "Grown"), "E0614")
    scaled = "extern Fits(features, units) {\ninput x: (..., D)\noutput (..., units)\n}\n"
    text = file("layer = Fits(8, 8)\nx -> layer -> Dense(4) -> layer", scaled, "GatedLinear as Fits")
    assert "fails for (2, 3, 4): RuntimeError" in refused(text, "E0614")


def test_sizes_are_chosen_that_the_model_allows() -> None:
    externs = "extern Grown() {\ninput x: (16 * T, D)\noutput (16 * T, D)\n}\n"
    body = "y = x -> Conv1D(8, 300)\noutput y, x -> Grown()"
    message = refused(file(body, externs.replace("D)\n}", "D + 1)\n}"), "Grown", "input x: (16 * T, 8)"), "E0614")
    assert message.startswith("`Grown` gives (2, 528, 8) for (2, 528, 8)")


def test_what_cannot_run_is_refused() -> None:
    externs = "extern Broken() {\ninput x: (..., D)\noutput (..., D)\n}\n"
    message = refused(file("Broken()", externs, "Broken"), "E0614")
    assert message == "`Broken` fails for (2, 3, 8): ValueError: no luck today"


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ("NotAModule as L", "`tests.language.own_layers.NotAModule` is no subclass of `nn.Module`"),
        ("function as L", "`tests.language.own_layers.function` is no subclass of `nn.Module`"),
        ("torch as L", "`tests.language.own_layers.torch` is no subclass of `nn.Module`"),
        ("Gone as L", "the Python module `tests.language.own_layers` has no `Gone`"),
    ],
)
def test_only_modules_of_pytorch_are_taken(names: str, message: str) -> None:
    externs = "extern L() {\ninput x: (..., D)\noutput (..., D)\n}\n"
    assert refused(file("L()", externs, names), "E0613") == message


def test_a_module_that_is_not_there() -> None:
    text = 'from python "tests.gone" import L\nextern L() {\ninput x: (D)\noutput (D)\n}\n'
    text += "model M {\ninput x: (8)\nL()\n}\n"
    message = refused(text, "E0613")
    assert message == "the Python module `tests.gone` cannot be imported: No module named 'tests.gone'"


def test_arguments_that_the_class_does_not_take() -> None:
    externs = "extern Halves(parts) {\ninput x: (D)\noutput (D)\n}\n"
    text = file("Halves(3)", externs, "Halves", "input x: (8)")
    assert refused(text, "E0614") == "`Halves` does not take these arguments: its class takes none"
    text = file("GatedLinear(8, 4, 3)", GATED.replace("bias=true", "bias, depth=2"), inputs="input x: (8)")
    assert "unexpected keyword argument 'depth'" in refused(text, "E0614")


def test_the_trial_leaves_no_trace() -> None:
    module = nndsl.compile(file("Scaled()\nDropout(0.5)", SCALED, "Scaled"), **ALLOW).module()
    assert module.training
    assert module.scaled.training
    assert module.scaled.runs == 0
    torch.manual_seed(3)
    nndsl.compile(file("Dropout(0.5)"), **ALLOW).module()
    expected = torch.rand(())
    torch.manual_seed(3)
    nndsl.compile(file("Scaled()", SCALED, "Scaled"), **ALLOW).module()
    assert torch.rand(()) == expected


def test_a_seed_decides_its_weights_too() -> None:
    compiled = nndsl.compile(file("Dense(8)\nGatedLinear(8, 4)"), **ALLOW)
    first, same, other = (compiled.module(seed=seed).state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(first[key], same[key]) for key in first)
    assert not torch.equal(first["gated_linear.gate.weight"], other["gated_linear.gate.weight"])


def test_devices_dtypes_copies() -> None:
    compiled = nndsl.compile(file("Dense(8)\nGatedLinear(8, 4)"), **ALLOW)
    assert {each.device.type for each in compiled.module(device="meta").parameters()} == {"meta"}
    assert {each.dtype for each in compiled.module(dtype=torch.float64).parameters()} == {torch.float64}
    module = compiled.module(seed=0)
    x = torch.rand(2, 5, 8)
    for other in (copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
        torch.testing.assert_close(other(x), module(x))


def test_the_source_alone_is_the_same_module(tmp_path: Path) -> None:
    compiled = nndsl.compile(file("Dense(8)\nGatedLinear(8, 4)"), **ALLOW)
    namespace: dict[str, type[torch.nn.Module]] = {}
    exec(compiled.source, namespace)
    assert list(namespace["Case"]().state_dict()) == list(compiled.module(seed=0).state_dict())


def test_a_file_is_loaded_with_its_layers(tmp_path: Path) -> None:
    (tmp_path / "gated.nn").write_text(file("GatedLinear(8, 4)"))
    with pytest.raises(nndsl.NNDSLError, match="E0607"):
        nndsl.load(tmp_path / "gated.nn")
    assert nndsl.load(tmp_path / "gated.nn", **ALLOW)(torch.rand(2, 5, 8)).shape == (2, 5, 4)


def test_torch_is_exported() -> None:
    module = nndsl.compile(file("GatedLinear(8, 4)", inputs="input x: (5, 8)"), **ALLOW).module(seed=0).eval()
    x = torch.rand(2, 5, 8)
    torch.testing.assert_close(torch.export.export(module, (x,)).module()(x), module(x))


def test_nothing_is_imported_before_the_module_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "side_effect_layers.py").write_text("from torch import nn\n\nclass L(nn.Tanh):\n    pass\n")
    monkeypatch.syspath_prepend(tmp_path)
    text = 'from python "side_effect_layers" import L\nextern L() {\ninput x: (D)\noutput (D)\n}\n'
    text += "model M {\ninput x: (8)\nL()\n}\n"
    compiled = nndsl.compile(text, allow=("side_effect_layers",))
    assert compiled.source
    assert compiled.summary()
    assert "side_effect_layers" not in sys.modules
    compiled.module()
    assert sys.modules.pop("side_effect_layers")


def test_gated_is_one_of_the_layers() -> None:
    assert GATED in file("GatedLinear(8, 4)")
