"""Scripts of Keras: the text that comes out of one, and the numbers of the model that it makes when it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

import nndsl
from nndsl.diagnostics import Source
from nndsl.importing.recorded import TensorRecord
from nndsl.importing.script import read_script
from nndsl.importing.writing import write
from nndsl.variables import variables
from tests.goldens import compare as compare_text
from tests.importing.compare import assert_formatted, compare, scramble
from tests.importing.models import keras

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
SCRIPTS = sorted((Path(__file__).parent / "scripts").glob("*.py"))


def read(script: str, model: str | None = None) -> Any:
    return read_script(Source("script.py", script), model)


def codes_of(script: str) -> set[str]:
    """The families of the errors of a script."""
    try:
        read(script)
    except nndsl.NNDSLError as error:
        return {found.code[:3] for found in error.diagnostics}
    return set()


def executed(script: Path) -> keras.Model:
    """The model of a script, which is run here, with Keras in the place of TensorFlow's."""
    text = script.read_text(encoding="utf-8").replace("tensorflow.keras", "keras")
    names: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(text, str(script), "exec"), names)
    return names.get("autoencoder") or names.get("net") or names["model"]


@pytest.mark.filterwarnings("ignore:Do not pass an `input_shape`:UserWarning")
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_script(script: Path, update: bool) -> None:
    written = write(read(script.read_text(encoding="utf-8")))
    assert_formatted(written.text)
    compare_text(written.text, script.with_suffix(".nn"), update=update)
    model = executed(script)
    scramble(model)
    theirs, mine = nndsl.from_keras(model), nndsl.compile(written.text)
    values, module = theirs.module().state_dict(), mine.module(seed=0)
    state = module.state_dict()
    for one, other in zip(variables(mine.model), variables(theirs.model), strict=True):
        for (key, _), (their_key, _) in zip(one.parts, other.parts, strict=True):
            state[key].copy_(values[their_key])
    compare(model, mine, module, training=False)


def test_the_only_model_that_is_no_part_of_another_is_taken() -> None:
    script = (Path(__file__).parent / "scripts" / "autoencoder.py").read_text(encoding="utf-8")
    assert read(script).name == "autoencoder"
    assert read(script, "encoder").name == "encoder"
    with pytest.raises(nndsl.NNDSLError, match="no model `coder`"):
        read(script, "coder")


def test_nothing_runs(tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    read(
        f"""
import pathlib
from keras import Sequential, layers
pathlib.Path({str(mark)!r}).write_text("ran")
open({str(mark)!r}, "w").close()
exec("import os; os.mkdir({str(mark)!r})")
model = Sequential([layers.Input((3,)), layers.Dense(2)])
"""
    )
    assert not mark.exists()


def test_what_compile_says_beyond_the_language_is_a_remark() -> None:
    record = read(
        """
from keras import Sequential, layers
model = Sequential([layers.Input((3,)), layers.Dense(2)])
model.compile("adam", loss=lambda y, p: p, metrics=["mae"], jit_compile=True)
"""
    )
    assert record.settings == {"optimizer": "adam", "metrics": ("mae",)}
    assert record.remarks == ("`loss` of line 4 is left out: `loss=lambda y, p: p`",)


def test_attributes_freeze_layers() -> None:
    record = read(
        """
from keras import Sequential, layers
model = Sequential([layers.Input((3,)), layers.Dense(2), layers.Dense(1)])
for layer in model.layers[:-1]:
    layer.trainable = False
"""
    )
    assert [layer.arguments.get("trainable") for layer in record.layers] == [False, None]


@pytest.mark.parametrize(
    "expression",
    [
        "2 ** 3",
        "len('12345678')",
        "max(3, 8)",
        "[4, 8][-1]",
        "{'a': 8}['a']",
        "8 if True else 1",
        "sum([3, 5])",
        "16 // 2",
    ],
)
def test_constants_are_computed(expression: str) -> None:
    (layer,) = read(
        f"from keras import Sequential, layers\nmodel = Sequential([layers.Input((3,)), layers.Dense({expression})])"
    ).layers
    assert layer.arguments == {"units": 8}


@pytest.mark.parametrize("value", ["9 ** 9 ** 9", "'a' * 10 ** 9", "[0] * 10 ** 9", "range(10 ** 9)", "f(8)", "1 / 0"])
def test_what_would_take_long_or_fail_is_not_computed(value: str) -> None:
    script = f"def f(n):\n    return f(n)\nfrom keras import Sequential, layers\nn = {value}\n"
    with pytest.raises(nndsl.NNDSLError, match="E0902"):
        read(script + "model = Sequential([layers.Input((3,)), layers.Dense(n)])")


def test_hints_are_the_names_of_the_script() -> None:
    record = read(
        "import keras\nx = keras.Input((3,))\nhidden = keras.layers.Dense(2)(x)\nm = keras.Model(x, hidden + hidden)"
    )
    assert [call.hint for call in record.calls] == ["hidden", ""]
    assert record.calls[1].positional == (TensorRecord(0), TensorRecord(0))


@pytest.mark.parametrize("seed", range(20))
def test_any_part_of_a_script_is_read_or_refused(seed: int) -> None:
    """A script that was cut or scrambled gives a record or an error of ours, whatever stands in it."""
    generator = torch.Generator().manual_seed(seed)
    script = SCRIPTS[seed % len(SCRIPTS)].read_text(encoding="utf-8")
    lines = script.splitlines()
    for _ in range(20):
        kept = [line for line in lines if torch.rand(1, generator=generator) > 0.2]
        assert codes_of("\n".join(kept)) <= {"E09"}
