"""The promise: compiling any text runs nothing from it, opens nothing, and raises nothing but NNDSLError."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

AUDITED = r"""
import resource, sys
from pathlib import Path
import nndsl

resource.setrlimit(resource.RLIMIT_CPU, (120, 120))
WATCHED = "open", "exec", "compile", "import", "os.", "socket.", "subprocess.", "ctypes.", "shutil.", "urllib."
PACKAGE = str(Path(nndsl.__file__).parent)


def watch(event, given):
    own = event == "open" and str(given[0]).startswith(PACKAGE)  # helpers that go into sources
    if watching and event.startswith(WATCHED) and not own:
        events.append((event, given))


def compiled(text):
    try:
        nndsl.check(text)
        model = nndsl.compile(text)
        return len(model.source) + len(str(model.summary()))
    except nndsl.NNDSLError as error:
        return len(str(error))


texts = [path.read_bytes() for path in map(Path, sys.argv[1:])]
for text in texts:  # all that is loaded on first use is loaded now
    compiled(text)
events = []
watching = True
sys.addaudithook(watch)
virtual = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
events.clear()
resource.setrlimit(resource.RLIMIT_AS, (virtual + 300_000_000,) * 2)
done = sum(compiled(text) > 0 for text in texts)
watching = False
print(done, events[:5])
"""


def test_nothing_runs_and_nothing_is_opened() -> None:
    corpus = [*ROOT.glob("examples/*.nn"), *ROOT.glob("tests/errors/*.nn"), *ROOT.glob("tests/golden/*.nn")]
    corpus = [file for file in corpus if 'from "' not in file.read_text(encoding="utf-8", errors="replace")]
    assert len(corpus) > 100
    process = subprocess.run(
        [sys.executable, "-c", AUDITED, *map(str, corpus)], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert (process.stdout, process.stderr) == (f"{len(corpus)} []\n", "")
