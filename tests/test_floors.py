"""The house stands on its floors: imports go down, files stay small, and nothing knows this machine."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "nndsl"
HELPERS = PACKAGE / "emit" / "helpers"  # texts that go into what is emitted: nothing imports them
MODULES = sorted(file for file in PACKAGE.rglob("*.py") if HELPERS not in file.parents)
FILES = sorted(
    file for folder in ("nndsl", "tests", "benchmarks", "examples") for file in (ROOT / folder).rglob("*.py")
)

# The first part of a name within the package, and its floor. A module imports from its own floor and
# those below.
FLOORS = {
    "diagnostics": 0,
    "limits": 0,
    "tensor_file": 0,
    "weight_keys": 0,
    "rendering": 0,
    "suggestions": 0,
    "elsewhere": 0,
    "dims": 0,
    "traced": 0,
    "code": 0,
    "syntax": 1,
    "arguments": 1,
    "binding": 1,
    "layers": 1,
    "ops": 1,
    "recipes": 1,
    "settings": 1,
    "graph": 2,
    "elaborate": 3,
    "passes": 3,
    "emit": 3,
    "listing": 3,
    "reference": 3,
    "variables": 3,
    "summary": 3,
    "compiler": 4,
    "module": 5,
    "loading": 5,
    "python_layers": 5,
    "weights": 5,
    "importing": 5,
    "train": 5,
    "cli": 6,
    "__main__": 6,
}
HANDED_UP = {("compiler", "module")}
"""What a part imports from above, when it is called: `Compiled.module()` makes the module of its own source."""
HEAVY = {"torch", "numpy", "safetensors", "keras"}
# Written by a program, and as long as it has to be.
GENERATED = {"nndsl/syntax/tables.py"}


def part_of(module: Path) -> str:
    """The part of the package that a file belongs to; the package's own __init__ has none."""
    return module.relative_to(PACKAGE).with_suffix("").parts[0]


def imports_of(file: Path) -> list[tuple[str, bool]]:
    """The full names of what a file imports, and whether it is at run time rather than for types."""
    found = []

    def visit(node: ast.AST, runs: bool) -> None:
        if isinstance(node, ast.Import):
            found.extend((alias.name, runs) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: imports are absolute"
            found.extend((f"{node.module}.{alias.name}", runs) for alias in node.names)
        elif isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            runs = False
        for child in ast.iter_child_nodes(node):
            visit(child, runs)

    visit(ast.parse(file.read_text(encoding="utf-8")), True)
    return found


def test_every_part_has_a_floor() -> None:
    parts = {part_of(module) for module in MODULES} - {"__init__"}
    assert parts <= set(FLOORS), f"give these a floor: {sorted(parts - set(FLOORS))}"


@pytest.mark.parametrize("module", MODULES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_imports_go_down(module: Path) -> None:
    part = part_of(module)
    floor = FLOORS.get(part, -1)  # the package's own __init__ imports nothing at run time
    for name, runs in imports_of(module):
        top, _, rest = name.partition(".")
        target = rest.partition(".")[0]
        if top in HEAVY:
            assert floor >= FLOORS["module"] or not runs, f"{name}: torch is for floor 5 and above"
        # What `nndsl` itself defines is a name of the package, not a module, and belongs to no floor.
        elif top == "nndsl" and target in FLOORS and runs and target != part:
            assert FLOORS[target] <= floor or (part, target) in HANDED_UP, f"{name} is on a floor above"


@pytest.mark.parametrize("helper", sorted(HELPERS.glob("*.py")), ids=lambda file: file.stem)
def test_helpers_need_torch_alone(helper: Path) -> None:
    # What a helper needs of another goes into the source before it.
    others = [name for name, _ in imports_of(helper) if not name.startswith("nndsl.emit.helpers.")]
    needed = {name.partition(".")[0] for name in others}
    assert needed <= {"torch", *sys.stdlib_module_names}


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_files_are_short(file: Path) -> None:
    if file.relative_to(ROOT).as_posix() not in GENERATED:
        assert len(file.read_text(encoding="utf-8").splitlines()) < 400


def test_import_is_light() -> None:
    """Importing the package, and checking a file, load neither PyTorch nor what draws tables."""
    script = (
        "import sys, nndsl; before = set(sys.modules)\n"
        "from nndsl.cli.main import main\n"
        "assert main(['check', 'examples/sequential.nn']) == 0\n"
        "heavy = {'torch', 'numpy', 'rich', 'safetensors', 'keras'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
        "assert 'lark' not in before, 'import nndsl loads the parser'"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_no_path_of_a_machine() -> None:
    needles = [str(ROOT) + "/", str(Path.home()) + "/"]
    texts = [*FILES, *ROOT.glob("*.md"), *ROOT.glob("*.toml"), ROOT / "Makefile"]
    texts += [*(ROOT / "examples").glob("*.nn"), *(PACKAGE / "codes").glob("*.md")]
    for file in texts:
        text = file.read_text(encoding="utf-8")
        assert not [needle for needle in needles if needle in text], file
