"""Loads the sequential example and runs a batch of random images through it."""

from pathlib import Path

import torch

import nndsl

module = nndsl.load(Path(__file__).with_name("sequential.nn"))
images = torch.rand(4, 28, 28, 1)
probabilities = module(images)
print(f"{tuple(images.shape)} -> {tuple(probabilities.shape)}, each row sums to 1:")
print(probabilities.sum(-1).tolist())
