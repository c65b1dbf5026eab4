"""Run emitted sources where nndsl cannot be imported: ``alone.py FOLDER``, in which each case has a folder of its own.

A case has ``source.py``, the ``name`` of its class, ``weights.safetensors`` and ``inputs.safetensors``. It gets
``found.safetensors`` with the outputs and all gradients, and ``keys.json`` with the keys of the state_dict.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn


class Refused:
    """A finder of modules that lets nobody find nndsl."""

    def find_spec(self, name: str, path: object = None, target: ModuleType | None = None) -> ModuleSpec | None:
        """Raise ImportError for nndsl."""
        if name.partition(".")[0] == "nndsl":
            raise ImportError("nndsl is not there")
        return None


def evaluated(module: nn.Module, inputs: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the outputs of a module, and the gradients of its weights and of its inputs of floats."""
    given = {name: inputs[name].requires_grad_(inputs[name].is_floating_point()) for name in sorted(inputs)}
    torch.manual_seed(0)  # some draw in evaluation too
    result = module.eval()(*given.values())
    outputs = result if isinstance(result, tuple) else (result,)
    losses = [(output * output).sum() for output in outputs if output.requires_grad]
    if losses:
        torch.autograd.backward(torch.stack(losses).sum())
    found = {f"output {place}": output.detach() for place, output in enumerate(outputs)}
    weights = {name: weight for name, weight in module.named_parameters() if weight.grad is not None}
    found |= {f"weight {name}": weight.grad for name, weight in weights.items() if weight.grad is not None}
    found |= {f"input {name}": value.grad for name, value in given.items() if value.grad is not None}
    return {name: value.contiguous().clone() for name, value in found.items()}


def run_alone(folder: Path) -> None:
    """Run the case of a folder."""
    spec = importlib.util.spec_from_file_location(f"case_{folder.name}", folder / "source.py")
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    module = getattr(loaded, (folder / "name").read_text())()
    (folder / "keys.json").write_text(json.dumps(list(module.state_dict())))
    module.load_state_dict(load_file(folder / "weights.safetensors"))
    save_file(evaluated(module, load_file(folder / "inputs.safetensors")), folder / "found.safetensors")


def main() -> None:
    """Run all cases."""
    sys.meta_path.insert(0, Refused())
    torch.set_num_threads(1)
    for folder in sorted(Path(sys.argv[1]).iterdir()):
        run_alone(folder)
    assert "nndsl" not in sys.modules


if __name__ == "__main__":
    main()
