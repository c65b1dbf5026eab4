"""Resident memory over an epoch of a large ``.npy`` file, by the side of a plain map: ``memory.py [GIGABYTES]``.

Each way runs in a process of its own. The pages of files that are mapped count: the peak is the kernel's ``VmHWM``,
set back before the epoch.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from comparing import row

COLUMNS = 256
MODEL = f"""model Net {{
  input x: ({COLUMNS})

  Dense(3, activation="softmax")

  compile {{
    loss = SparseCategoricalCrossentropy()
  }}
}}
"""


def compare(gigabytes: float = 1.0) -> None:
    """Print the growth of resident memory over an epoch, and its speed."""
    count = int(gigabytes * 10**9) // (4 * COLUMNS)
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), count)
        for way, limit in (("source", "at most 100 MB"), ("memmap", "")):
            done = subprocess.run([sys.executable, __file__, way, folder], check=True, capture_output=True, text=True)
            grown, seconds = map(float, done.stdout.split())
            row(f"an epoch of {gigabytes:g} GB, {way}: resident memory", f"+{grown:.0f} MB", limit)
            row(f"an epoch of {gigabytes:g} GB, {way}: rows a second", f"{count / seconds / 1e6:.2f} M")


def write(folder: Path, count: int) -> None:
    """Write rows of floats and their labels, piece by piece."""
    generator = np.random.default_rng(0)
    with (folder / "x.npy").open("wb") as file:
        header = {"descr": "<f4", "fortran_order": False, "shape": (count, COLUMNS)}
        np.lib.format.write_array_header_1_0(file, header)
        for start in range(0, count, 50_000):
            file.write(generator.random((min(50_000, count - start), COLUMNS), dtype=np.float32).tobytes())
    np.save(folder / "y.npy", generator.integers(0, 3, count))


def measure(way: str, folder: Path) -> None:
    """Go through an epoch, and print the growth of resident memory in MB, and the seconds."""
    import torch

    import nndsl
    from nndsl.recipes.data import Npy
    from nndsl.train.data import order_of, source_of

    torch.set_num_threads(1)
    paths = (("x", str(folder / "x.npy")), ("y", str(folder / "y.npy")))
    source = source_of(Npy(paths), nndsl.compile(MODEL))
    x, y = (np.load(path, mmap_mode="r") for _, path in paths)
    sums = torch.zeros(COLUMNS)
    start = resident("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # sets the peak back
    began = time.perf_counter()
    if way == "source":
        for batch in source.batches(256, order_of(0, 0)):
            sums += batch.inputs[0][0]
    else:
        for rows in torch.randperm(len(x)).split(256):
            chosen = rows.sort().values.numpy()
            sums += torch.from_numpy(x[chosen])[0]
            torch.from_numpy(y[chosen])
    print(resident("VmHWM") - start, time.perf_counter() - began)


def resident(field: str) -> float:
    """Return a figure of this process in MB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field)) * 1024 / 1e6


if __name__ == "__main__":
    if len(sys.argv) == 3:
        measure(sys.argv[1], Path(sys.argv[2]))
    else:
        compare(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0)
