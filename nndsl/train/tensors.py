"""Tensors as bytes in the format of safetensors, without a copy of them all."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import torch
from torch import Tensor

from nndsl.tensor_file import METADATA, TensorFile
from nndsl.train.durable import Written, replace_file

DTYPES: Mapping[torch.dtype, str] = {
    torch.float64: "F64",
    torch.float32: "F32",
    torch.float16: "F16",
    torch.bfloat16: "BF16",
    torch.complex64: "C64",
    torch.int64: "I64",
    torch.int32: "I32",
    torch.int16: "I16",
    torch.int8: "I8",
    torch.uint8: "U8",
    torch.bool: "BOOL",
    torch.uint64: "U64",
    torch.uint32: "U32",
    torch.uint16: "U16",
    torch.float8_e4m3fn: "F8_E4M3",
    torch.float8_e5m2: "F8_E5M2",
}
"""The format's names of dtypes."""
_TORCH = {name: dtype for dtype, name in DTYPES.items()}


def chunks(tensors: Mapping[str, Tensor], metadata: Mapping[str, str] = {}) -> Iterator[memoryview]:
    """Yield the bytes of a file: its header, then each tensor, the widest numbers first, so that all are aligned."""
    ordered = sorted(tensors.items(), key=lambda item: (-item[1].element_size(), item[0]))
    header: dict[str, object] = {METADATA: dict(metadata)} if metadata else {}
    place = 0
    for name, tensor in ordered:
        end = place + tensor.numel() * tensor.element_size()
        header[name] = {"dtype": DTYPES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [place, end]}
        place = end
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    yield memoryview(len(text).to_bytes(8, "little") + text)
    for _, tensor in ordered:
        yield _bytes(tensor)


def write_tensors(path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, str] = {}) -> Written:
    """Write a file of tensors, in the place of one that may be there, at once."""
    return replace_file(path, chunks(tensors, metadata))


def tensors_in(data: bytearray, file: TensorFile) -> dict[str, Tensor]:
    """Return the tensors in the bytes of a file, whose header has been read; they share its memory.

    Raises ValueError for a dtype that PyTorch has not.
    """
    if sys.byteorder != "little":
        raise ValueError("files of tensors are read on little-endian machines alone")
    found = {}
    for name, entry in file.entries.items():
        dtype = _TORCH.get(entry.dtype)
        if dtype is None:
            raise ValueError(f"`{name}` has the dtype {entry.dtype}")
        count = math.prod(entry.shape)
        values = torch.empty(0, dtype=dtype)
        if count:
            values = torch.frombuffer(data, dtype=dtype, count=count, offset=file.start + entry.start)
        found[name] = values.reshape(entry.shape)
    return found


def _bytes(tensor: Tensor) -> memoryview:
    """Return the bytes of a tensor, row by row; one on the CPU that lies so is not copied."""
    if sys.byteorder != "little":
        raise ValueError("files of tensors are written on little-endian machines alone")
    return tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data
