"""States of runs for tests of checkpoints."""

from __future__ import annotations

import hashlib
import json
import os
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch

from nndsl.train.checkpoint import Snapshot

DEAD = 2**22 + 1
"""The number of a process that there cannot be."""

KINDS = (torch.float32, torch.float64, torch.bfloat16, torch.float16, torch.int64, torch.uint8, torch.bool)


def snapshot(step: int, size: int = 33) -> Snapshot:
    """A state whose every tensor says which step it is of."""
    tensors = {f"layer.{str(kind)[6:]}": torch.full((3, size), step % 2).to(kind) for kind in KINDS}
    tensors["rng"] = torch.arange(5, dtype=torch.uint8)
    tensors["count"] = torch.tensor(float(step))
    tensors["empty"] = torch.empty(0, 4)
    tensors["turned"] = torch.arange(12.0).reshape(3, 4).T
    history = {"loss": [0.5, float("nan"), float("inf")], "été": ["a\nb", None, True, 2**80]}
    return Snapshot(tensors, {"step": step, "epoch": 3, "history": history})


def assert_same(found: Snapshot | None, step: int) -> None:
    """The state that was found is that of the step, whole."""
    assert found is not None
    expected = snapshot(step)
    assert repr(found.facts) == repr(expected.facts)
    assert found.tensors.keys() == expected.tensors.keys()
    for name, value in expected.tensors.items():
        assert found.tensors[name].dtype == value.dtype
        assert torch.equal(found.tensors[name], value)


def forged(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change the facts of a checkpoint, and sign them again."""
    body = json.loads(path.read_text())
    change(body)
    body.pop("sha256", None)
    text = json.dumps(body, indent=1) + "\n"
    body["sha256"] = hashlib.sha256(text.encode()).hexdigest()
    path.write_text(json.dumps(body, indent=1) + "\n")


def signed_again(checkpoint: Path) -> None:
    """Make the facts of a checkpoint say what its tensors are now."""
    data = (checkpoint / "state.safetensors").read_bytes()
    entry = {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
    forged(checkpoint / "state.json", lambda body: body["files"].update({"state.safetensors": entry}))


def damages(data: bytes, count: int, seed: int) -> Iterator[bytes]:
    """Yield contents with one bit flipped, and as many that end too early."""
    drawn = random.Random(seed)
    for number in range(count):
        if number % 2:
            yield data[: drawn.randrange(len(data))]
        else:
            place = drawn.randrange(len(data) * 8)
            changed = bytearray(data)
            changed[place // 8] ^= 1 << place % 8
            yield bytes(changed)


@contextmanager
def failing(name: str, call: int, error: OSError, partial: bool = False) -> Iterator[list[int]]:
    """Make one call of a function of ``os`` fail, counted from 0; yield the list of the calls that were made."""
    real = getattr(os, name)
    made: list[int] = []

    def replaced(*given: Any, **named: Any) -> Any:
        made.append(len(made))
        if made[-1] == call:
            if partial:
                real(given[0], given[1][: len(given[1]) // 2])
            raise error
        return real(*given, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, name, replaced)
        yield made
