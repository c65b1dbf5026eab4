"""Trains the digits example on the CPU, and lets it read digits that it has not seen."""

from pathlib import Path

import numpy as np
import torch

import nndsl

FOLDER = Path(__file__).parent
SHADES = " .:-=+*#%@"

run = nndsl.fit(FOLDER / "digits.nn", device="cpu")

with np.load(FOLDER / "data" / "digits.npz") as arrays:
    images, labels = torch.from_numpy(arrays["images"]), torch.from_numpy(arrays["labels"])
# As the fit block has it, the last fifth was held out.
count = int(len(images) * 0.8)
with torch.no_grad():
    digits = run.module(images[count:]).argmax(-1)
accuracy = (digits == labels[count:]).double().mean().item()

for row in images[-1, :, :, 0].tolist():
    print("".join(2 * SHADES[round(9 * pixel)] for pixel in row))
print(f"read as {digits[-1]}, and it is {labels[-1]}")
print(f"accuracy on {len(digits)} digits that were held out: {accuracy:.3f}")
