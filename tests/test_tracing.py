"""``torch.compile`` and ``torch.export`` take the modules, with dynamic batches and symbolic sizes."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.export import Dim, export

import nndsl
from tests.examples.test_examples import EXAMPLES, FEEDS

IMAGES = """
model Images {
  input image: (8, 8, 3)

  for i in range(2) {
    Conv2D(4, 3, padding="same") -> BatchNormalization() -> ReLU()
  }
  GlobalAveragePooling2D() -> Dense(4) -> Dropout(0.5)
}
"""


@pytest.mark.parametrize("name", FEEDS)
def test_torch_compile_takes_it(name: str) -> None:
    """In one graph, but for recurrent layers, whose modules PyTorch itself keeps out of graphs."""
    compiled = nndsl.compile(EXAMPLES / f"{name}.nn")
    module = compiled.module(seed=0).eval()
    feeds = [feed.draw() for feed in FEEDS[name]]
    whole = not any(isinstance(part, nn.RNNBase) for part in module.modules())
    # The backend that runs what was traced as it is: what is tested is that nothing breaks the graph.
    traced = torch.compile(module, fullgraph=whole, backend="eager")
    with torch.no_grad():
        torch.manual_seed(0)  # some draw in evaluation too
        found = traced(*feeds)
        torch.manual_seed(0)
        torch.testing.assert_close(found, module(*feeds))
    torch.compiler.reset()


DYNAMIC: dict[str, tuple[str, list[dict[int, object]], list[tuple[int, ...]], list[tuple[int, ...]]]] = {
    "images": (IMAGES, [{0: Dim("batch")}], [(2, 8, 8, 3)], [(5, 8, 8, 3)]),
    "any size": (
        "model M {\n  input x: (H, W, 3)\n\n  Conv2D(4, 3, strides=2, padding='same') -> BatchNormalization()"
        " -> MaxPooling2D(2, padding='same') -> GlobalAveragePooling2D() -> Dense(2)\n}\n",
        [{0: Dim("batch"), 1: Dim("height", min=16, max=99), 2: Dim("width", min=16, max=99)}],
        [(2, 18, 22, 3)],
        [(3, 19, 17, 3)],
    ),
    "multiples": (
        "model M {\n  input x: (4 * H, 4 * W, 3)\n\n  y = x -> Conv2D(4, 3, padding='same')\n"
        "  z = y -> MaxPooling2D(4) -> UpSampling2D(4)\n  output both: [y, z] -> Concatenate()\n}\n",
        [{0: Dim("batch"), 1: 4 * Dim("height", min=2, max=9), 2: 4 * Dim("width", min=2, max=9)}],
        [(2, 8, 12, 3)],
        [(3, 16, 32, 3)],
    ),
    "sequences": (
        "model M {\n  input x: (T, 8)\n  input y: (T, 8)\n\n  z = MultiHeadAttention(2, 4)(x, y)\n"
        "  output x + (z -> Conv1D(8, 3, padding='causal') -> LayerNormalization())\n}\n",
        [{0: Dim("batch"), 1: Dim("time")}, {0: Dim("batch"), 1: Dim("time")}],
        [(2, 6, 8), (2, 6, 8)],
        [(3, 9, 8), (3, 9, 8)],
    ),
    "shared at two sizes": (
        "block Down {\n  input x: (H, W, C)\n\n  x -> Conv2D(4, 3, strides=2, padding='same')\n}\n\n"
        "model M {\n  input a: (8, 8, 3)\n  input b: (H, W, 3)\n\n  down = Down()\n\n"
        "  output p: down(a), q: down(b)\n}\n",
        [{0: Dim("batch")}, {0: Dim("batch"), 1: Dim("height", min=4, max=99), 2: Dim("width", min=4, max=99)}],
        [(2, 8, 8, 3), (2, 9, 7, 3)],
        [(3, 8, 8, 3), (3, 6, 11, 3)],
    ),
    "recurrent, its time fixed": (
        "model M {\n  input x: (T, 8)\n\n  LSTM(4, return_sequences=true) -> Dense(2)\n}\n",
        [{0: Dim("batch")}],
        [(2, 6, 8)],
        [(5, 6, 8)],
    ),
}


# PyTorch warns of what it does itself to an nn.LSTM.
@pytest.mark.filterwarnings("ignore:The tensor attributes self.lstm._flat_weights")
@pytest.mark.parametrize("name", DYNAMIC)
def test_torch_export_with_dynamic_sizes(name: str) -> None:
    text, shapes, drawn, others = DYNAMIC[name]
    compiled = nndsl.compile(text)
    module = compiled.module(seed=0).eval()
    names = [node.hint for node in compiled.model.inputs]
    exported = export(module, tuple(map(torch.rand, drawn)), dynamic_shapes=dict(zip(names, shapes, strict=True)))
    feeds = [torch.rand(shape) for shape in others]
    torch.testing.assert_close(exported.module()(*feeds), module(*feeds))
