"""The heap of a process that trains."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

SCRIPT = """
import resource
import torch
from nndsl.train.heap import keep_heap

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(20):
        parts = [torch.zeros(2**20) for _ in range(12)]
        del parts
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

without = faults()
keep_heap()
faults()
print(without, faults())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="glibc's allocator alone is told anything")
def test_memory_that_is_given_back_is_kept() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    without, kept = map(int, done.stdout.split())
    assert kept < without / 20
