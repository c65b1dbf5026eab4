"""The commands as a terminal sees them: results on one stream, messages on the other, an exit status."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

import nndsl
from nndsl.cli.main import COMMANDS, main
from nndsl.cli.settings import read_setting

GOOD = "model M {\n  input (4)\n\n  Dense(8)\n}\n"
BAD = "model M {\n  input (4)\n\n  Densee(8)\n}\n"
UGLY = "model M {\n input (4)\n\n Dense( 8 ) # eight\n}"


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]):
    def call(*arguments: str | Path) -> tuple[int, str, str]:
        try:
            status = main([str(argument) for argument in arguments])
        except SystemExit as stop:  # argparse ends so
            status = int(stop.code or 0)
        return status, *capsys.readouterr()

    return call


@pytest.fixture
def good(tmp_path: Path) -> Path:
    file = tmp_path / "good.nn"
    file.write_text(GOOD)
    return file


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    file = tmp_path / "bad.nn"
    file.write_text(BAD)
    return file


def pipe(*arguments: str, text: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "nndsl", *arguments]
    environment = {**os.environ, **environment}
    return subprocess.run(command, input=text, env=environment, capture_output=True, text=True, check=False)


# ---------------------------------------------------------------- use


def test_version(run) -> None:
    assert run("--version") == (0, f"nndsl {nndsl.__version__}\n", "")


@pytest.mark.parametrize("arguments", [[], ["chek"], ["check"], ["check", "a", "b"], ["--fast"]])
def test_wrong_use(run, arguments: list[str]) -> None:
    status, out, err = run(*arguments)
    assert (status, out) == (2, "")
    assert err.startswith("usage: nndsl")


@pytest.mark.parametrize("command", COMMANDS)
def test_help(run, command: str) -> None:
    status, out, err = run(command, "--help")
    assert (status, err) == (0, "")
    assert out.startswith(f"usage: nndsl {command}")
    assert COMMANDS[command] in run("--help")[1]


def test_help_keeps_capitals(run) -> None:
    assert "Compile a model to Python source." in run("build", "--help")[1]


def test_a_command_imports_what_it_uses() -> None:
    script = "import sys; from nndsl.cli.main import main; main(['explain', 'E0101']); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    modules = done.stdout.split()
    assert "nndsl.cli.explain" in modules
    assert not {"lark", "networkx", "nndsl.compiler", "nndsl.cli.build", "rich"} & set(modules)


@pytest.mark.parametrize("command", ["check", "build", "summary", "fmt"])
def test_a_file_that_is_not_there(run, tmp_path: Path, command: str) -> None:
    status, out, err = run(command, tmp_path / "no.nn")
    assert status == 2
    assert out == ""
    assert "no.nn" in err
    assert "Traceback" not in err


@pytest.mark.parametrize("command", ["check", "build", "summary"])
def test_a_file_with_errors(run, bad: Path, command: str) -> None:
    status, out, err = run(command, bad)
    assert (status, out) == (1, "")
    assert "`Densee`" in err
    assert f"{bad}:4:3" in err
    assert "did you mean `Dense`?" in err
    status, out, err = run(command, bad, "--format", "json")
    assert (status, out) == (1, "")
    (line,) = err.splitlines()
    assert json.loads(line)["start"]["line"] == 4


@pytest.mark.parametrize("command", ["check", "build", "summary", "fmt"])
def test_standard_input(command: str) -> None:
    done = pipe(command, "-", text=GOOD)
    assert (done.returncode, done.stderr) == (0, "")
    assert bool(done.stdout) == (command != "check")
    done = pipe(command, "-", text="model {")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error[E01")


def test_a_missing_torch_says_how_to_install_it(run, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(options: object) -> int:
        raise ModuleNotFoundError("No module named 'torch'", name="torch")

    monkeypatch.setattr("nndsl.cli.explain.run", fail)
    status, out, err = run("explain", "E0101")
    assert (status, out) == (2, "")
    assert "pip install 'nndsl[torch]'" in err


def test_a_defect_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(options: object) -> int:
        raise ModuleNotFoundError("No module named 'lark'", name="lark")

    monkeypatch.setattr("nndsl.cli.explain.run", fail)
    with pytest.raises(ModuleNotFoundError):
        main(["explain", "E0101"])


def test_an_interrupt_is_quiet(run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(options: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("nndsl.cli.explain.run", interrupt)
    assert run("explain", "E0101") == (130, "", "")


def test_a_reader_that_has_enough() -> None:
    command = [sys.executable, "-m", "nndsl", "layers"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 0


@pytest.mark.parametrize(("no_color", "coloured"), [("", True), ("1", False)])
def test_colours_are_for_terminals(bad: Path, no_color: str, coloured: bool) -> None:
    parent, child = pty.openpty()
    command = [sys.executable, "-m", "nndsl", "check", str(bad)]
    subprocess.run(command, stderr=child, env={**os.environ, "NO_COLOR": no_color}, check=False)
    os.close(child)
    shown = os.read(parent, 10000)
    os.close(parent)
    assert b"Densee" in shown
    assert (b"\x1b[1;31merror[" in shown) == coloured
    assert "\x1b" not in pipe("check", str(bad)).stderr


# ---------------------------------------------------------------- commands


def test_check_says_nothing_when_all_is_well(run, good: Path) -> None:
    assert run("check", good) == (0, "", "")


def test_build_prints_the_source(run, good: Path, tmp_path: Path) -> None:
    source = nndsl.compile(GOOD).source
    assert run("build", good) == (0, source, "")
    out = tmp_path / "out.py"
    assert run("build", good, "-o", out) == (0, "", "")
    assert out.read_text() == source
    status, _, err = run("build", good, "-o", tmp_path / "no" / "out.py")
    assert status == 2
    assert "out.py" in err


@pytest.mark.parametrize("stage", ["ast", "graph", "source"])
def test_build_stops_at_any_stage(run, good: Path, stage: str) -> None:
    status, out, err = run("build", good, "--emit", stage)
    assert (status, err) == (0, "")
    assert {"ast": "Model(", "graph": "Dense", "source": "nn.Linear(4, 8)"}[stage] in out


def test_build_takes_the_model_and_settings(run, tmp_path: Path) -> None:
    file = tmp_path / "two.nn"
    file.write_text("model A(units=3) {\n  input (4)\n  Dense(units)\n}\nmodel B {\n  input (4)\n  Dense(8)\n}\n")
    status, out, _ = run("build", file, "--model", "A", "--set", "units=5")
    assert status == 0
    assert "nn.Linear(4, 5)" in out
    status, _, err = run("build", file)  # which?
    assert status == 1
    assert "`A`" in err
    assert "`B`" in err


def test_fmt(run, tmp_path: Path) -> None:
    file = tmp_path / "ugly.nn"
    file.write_text(UGLY)
    formatted = nndsl.format(UGLY)
    assert run("fmt", "--check", file) == (1, f"{file}\n", "")
    status, out, err = run("fmt", "--diff", file)
    assert (status, err) == (1, "")
    assert "- Dense( 8 ) # eight\n" in out
    assert file.read_text() == UGLY
    assert run("fmt", file) == (0, "", "")
    assert file.read_text() == formatted
    assert run("fmt", "--check", file) == (0, "", "")
    assert run("fmt", "--diff", file) == (0, "", "")


def test_fmt_leaves_a_file_with_errors_alone_and_goes_on(run, tmp_path: Path) -> None:
    wrong, ugly = tmp_path / "wrong.nn", tmp_path / "ugly.nn"
    wrong.write_text("model {")
    ugly.write_text(UGLY)
    status, _, err = run("fmt", wrong, ugly)
    assert status == 1
    assert "wrong.nn:1:" in err
    assert wrong.read_text() == "model {"
    assert ugly.read_text() == nndsl.format(UGLY)


def test_fmt_writes_lines_that_end_alike(run, tmp_path: Path) -> None:
    file = tmp_path / "windows.nn"
    file.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    assert run("fmt", "--check", file)[0] == 1
    run("fmt", file)
    assert file.read_bytes() == GOOD.encode()


def test_summary(run, root: Path) -> None:
    status, out, err = run("summary", root / "examples" / "sequential.nn")
    assert (status, err) == (0, "")
    assert "693,962" in out
    assert "conv2d" in out
    status, out, err = run("summary", root / "examples" / "sequential.nn", "--format", "json")
    assert (status, err) == (0, "")
    data = json.loads(out)
    assert data["parameters"] == data["trainable"] == sum(row["parameters"] for row in data["rows"]) == 693_962


def test_summary_unfolds_blocks(run, root: Path) -> None:
    file = root / "examples" / "resnet.nn"
    folded, once, whole = (run("summary", file, "--depth", depth)[1] for depth in ("0", "1", "-1"))
    assert "BatchNormalization" not in folded
    assert folded.count("\n") < once.count("\n") < whole.count("\n")
    assert all("11,699,112 parameters, 11,689,512 trainable" in out for out in (folded, once, whole))


def test_layers(run) -> None:
    assert "`Dense`" in run("layers")[1]
    status, out, err = run("layers", "Dense")
    assert (status, err) == (0, "")
    assert out.startswith("# Dense\n\n    Dense(units, activation=none, use_bias=true, ")
    assert "| `units` | a positive integer | required |" in out
    arguments = json.loads(run("layers", "Dense", "--format", "json")[1])["arguments"]
    assert arguments[0] == {"name": "units", "takes": "a positive integer", "required": True, "default": None}
    status, out, err = run("layers", "nn.Linear")
    assert (status, out) == (2, "")
    assert "write `Dense(units)`" in err


def test_a_recipe_has_a_page_for_each_of_its_kinds(run) -> None:
    out = run("layers", "Hinge")[1]
    assert out.count("# Hinge") == 2
    assert "It is a loss." in out
    assert "It is a metric." in out


def test_every_name_has_a_page(run) -> None:
    from nndsl import ops, recipes
    from nndsl.layers import names

    described = {entry["name"]: entry for entry in json.loads(run("layers", "--format", "json")[1])}
    assert set(described) == {
        *names(),
        *(f"ops.{name}" for name in ops.names()),
        *(name for members in recipes.NAMES.values() for name in members),
    }
    for name, entry in described.items():
        assert entry["description"], name
        assert run("layers", name)[1].startswith(f"# {name}\n")


def test_explain(run) -> None:
    status, out, err = run("explain", "e0101")
    assert (status, err) == (0, "")
    assert out.startswith("# ")
    status, out, err = run("explain", "E0100")
    assert (status, out) == (2, "")
    assert "E0100" in err


# ---------------------------------------------------------------- --set


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3),
        ("-3", -3),
        ("1e-3", 1e-3),
        ("1_000", 1000),
        ("true", True),
        ("False", False),
        ("none", None),
        ('"relu"', "relu"),
        ("relu", "relu"),
        ("(3, 4)", (3, 4)),
        ("[1, [2]]", [1, [2]]),
        ('{"a": 1}', {"a": 1}),
        ("", ""),
        ("007", "007"),
        ("1 + 2", "1 + 2"),
        ("a=b", "a=b"),
        ("1\ny = 2", "1\ny = 2"),
        ("1 # one", "1 # one"),
        ("__import__('os')", "__import__('os')"),
        ("(" * 100_000, "(" * 100_000),
    ],
)
def test_settings_are_literals_or_strings(text: str, value: object) -> None:
    name, read = read_setting(f"depth={text}")
    assert name == "depth"
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize("argument", ["depth", "=3", "1x=3", "a b=3", "é=3"])
def test_settings_have_a_name(run, good: Path, argument: str) -> None:
    status, _, err = run("check", good, "--set", argument)
    assert status == 2
    assert "not of the form name=value" in err


def test_a_source_never_replaces_its_model(run, good: Path) -> None:
    status, out, err = run("build", good, "-o", good.parent / "." / good.name)
    assert (status, out) == (2, "")
    assert "is the file itself" in err
    assert good.read_text() == GOOD


def test_a_folder_is_named_so(run, tmp_path: Path) -> None:
    status, out, err = run("check", tmp_path)
    assert (status, out) == (1, "")
    assert "error[E0603]: this is a folder, not a file" in err


def test_a_code_that_is_like_none(run) -> None:
    status, out, err = run("explain", "CODE")
    assert (status, out) == (2, "")
    assert "help: messages begin with their code, such as E0401" in err


def test_a_setting_that_no_model_has(run, tmp_path: Path) -> None:
    file = tmp_path / "two.nn"
    file.write_text("model A(a=1) {\n  input (4)\n\n  Dense(a)\n}\n\nmodel B {\n  input (4)\n\n  Dense(2)\n}\n")
    assert run("check", file, "--set", "a=3") == (0, "", "")
    status, out, err = run("check", file, "--set", "q=3")
    assert (status, out) == (1, "")
    assert "the model `A` has no parameter `q`" in err


def test_a_root_is_a_folder(run, good: Path) -> None:
    status, out, err = run("check", good, "--root", good)
    assert (status, out) == (2, "")
    assert "is no folder" in err
