"""The live module: it is the executed text, and does what an ``nn.Module`` has to do."""

from __future__ import annotations

import copy
import io
import pickle
import subprocess
import sys
import traceback
from collections import Counter
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

import nndsl
from tests.examples.test_examples import EXAMPLES

ROOT = EXAMPLES.parent
SMALL = """
block Residual(filters) {
  input x: (H, W, C)

  y = x -> Conv2D(filters, 3, padding="same") -> BatchNormalization() -> ReLU()
  output x + y
}

model Small {
  input image: (8, 8, 3)

  for i in range(2) {
    Residual(3)
  }
  GlobalAveragePooling2D() -> Dense(4) -> Dropout(0.5)
}
"""


def module_of(text: str, **arguments: object) -> nn.Module:
    return nndsl.compile(text).module(**{"seed": 0, **arguments})  # type: ignore[arg-type]


def equal(one: nn.Module, other: nn.Module) -> bool:
    """Whether two modules have the same state."""
    first, second = one.state_dict(), other.state_dict()
    return list(first) == list(second) and all(torch.equal(first[key], second[key]) for key in first)


# ---------------------------------------------------------------- copies and files


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda module: pickle.loads(pickle.dumps(module))])
def test_copies_are_equal_and_independent(copied) -> None:
    module = module_of(SMALL).eval()
    other = copied(module)
    assert type(other) is type(module)
    assert not other.training
    assert equal(module, other)
    x = torch.rand(2, 8, 8, 3)
    torch.testing.assert_close(other(x), module(x))
    with torch.no_grad():
        next(other.parameters()).add_(1)
    assert not equal(module, other)


def test_parts_pickle_too() -> None:
    part = module_of(SMALL).residual[1]
    assert equal(pickle.loads(pickle.dumps(part)), part)


def test_a_pickle_is_read_where_the_model_was_never_compiled(tmp_path: Path) -> None:
    """It holds the source: a new process makes the class from it."""
    module = module_of(SMALL).eval()
    x = torch.rand(2, 8, 8, 3)
    torch.save({"x": x, "y": module(x)}, tmp_path / "values.pt")
    (tmp_path / "module.pickle").write_bytes(pickle.dumps(module))
    script = (
        "import pickle, torch, pathlib, sys\n"
        "folder = pathlib.Path(sys.argv[1])\n"
        "module = pickle.loads((folder / 'module.pickle').read_bytes())\n"
        "values = torch.load(folder / 'values.pt')\n"
        "torch.testing.assert_close(module(values['x']), values['y'])\n"
        "assert not any(name.startswith(('lark', 'nndsl.elaborate')) for name in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_states_are_saved_and_loaded() -> None:
    module, other = module_of(SMALL), module_of(SMALL, seed=1)
    assert not equal(module, other)
    file = io.BytesIO()
    torch.save(module.state_dict(), file)
    file.seek(0)
    other.load_state_dict(torch.load(file, weights_only=True))
    assert equal(module, other)


def test_the_source_alone_gives_the_same_module(tmp_path: Path) -> None:
    """In a process where nndsl cannot be imported: the same keys, outputs and gradients."""
    compiled = nndsl.compile(SMALL)
    module = compiled.module(seed=0).eval()
    x = torch.rand(2, 8, 8, 3)
    module(x).square().sum().backward()
    gradients = {key: parameter.grad for key, parameter in module.named_parameters()}
    torch.save(
        {"state": module.state_dict(), "x": x, "y": module(x).detach(), "gradients": gradients}, tmp_path / "v.pt"
    )
    (tmp_path / "small.py").write_text(compiled.source)
    script = (
        "import sys; sys.modules['nndsl'] = None\n"
        "import torch, small\n"
        "values = torch.load('v.pt')\n"
        "module = small.Small().eval()\n"
        "assert list(module.state_dict()) == list(values['state'])\n"
        "module.load_state_dict(values['state'])\n"
        "y = module(values['x'])\n"
        "torch.testing.assert_close(y, values['y'])\n"
        "y.square().sum().backward()\n"
        "for key, parameter in module.named_parameters():\n"
        "    torch.testing.assert_close(parameter.grad, values['gradients'][key])\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


# ---------------------------------------------------------------- initial weights


def test_a_seed_gives_the_same_weights_and_leaves_the_generator() -> None:
    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)
    one, other = module_of(SMALL, seed=7), module_of(SMALL, seed=7)
    assert torch.equal(torch.rand(4), expected)
    assert equal(one, other)
    assert not equal(one, module_of(SMALL, seed=8))


def test_without_a_seed_the_generator_decides() -> None:
    torch.manual_seed(3)
    one = nndsl.compile(SMALL).module()
    other = nndsl.compile(SMALL).module()
    torch.manual_seed(3)
    again = nndsl.compile(SMALL).module()
    assert equal(one, again)
    assert not equal(one, other)


@pytest.mark.parametrize("name", ["sequential", "tagger", "gpt", "unet"])
def test_initial_weights_are_drawn_once(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """PyTorch's layers do not draw at all: they are made without values."""
    drawn: Counter[int] = Counter()
    wanted = (
        "uniform_",
        "normal_",
        "trunc_normal_",
        "xavier_uniform_",
        "kaiming_uniform_",
        "orthogonal_",
        "zeros_",
        "ones_",
    )
    for function in wanted:
        original = getattr(nn.init, function)

        def counted(tensor: Tensor, *args, original=original, **keywords) -> Tensor:
            if not tensor.is_meta:
                drawn[tensor.data_ptr()] += 1
            return original(tensor, *args, **keywords)

        monkeypatch.setattr(nn.init, function, counted)
    module = nndsl.compile(EXAMPLES / f"{name}.nn").module(seed=0)
    own = {parameter.data_ptr() for parameter in module.parameters()}
    assert own <= set(drawn)
    # The forget gate of an LSTM is set to ones after its bias was set to zeros: another place, or once more.
    assert all(count == 1 for place, count in drawn.items() if place in own)


def test_the_source_alone_draws_the_same_distributions() -> None:
    """What is drawn for the module is what the constructors of the text draw."""
    compiled = nndsl.compile("model M {\n  input (2000)\n\n  Dense(1000, kernel_initializer='he_normal')\n}\n")
    namespace: dict[str, type[nn.Module]] = {}
    exec(compiled.source, namespace)
    for module in (compiled.module(seed=0), namespace["M"]()):
        (weight, bias) = module.parameters()
        assert abs(weight.std().item() - (2 / 2000) ** 0.5) < 1e-3
        assert not bias.any()


def test_buffers_have_their_values() -> None:
    module = module_of(SMALL)
    for key, value in module.state_dict().items():
        if "running" in key:
            assert torch.equal(value, torch.full_like(value, float(key.endswith("var"))))


def test_device_and_dtype() -> None:
    module = nndsl.compile(SMALL).module(dtype=torch.float64)
    assert {tensor.dtype for tensor in module.state_dict().values()} == {torch.float64}
    assert module(torch.rand(2, 8, 8, 3, dtype=torch.float64)).dtype == torch.float64
    module = nndsl.compile(SMALL).module(device="meta")
    assert all(tensor.is_meta for tensor in module.state_dict().values())
    with torch.device("meta"):
        module = nndsl.compile(SMALL).module()
    assert all(tensor.is_meta for tensor in module.state_dict().values())


def test_not_trainable_is_frozen() -> None:
    text = """
block Pair(units) {
  Dense(units) -> BatchNormalization()
}

model M {
  input x: (4)

  a = x -> Dense(4)
  b = a -> Dense(4, trainable=false) -> BatchNormalization(trainable=false)
  c = b -> Pair(4, trainable=false)
  d = c -> Pair(4)

  output d
}
"""
    module = module_of(text)
    frozen = {key.rpartition(".")[0] for key, each in module.named_parameters() if not each.requires_grad}
    assert frozen == {"b_dense", "b_batch_normalization", "c.dense", "c.batch_normalization"}
    before = copy.deepcopy(module.state_dict())
    module.train()(torch.rand(16, 4)).sum().backward()
    after = module.state_dict()
    assert torch.equal(after["b_batch_normalization.running_mean"], before["b_batch_normalization.running_mean"])
    assert torch.equal(after["c.batch_normalization.running_var"], before["c.batch_normalization.running_var"])
    assert not torch.equal(after["d.batch_normalization.running_mean"], before["d.batch_normalization.running_mean"])


# ---------------------------------------------------------------- inputs and tracebacks


def refused(text: str, *shapes: tuple[int, ...]) -> str:
    """The message with which a module refuses inputs of some shapes."""
    with pytest.raises(ValueError, match=" must be ") as caught:
        module_of(text)(*(torch.rand(shape) for shape in shapes))
    return str(caught.value)


def test_inputs_are_checked() -> None:
    fixed = "model M {\n  input image: (8, 8, 3)\n\n  Conv2D(4, 3)\n}\n"
    assert refused(fixed, (2, 8, 9, 3)) == "image must be of shape (N, 8, 8, 3), not (2, 8, 9, 3)"
    assert refused(fixed, (8, 8, 3)) == "image must be of shape (N, 8, 8, 3), not (8, 8, 3)"
    symbols = "model M {\n  input image: (4 * H, W, 3)\n\n  Conv2D(4, 3)\n}\n"
    assert refused(symbols, (2, 8, 9, 4)) == "image must be of shape (N, 4 * H, W, 3), not (2, 8, 9, 4)"
    assert refused(symbols, (2, 8, 9)) == "image must be of shape (N, 4 * H, W, 3), not (2, 8, 9)"
    assert refused(symbols, (2, 9, 9, 3)) == "axis 1 of image must be 4 * H, not 9"
    assert refused(symbols, (2, 8, 2, 3)) == "W must be at least 3 (Conv2D(4, 3), line 4), not 2"
    two = "model M {\n  input a: (T, 3)\n  input b: (T, 3)\n\n  output a + b\n}\n"
    assert refused(two, (2, 5, 3), (2, 6, 3)) == "axis 1 of b must be T, not 6"
    cut = "model M {\n  input a: (H, W, 3)\n\n  y = a -> Reshape((H * W, 3))\n  output y[:, :20]\n}\n"
    assert refused(cut, (2, 3, 6, 3)) == "H * W must be at least 20 (y[:, :20], line 5), not 18"
    scalar = "model M {\n  input a: int64()\n\n  Embedding(5, 2)\n}\n"
    assert refused(scalar, (2, 1)) == "a must be of shape (N,), not (2, 1)"


def test_batches_of_any_size_are_taken() -> None:
    module = module_of(SMALL).eval()
    for batch in (0, 1, 7):
        assert module(torch.rand(batch, 8, 8, 3)).shape == (batch, 4)


def test_tracebacks_show_the_line_of_the_text() -> None:
    compiled = nndsl.compile(SMALL)
    module = compiled.module(seed=0)
    module.residual[1].y_conv2d = None
    with pytest.raises(TypeError) as caught:
        module(torch.rand(2, 8, 8, 3))
    *_, frame = traceback.extract_tb(caught.value.__traceback__)
    assert frame.line is not None
    assert "self.y_conv2d(x)" in frame.line
    assert compiled.source.splitlines()[frame.lineno - 1].strip() == frame.line
    assert frame.name == "forward"


# ---------------------------------------------------------------- the text


def test_sources_do_not_depend_on_hashes() -> None:
    script = (
        "import nndsl, pathlib, sys, hashlib\n"
        "from tests.emit.awkward import MODELS\n"
        "texts = [*map(pathlib.Path, sorted(map(str, pathlib.Path('examples').glob('*.nn')))), *MODELS.values()]\n"
        "print(hashlib.sha256('\\n'.join(nndsl.compile(text).source for text in texts).encode()).hexdigest())\n"
        "assert 'torch' not in sys.modules"
    )
    digests = set()
    for seed in range(4):
        environment = {"PYTHONHASHSEED": str(seed), "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-c", script]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        digests.add(done.stdout)
    assert len(digests) == 1


@pytest.mark.parametrize("command", [["build"], ["check"], ["fmt", "--check"]], ids=lambda command: command[0])
def test_commands_do_not_import_torch(command: list[str]) -> None:
    script = (
        "import sys\n"
        "from nndsl.cli.main import main\n"
        f"assert main([*{command}, 'examples/unet.nn']) == 0\n"
        "heavy = {'torch', 'numpy', 'safetensors', 'keras'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_strings_cannot_become_code() -> None:
    """What a file says goes into the text as names and literals that were checked, or not at all."""
    text = SMALL.replace("Small", "Evil").replace("image", "image_")
    text += '\n# """ + __import__("os")\n'
    source = nndsl.compile(text).source
    assert "__import__" not in source
    for name in ('a"b', "a\\nb", "a; import os"):
        with pytest.raises(nndsl.NNDSLError):
            nndsl.compile(f"model M {{\n  input (4)\n\n  Dense(4, name='{name}')\n}}\n")
