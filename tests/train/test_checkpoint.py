"""Checkpoints under damage, faults and kills; the numbers are those of the list of what must not hurt."""

from __future__ import annotations

import errno
import json
import os
import pickle
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from nndsl.train import checkpoint
from nndsl.train.checkpoint import FACTS, TENSORS, Snapshot, checkpoints, newest, save
from nndsl.train.durable import sweep
from nndsl.train.errors import TrainingError
from tests.train.snapshots import DEAD, assert_same, damages, failing, forged, signed_again, snapshot

ROOT = Path(__file__).parents[2]


def steps(folder: Path) -> list[int]:
    return [int(path.name.split("-")[1]) for path in checkpoints(folder)]


def leftovers(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.startswith(".")]


def refused(folder: Path) -> str:
    with pytest.raises(TrainingError) as caught:
        newest(folder)
    return caught.value.code


def test_a_state_comes_back(tmp_path: Path) -> None:
    assert newest(tmp_path / "none") == (None, ())
    path = save(tmp_path / "a" / "b", snapshot(7))
    found, remarks = newest(tmp_path / "a" / "b")
    assert_same(found, 7)
    assert remarks == ()
    assert checkpoint.read(path).step == 7
    assert not leftovers(path.parent)


def test_files_are_those_of_safetensors(tmp_path: Path) -> None:
    path = save(tmp_path, snapshot(2))
    read = load_file(path / TENSORS)
    for name, value in snapshot(2).tensors.items():
        assert torch.equal(read[name], value)
        assert read[name].dtype == value.dtype
    assert json.loads((path / FACTS).read_text())["format"] == 1


def test_two_are_kept_and_older_ones_removed(tmp_path: Path) -> None:
    for step in (1, 2, 3, 4):
        save(tmp_path, snapshot(step))
    assert steps(tmp_path) == [3, 4]
    save(tmp_path, snapshot(5), keep=3)
    assert steps(tmp_path) == [3, 4, 5]
    save(tmp_path, snapshot(6), keep=0)
    assert steps(tmp_path) == [5, 6]


def test_a_step_that_is_saved_again_leaves_the_first_until_then(tmp_path: Path) -> None:
    save(tmp_path, snapshot(3))
    again = save(tmp_path, Snapshot({"x": torch.ones(2)}, {"step": 3}))
    assert steps(tmp_path) == [3, 3]
    found, _ = newest(tmp_path)
    assert found is not None
    assert list(found.tensors) == ["x"]
    shutil.rmtree(again)
    assert_same(newest(tmp_path)[0], 3)


def test_a_run_that_went_back_drops_what_came_after(tmp_path: Path) -> None:
    for step in (10, 20):
        save(tmp_path, snapshot(step))
    (checkpoints(tmp_path)[-1] / TENSORS).write_bytes(b"")
    save(tmp_path, snapshot(15))
    assert steps(tmp_path) == [10, 15]
    found, remarks = newest(tmp_path)
    assert_same(found, 15)
    assert remarks == ()


@pytest.mark.parametrize("name", [TENSORS, FACTS])
def test_151_152_damage_is_found_and_the_previous_one_used(tmp_path: Path, name: str, faults: bool) -> None:
    save(tmp_path, snapshot(1))
    path = save(tmp_path, snapshot(2)) / name
    whole = path.read_bytes()
    for damaged in damages(whole, 400 if faults else 60, seed=len(name)):
        path.write_bytes(damaged)
        found, (remark,) = newest(tmp_path)
        assert_same(found, 1)
        assert remark.code == "W1101"
        assert str(path.parent) in remark.message
    path.write_bytes(whole)
    assert_same(newest(tmp_path)[0], 2)
    path.unlink()
    assert_same(newest(tmp_path)[0], 1)


def test_all_are_damaged(tmp_path: Path) -> None:
    for step in (1, 2):
        (save(tmp_path, snapshot(step)) / TENSORS).write_bytes(b"{}")
    with pytest.raises(TrainingError, match="step-000000001") as caught:
        newest(tmp_path)
    assert caught.value.code == "E1102"
    assert "step-000000002" in str(caught.value)


def failure(folder: Path) -> TrainingError | None:
    """Save the third step, and return what was raised."""
    try:
        save(folder, snapshot(3))
    except TrainingError as error:
        return error
    return None


FAULTS = {"mkdir": "ENOSPC", "open": "EROFS", "write": "ENOSPC", "fsync": "EIO", "rename": "EACCES", "rmdir": "EACCES"}
"""Functions of the system, and how each may fail."""


@pytest.mark.parametrize(("function", "partial"), [*((name, False) for name in FAULTS), ("write", True)])
def test_each_call_fails_in_turn(tmp_path: Path, function: str, partial: bool) -> None:
    number = getattr(errno, FAULTS[function])
    fault = OSError(number, os.strerror(number))
    raised = 0
    for call in range(100):
        folder = tmp_path / str(call)
        for step in (1, 2):
            save(folder, snapshot(step))
        with failing(function, call, fault, partial) as made:
            error = failure(folder)
        if error is not None:
            raised += 1
            assert error.code == "E1107"
            assert os.strerror(number) in error.message
        found, remarks = newest(folder)
        # Behind the renaming the new one is whole already, and what failed is the rest.
        assert_same(found, 3 if found is not None and found.step == 3 and function != "write" else 2 + (error is None))
        assert remarks == ()
        assert len(steps(folder)) >= 2
        assert not [name for name in leftovers(folder) if name.startswith(".tmp")]
        sweep(folder)
        save(folder, snapshot(4))
        assert_same(newest(folder)[0], 4)
        assert leftovers(folder) == []
        if len(made) <= call:  # it was not called as often
            break
    assert raised >= (1 if function in ("mkdir", "rmdir") else 2)


KILLED = """
import os, random, signal, sys, time
from pathlib import Path
from nndsl.train.checkpoint import newest, save
from nndsl.train.durable import sweep
from tests.train.snapshots import DEAD, assert_same, snapshot

folder, rounds, points = Path(sys.argv[1]), int(sys.argv[2]), ("mkdir", "open", "write", "fsync", "rename", "rmdir")

def die_at(count):
    for name in points:
        def replaced(*given, real=getattr(os, name), **named):
            nonlocal count
            count -= 1
            if count < 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*given, **named)
        setattr(os, name, replaced)

def killed(child, after=None):
    process = os.fork()
    if not process:
        child()
        os._exit(0)
    if after is not None:
        time.sleep(after)
        os.kill(process, signal.SIGKILL)
    return os.waitpid(process, 0)[1] == signal.SIGKILL

def whole(least):
    found, remarks = newest(folder)
    assert found is not None and found.step >= least and not remarks, (found, remarks)
    assert_same(found, found.step)
    sweep(folder)
    assert all(path.name.startswith("step-") for path in folder.iterdir())
    return found.step

save(folder, snapshot(1))
save(folder, snapshot(2))
step, count = 2, 0
while True:  # at each of the calls that a save makes
    def once():
        die_at(count)
        save(folder, snapshot(step + 1))
    died = killed(once)
    step = whole(step)
    count += 1
    if not died:
        break
assert count > 15, count
drawn = random.Random(0)
for _ in range(rounds):  # at any time
    def on():
        for later in range(step + 1, step + 10_000):
            save(folder, snapshot(later))
    assert killed(on, drawn.random() / 20)
    step = whole(step)
print("whole", count)
"""


def test_145_killed_while_saving(tmp_path: Path, faults: bool) -> None:
    command = [sys.executable, "-c", KILLED, str(tmp_path), "200" if faults else "10"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.startswith("whole"), done.stderr


def test_147_what_dead_processes_left_is_removed_and_never_loaded(tmp_path: Path) -> None:
    save(tmp_path, snapshot(1))
    path = save(tmp_path, snapshot(2))
    for name in (f".tmp-{DEAD}-9", f".old-{DEAD}-step-000000009-0", f".tmp-{os.getppid()}-8"):
        shutil.copytree(path, tmp_path / name)
    (tmp_path / f".tmp-{DEAD}-history.csv").write_text("half")
    (tmp_path / ".tmp-notes").write_text("not ours")
    assert_same(newest(tmp_path)[0], 2)
    sweep(tmp_path)
    assert sorted(leftovers(tmp_path)) == [f".tmp-{os.getppid()}-8", ".tmp-notes"]
    assert steps(tmp_path) == [1, 2]


def test_148_all_is_on_the_disk_before_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    names: dict[int, str] = {}

    def told(function: str) -> Any:
        real = getattr(os, function)

        def replaced(*given: Any, **named: Any) -> Any:
            result = real(*given, **named)
            if function == "open":
                names[result] = Path(given[0]).name
            else:
                calls.append(f"{function} {names.get(given[0], Path(str(given[0])).name)}")
            return result

        return replaced

    save(tmp_path / "run", snapshot(1))
    for function in ("open", "fsync", "rename"):
        monkeypatch.setattr(os, function, told(function))
    save(tmp_path / "run", snapshot(2))
    temporary = f".tmp-{os.getpid()}-2"
    assert calls == [
        *(f"fsync {TENSORS}", f"fsync {FACTS}", f"fsync {temporary}", f"rename {temporary}", "fsync run"),
    ]


def test_149_a_full_disk_leaves_the_previous_one(tmp_path: Path) -> None:
    save(tmp_path, snapshot(1))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    try:
        with pytest.raises(TrainingError, match="File too large") as caught:
            save(tmp_path, snapshot(2, size=100_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert caught.value.code == "E1107"
    assert not leftovers(tmp_path)
    assert_same(newest(tmp_path)[0], 1)


def test_150_nothing_is_written_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path / "nowhere"))
    monkeypatch.setattr(tempfile, "tempdir", None)
    with failing("open", -1, OSError()) as made:
        save(tmp_path / "run", snapshot(1))
    assert made
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


class Malicious:
    """What runs code when it is unpickled."""

    def __reduce__(self) -> Any:
        return os.mkdir, ("unpickled",)


def test_155_nothing_is_unpickled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = save(tmp_path, snapshot(1))
    for data in (pickle.dumps(Malicious()), b"PK\x03\x04" + pickle.dumps(Malicious())):
        for name in (TENSORS, FACTS):
            whole = (path / name).read_bytes()
            (path / name).write_bytes(data)
            if name == TENSORS:
                signed_again(path)
            assert refused(tmp_path) == "E1102"
            (path / name).write_bytes(whole)
            signed_again(path)
    torch.save(Malicious(), path / "state.pt")
    assert_same(newest(tmp_path)[0], 1)
    assert not (tmp_path / "unpickled").exists()


def test_156_other_formats_and_keys(tmp_path: Path) -> None:
    save(tmp_path, snapshot(1))
    facts = save(tmp_path, snapshot(2)) / FACTS
    whole = facts.read_text()
    for number in (2, 0, "1", None):
        forged(facts, lambda body, number=number: body.update(format=number))
        assert refused(tmp_path) == "E1105"
        facts.write_text(whole)
    for change in (
        lambda body: body.pop("format"),
        lambda body: body.pop("files"),
        lambda body: body.pop("tensors"),
        lambda body: body.pop("step"),
        lambda body: body.update(more=1),
        lambda body: body.update(step=3),
        lambda body: body["facts"].pop("step"),
        lambda body: body["tensors"].pop("count"),
        lambda body: body["tensors"].update(count=["F32", 1]),
        lambda body: body["tensors"].update(other=["F32", 1]),
        lambda body: body["files"].update({TENSORS: {"sha256": 5, "size": 5}}),
    ):
        forged(facts, change)
        found, (remark,) = newest(tmp_path)
        assert_same(found, 1)
        assert remark.code == "W1101"
        facts.write_text(whole)
    for text in ("", "[]", "{}", "null", "[" * 100_000, '{"sha256": "x"}', whole.replace("1", "1 ", 1), "\xff"):
        facts.write_text(text, encoding="latin-1")
        assert newest(tmp_path)[1][0].code == "W1101"


def header(entries: dict[str, Any], rest: bytes = b"") -> bytes:
    text = json.dumps(entries).encode()
    return len(text).to_bytes(8, "little") + text + rest


def test_157_sizes_that_are_declared_are_not_believed(tmp_path: Path) -> None:
    save(tmp_path, snapshot(1))
    path = save(tmp_path, snapshot(2))
    for data in (
        header({"x": {"dtype": "F32", "shape": [2**40, 2**20], "data_offsets": [0, 2**62]}}),
        header({"x": {"dtype": "F32", "shape": [2**62], "data_offsets": [0, 4]}}, b"four"),
        header({"x": {"dtype": "F4", "shape": [2], "data_offsets": [0, 1]}}, b"1"),
        (2**62).to_bytes(8, "little") + b"{}",
        b"",
    ):
        (path / TENSORS).write_bytes(data)
        signed_again(path)
        assert_same(newest(tmp_path)[0], 1)
    forged(path / FACTS, lambda body: body["files"].update({TENSORS: {"sha256": "", "size": 2**60}}))
    assert_same(newest(tmp_path)[0], 1)


def test_what_is_no_file_is_not_read(tmp_path: Path) -> None:
    save(tmp_path, snapshot(1))
    path = save(tmp_path, snapshot(2))
    for name in (TENSORS, FACTS):
        (path / name).unlink()
        os.mkfifo(path / name)  # a reader would wait for ever
        assert_same(newest(tmp_path)[0], 1)
        (path / name).unlink()
        (path / name).mkdir()
        assert_same(newest(tmp_path)[0], 1)
    (tmp_path / "step-000000009-0").symlink_to(path)
    assert steps(tmp_path) == [1, 2]


def test_167_the_order_is_that_of_steps(tmp_path: Path) -> None:
    for number, step in enumerate((9, 10, 1_000_000_000, 1_000_000_001)):
        path = save(tmp_path, snapshot(step), keep=9)
        for each in (path, *path.iterdir()):
            os.utime(each, (2_000_000_000 - number, 2_000_000_000 - number))
    assert steps(tmp_path) == [9, 10, 1_000_000_000, 1_000_000_001]
    assert_same(newest(tmp_path)[0], 1_000_000_001)
