"""Programs of models for others: ONNX, and PyTorch's own ``.pt2``; how they are written, and called."""

from __future__ import annotations

import importlib.util
import logging
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import torch
from torch import Tensor, nn

from nndsl.train.errors import TrainingError

Program: TypeAlias = torch.export.ExportedProgram
Shape: TypeAlias = tuple[int | str, ...]
Outputs: TypeAlias = Sequence[Tensor]
Function: TypeAlias = Callable[..., Outputs]

WEIGHTS = "safetensors"
"""The format that has weights alone."""
FACTS = "nndsl"
"""Under which name a file says how the model's inputs and outputs are called, and what its classes are."""
SEPARATE = 1_500_000_000
"""Bytes of weights from which on ONNX has them in a second file: the first one cannot be larger than 2 GB."""
PACKAGES = ("onnx", "onnxscript", "onnxruntime")


@dataclass(frozen=True, slots=True)
class Format:
    """How a program is written (with the shapes of inputs and outputs by name, and facts), and loaded to be called."""

    write: Callable[[Program, Path, Mapping[str, Shape], Mapping[str, Shape], str], None]
    load: Callable[[Path], Function]


def check_packages(format: str) -> None:
    """Raise TrainingError (E1226) if a format needs packages that are not there."""
    missing = [name for name in PACKAGES if format == "onnx" and importlib.util.find_spec(name) is None]
    if missing:
        message = f"to export ONNX needs {missing[0]}, which is not installed"
        raise TrainingError("E1226", message, "pip install 'nndsl[export]'")


def program_of(module: nn.Module, inputs: tuple[Tensor, ...], shapes: Sequence[Shape]) -> Program:
    """Return a module as PyTorch's exporter traces it; sizes that have a name stay open."""
    dim = torch.export.Dim
    dynamic = tuple(
        {axis: dim.STATIC if isinstance(size, int) else dim.DYNAMIC for axis, size in enumerate(shape)}
        for shape in shapes
    )
    with _quiet():
        return torch.export.export(module, inputs, dynamic_shapes=dynamic, strict=False)


def _write_onnx(
    program: Program, path: Path, inputs: Mapping[str, Shape], outputs: Mapping[str, Shape], facts: str
) -> None:
    import onnx_ir

    names = tuple({axis: size for axis, size in enumerate(shape) if isinstance(size, str)} for shape in inputs.values())
    with _quiet():
        made = torch.onnx.export(
            program,
            (),
            input_names=list(inputs),
            output_names=list(outputs),
            dynamic_shapes=names,
            dynamo=True,
            verbose=False,
        )
        assert made is not None
        for value, shape in zip(made.model.graph.outputs, outputs.values(), strict=True):
            value.shape = onnx_ir.Shape(shape)
        made.model.metadata_props[FACTS] = facts
        size = sum(value.numel() * value.element_size() for value in program.state_dict.values())
        made.save(str(path), external_data=size > SEPARATE)


def _load_onnx(path: Path) -> Function:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    names = [each.name for each in session.get_inputs()]

    def call(*inputs: Tensor) -> list[Tensor]:
        given = {name: each.numpy() for name, each in zip(names, inputs, strict=True)}
        return [torch.from_numpy(each) for each in session.run(None, given)]

    return call


def _write_pt2(
    program: Program, path: Path, inputs: Mapping[str, Shape], outputs: Mapping[str, Shape], facts: str
) -> None:
    program.example_inputs = None  # they would go into the file
    with _quiet():
        torch.export.save(program, path, extra_files={FACTS: facts})


def _load_pt2(path: Path) -> Function:
    with _quiet():
        module = torch.export.load(path).module()
    return lambda *inputs: outputs_of(module(*inputs))


def outputs_of(given: Tensor | Outputs) -> Outputs:
    """Return what a module gives: one tensor, or several."""
    return (given,) if isinstance(given, Tensor) else given


FORMATS: Mapping[str, Format] = {"onnx": Format(_write_onnx, _load_onnx), "pt2": Format(_write_pt2, _load_pt2)}


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep PyTorch's exporters from talking of their own insides."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "torch.export", "onnxscript", "onnx_ir")]
    levels = [logger.level for logger in loggers]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            for logger in loggers:
                logger.setLevel(logging.CRITICAL)
            yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)
