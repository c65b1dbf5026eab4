"""Emitted sources stand alone: a process that cannot import nndsl gets the same keys, outputs and gradients."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from random import Random

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

import nndsl
from nndsl.graph import Graph
from tests.property import alone
from tests.property.graphs import written
from tests.property.running import Values, actual, assignments, constructed

GRAPHS = 40
SIZES: dict[str, Values] = {"unet": {"H": 1, "W": 2}}
"""Sizes for the symbols of examples that must not be small; others get 5."""


def tensors(graph: Graph, values: Values) -> dict[str, Tensor]:
    """Return random inputs by name."""
    generator = torch.Generator().manual_seed(1)
    found: dict[str, Tensor] = {}
    for place, node in enumerate(graph.inputs):
        kind = node.types[0]
        shape = actual(kind, values)
        random = torch.randn(shape, generator=generator)
        integers = torch.randint(0, 5, shape, generator=generator)
        found[f"{place} {node.hint}"] = random if kind.is_float else integers.to(getattr(torch, kind.dtype))
    return found


def written_down(folder: Path, compiled: nndsl.Compiled, module: nn.Module, inputs: dict[str, Tensor]) -> None:
    """Write a case for the other process."""
    folder.mkdir()
    (folder / "source.py").write_text(compiled.source, encoding="utf-8")
    (folder / "name").write_text(type(module).__name__)
    weights = {name: value.contiguous().clone() for name, value in module.state_dict().items()}
    save_file(weights, folder / "weights.safetensors")
    save_file(inputs, folder / "inputs.safetensors")


def compiled_cases(root: Path) -> dict[str, tuple[nndsl.Compiled, Values]]:
    """Return the examples, and some random graphs, with sizes for their symbols."""
    found: dict[str, tuple[nndsl.Compiled, Values]] = {}
    for path in sorted((root / "examples").glob("*.nn")):
        found[path.stem] = nndsl.compile(path), {**dict.fromkeys("HSTW", 5), **SIZES.get(path.stem, {}), "N": 2}
    seed, count = 10_000, len(found) + GRAPHS
    while len(found) < count:
        seed += 1
        try:
            compiled = nndsl.compile(written(Random(seed)))
        except nndsl.NNDSLError:
            continue
        values = assignments(compiled.model, Random(seed))
        if values:
            found[f"graph_{seed}"] = compiled, {**values[-1], "N": 2}
    return found


def test_sources_stand_alone(root: Path, tmp_path: Path) -> None:
    cases = compiled_cases(root)
    expected: dict[str, tuple[list[str], dict[str, Tensor]]] = {}
    for name, (compiled, values) in cases.items():
        module = constructed(compiled)
        inputs = tensors(compiled.model, values)
        written_down(tmp_path / name, compiled, module, inputs)
        expected[name] = list(module.state_dict()), alone.evaluated(module, inputs)
    command = [sys.executable, "-W", "error", alone.__file__, str(tmp_path)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    for name, (keys, wanted) in expected.items():
        assert json.loads((tmp_path / name / "keys.json").read_text()) == keys, name
        found = load_file(tmp_path / name / "found.safetensors")
        assert found.keys() == wanted.keys(), name
        for key, value in wanted.items():
            torch.testing.assert_close(found[key], value, rtol=1e-4, atol=1e-5, equal_nan=True, msg=f"{name}: {key}")
