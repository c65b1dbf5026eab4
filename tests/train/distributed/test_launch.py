"""What the launcher makes of processes that end in one way or another; these need no PyTorch."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from nndsl.cli.main import main
from nndsl.train.distributed import launch as launching
from nndsl.train.distributed.launch import launch
from nndsl.train.distributed.processes import processes_of
from nndsl.train.distributed.surroundings import LAUNCHER, LOST
from nndsl.train.errors import TrainingError

BEGIN = "import os, signal, sys, time; rank = int(os.environ['RANK']); "


def run(text: str, count: int = 2) -> int:
    return launch([sys.executable, "-c", BEGIN + text], count)


def test_each_process_is_told_who_it_is(tmp_path: Path) -> None:
    names = ("RANK", "LOCAL_RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE", "MASTER_ADDR", LAUNCHER)
    write = (
        f"open(os.path.join({str(tmp_path)!r}, str(rank)), 'w').write(' '.join(os.environ[each] for each in {names}))"
    )
    assert run(write, 3) == 0
    for rank in range(3):
        assert (tmp_path / str(rank)).read_text() == f"{rank} {rank} 3 3 127.0.0.1 {os.getpid()}"


def test_the_first_process_alone_speaks_unless_another_fails(capfd: pytest.CaptureFixture[str]) -> None:
    assert run("print('rank', rank, file=sys.stderr)") == 0
    assert capfd.readouterr().err == "rank 0\n"
    assert run(f"rank and print('its mistake', file=sys.stderr); sys.exit(3 if rank else {LOST})") == 3
    assert capfd.readouterr().err == "its mistake\n"
    assert run("print('a mistake', file=sys.stderr); sys.exit(1)") == 1
    assert capfd.readouterr().err == "a mistake\n"


def test_processes_that_wait_for_a_dead_one_are_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launching, "GRACE", 0.1)
    with pytest.raises(TrainingError, match="process 1 of 2 was killed by SIGABRT") as caught:
        run("rank and os.abort(); time.sleep(600)")
    assert caught.value.code == "E1232"
    with pytest.raises(TrainingError, match="lost each other"):
        run(f"sys.exit({LOST})")


def test_a_signal_is_handed_on_once_to_all(tmp_path: Path) -> None:
    text = (
        "from nndsl.train.distributed.launch import launch; import sys; "
        "print('begun', flush=True); sys.exit(launch([sys.executable, '-c', sys.argv[1]], 2))"
    )
    child = BEGIN + (
        "signal.signal(signal.SIGINT, lambda *_: sys.exit(130)); "
        f"open(os.path.join({str(tmp_path)!r}, str(rank)), 'w'); time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", text, child], stdout=subprocess.PIPE) as launcher:
        while len(list(tmp_path.iterdir())) < 2:
            assert launcher.poll() is None
        launcher.send_signal(signal.SIGINT)
        assert launcher.wait() == 130


def test_the_port_is_in_use(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        names = {"RANK": "0", "LOCAL_RANK": "0", "LOCAL_WORLD_SIZE": "2", "WORLD_SIZE": "2", "OMP_NUM_THREADS": "1"}
        for name, value in {**names, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}.items():
            monkeypatch.setenv(name, value)
        with pytest.raises(TrainingError, match=f"the port {port}, which is in use") as caught:
            processes_of(torch.device("cpu"))
    assert caught.value.code == "E1231"


def test_wrong_use(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "model.nn", "--processes", "0"]) == 2
    assert "`--processes` is at least 1" in capsys.readouterr().err
    monkeypatch.setenv("WORLD_SIZE", "4")
    assert main(["train", "model.nn", "--processes", "2"]) == 2
    assert "`--processes 2` is asked for in a run of 4" in capsys.readouterr().err
