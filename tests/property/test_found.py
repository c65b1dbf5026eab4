"""What random graphs have found, at its shortest: each once crashed, ran wrong, or was emitted out of form."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from tests.property.running import run

RUN = {
    "numbers_that_only_forward_needs": """
        block Noisy(rate) {
          input x
          output x -> Dropout(rate)
        }
        model M {
          input x: (7, 4)
          output x -> Noisy(0.1) -> Noisy(0.3)
        }
        """,
    "numbers_of_a_block_inside_that_only_forward_needs": """
        block Repeated() {
          input x: (C)
          output x -> RepeatVector(C)
        }
        block Outer() {
          input x: (C)
          output x -> Repeated() -> LSTM(3)
        }
        model M {
          input x: (2)
          y = x
          for i in range(2) {
            y = y -> Outer()
          }
          output y
        }
        """,
    "images_beside_volumes": """
        model M {
          input image: (6, 6, 3)
          input volume: (4, 4, 4, 2)
          output a: image -> Conv2D(4, 3)
          output b: volume -> Conv3D(2, 2)
        }
        """,
    "an_initializer_with_a_seed": """
        model M {
          input x: (5, 3)
          output x -> Conv1D(4, 2, kernel_initializer=HeNormal(seed=3))
        }
        """,
    "a_block_that_cannot_tell_the_sizes_of_the_model": """
        block Split() {
          input x: (H, W, C)
          output x -> Reshape((H, W, C, 1)) -> Reshape((H * C, W))
        }
        model M {
          input x: (H, W, 4)
          output x -> MaxPooling2D(2) -> Split()
        }
        """,
    "a_handed_block_that_cannot_tell_them": """
        block Split() {
          input x: (H, W, C)
          output x -> Reshape((W, H, C))
        }
        block Outer(inner) {
          input x
          output x -> inner
        }
        model M {
          input x: (4 * H, W, 4)
          y = x -> MaxPooling2D(2) -> Outer(Split())
          output y, z: x -> MaxPooling2D((2, 3)) -> Outer(Split())
        }
        """,
    "a_block_of_sizes_in_two_forms": """
        block Half() {
          input x: (H, C)
          output x[:, 0:H // 2]
        }
        model M {
          input a: (2 * T + 1, 4)
          input b: (2 * S, 4)
          output a -> Half(), b -> Half()
        }
        """,
    "a_value_with_the_name_of_a_size": """
        model M {
          input x: (H, W, 4)
          H = x -> Dense(4)
          y = H -> Reshape((W, -1, 2)) -> Dense(3)
          W = y -> Dense(2)
          output W, y
        }
        """,
    "a_kernel_of_one_with_a_stride": """
        model M {
          input x: (4, 5, 3)
          output x -> Conv2DTranspose(2, 1, strides=(2, 3), padding="same", activation="relu")
        }
        """,
    "groups_of_an_input_normalized": """
        model M {
          input x: (3, 3, 4)
          output x -> GroupNormalization(2)
        }
        """,
    "one_normalization_with_and_without_a_mask": """
        model M {
          input x: (6, 1, 3)
          shared = BatchNormalization()
          output shared(x) * shared(Masking()(x))
        }
        """,
    "statistics_of_16_bits_under_a_mask": """
        set dtype_policy = "bfloat16"
        model M {
          input x: (4 * T, 2)
          output x -> Masking() -> BatchNormalization()
        }
        """,
    "zeros_before_a_transposed_convolution": """
        model M {
          input x: (8, 8)
          output x -> ZeroPadding1D(2) -> Conv1DTranspose(4, 2, strides=2)
        }
        """,
    "normalized_volumes": """
        model M {
          input x: (1, 2, 1, 1)
          output x -> Normalization(1, [0.0], [1.5]) -> Conv3D(1, (1, 2, 1))
        }
        """,
    "a_loop_over_layers_with_long_names": """
        model M {
          input x: (6)
          y = x
          for i in range(2) {
            first_of_several = Dense(6, activation="relu")
            second_of_several = Dense(6, activation="relu")
            third_of_several = Dense(6, activation="relu")
            fourth_of_several = Dense(6, activation="relu")
            y = y -> first_of_several -> second_of_several -> third_of_several -> fourth_of_several
          }
          output y
        }
        """,
    "a_class_for_two_ranks": """
        block Added(inner) {
          input x
          output x + (x -> inner)
        }
        model M {
          input x: (6, 4)
          output y: x -> Added(Dropout(0.1))
          output z: x -> Flatten() -> Added(Dropout(0.2))
        }
        """,
    "a_slice_up_to_an_argument": """
        block Both() {
          input x: (T, C)
          output x -> Bidirectional(GRU(C, return_sequences=true), merge_mode="mul")
        }
        model M {
          input a: (T, 4)
          input b: (T, 3)
          output y: a -> Both()
          output z: b -> Both()
        }
        """,
    "powers_and_slices": """
        model M {
          input x: (H, W, 4)
          y = x ** 2
          output y, x[:, H // 3:, :W // 2]
        }
        """,
    "an_import_for_a_comment": """
        model M {
          input x: (T, 4)
          output x -> Conv1D(8, 3, strides=2, padding="same")
        }
        """,
}
"""Texts that run."""

REFUSED = {
    "features_that_are_not_a_number": """
        model M {
          input x: (4, H)
          output [x, x] -> AdditiveAttention()
        }
        """,
    "attention_along_one_axis_of_several": """
        model M {
          input a: (4, 6, 3)
          input b: (2, 6, 3)
          output [a, b] -> Attention()
        }
        """,
    "the_half_of_any_size": """
        model M {
          input x: (4, W)
          output x -> Activation("glu")
        }
        """,
    "more_axes_than_letters": """
        model M {
          input x: (2, 1, 2)
          y = [x, x] -> Dot(2)
          y = [y, y] -> Dot(2)
          y = [y, y] -> Dot(2)
          y = [y, y] -> Dot(2)
          output [y, y] -> Dot(2)
        }
        """,
}
"""Texts that are refused."""


@pytest.mark.parametrize("name", RUN)
def test_a_text_runs(name: str, tmp_path: Path) -> None:
    found = run(RUN[name], Random(0))
    assert found is not None
    assert found.sizes
    (tmp_path / "source.py").write_text(found.source, encoding="utf-8")
    for arguments in (["check", "--isolated"], ["format", "--isolated", "--check"]):
        command = [sys.executable, "-m", "ruff", *arguments, str(tmp_path)]
        assert subprocess.run(command, capture_output=True, check=False).returncode == 0, found.source


@pytest.mark.parametrize("name", REFUSED)
def test_a_text_is_refused(name: str) -> None:
    assert run(REFUSED[name], Random(0)) is None
