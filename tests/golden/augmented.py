"""Augmented, written by nndsl."""

import math
from collections.abc import Iterable, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class FixedNormalization(nn.Module):
    """Subtract a mean and divide by a deviation, neither of which is a weight.

    Both are given as numbers or (nested) lists of numbers, which broadcast to inputs.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, mean: Any, deviation: Any, invert: bool = False) -> None:
        super().__init__()
        self.given = mean, deviation
        self.invert = invert
        self.register_buffer("mean", torch.tensor(mean), persistent=False)
        self.register_buffer("deviation", torch.tensor(deviation), persistent=False)

    def reset_parameters(self) -> None:
        mean, deviation = self.given
        self.mean.copy_(torch.tensor(mean))
        self.deviation.copy_(torch.tensor(deviation))

    def forward(self, x: Tensor) -> Tensor:
        mean, deviation = self.mean.to(x.dtype), self.deviation.to(x.dtype)
        return x * deviation + mean if self.invert else (x - mean) / deviation


class Normalization(nn.Module):
    """Subtract the mean of data seen before and divide by its deviation.

    Both are kept along ``axes``, where inputs have the sizes of ``shape``. They come
    from ``adapt``, or from a checkpoint; before that, nothing changes.
    """

    mean: Tensor
    variance: Tensor
    count: Tensor

    def __init__(
        self, shape: tuple[int, ...], axes: tuple[int, ...], invert: bool = False
    ) -> None:
        super().__init__()
        self.axes = axes
        self.invert = invert
        self.register_buffer("mean", torch.zeros(shape))
        self.register_buffer("variance", torch.ones(shape))
        self.register_buffer("count", torch.zeros((), dtype=torch.int64))

    def reset_parameters(self) -> None:
        self.mean.zero_()
        self.variance.fill_(1)
        self.count.zero_()

    @torch.no_grad()
    def adapt(self, data: Tensor | Iterable[Tensor | Sequence[Tensor]]) -> None:
        """Take the mean and variance of a tensor, or of batches, one after the other.

        A batch is a tensor as the layer takes it, or a sequence that begins with one.
        ``count`` becomes the number of values behind each mean.
        """
        total, mean, variance = (
            0,
            self.mean.cpu().double(),
            self.variance.cpu().double(),
        )
        for batch in (data,) if isinstance(data, Tensor) else data:
            x = batch if isinstance(batch, Tensor) else batch[0]
            x = x.to(mean.device, torch.float64)
            reduced = [axis for axis in range(x.ndim) if axis not in self.axes]
            spread, middle = torch.var_mean(x, reduced, correction=0)
            if middle.shape != mean.shape:
                message = f"data of shape {tuple(x.shape)} does not fit the layer"
                raise ValueError(message)
            number = x.numel() // middle.numel()
            total += number
            share = number / total
            away = middle - mean
            within = variance + (spread - variance) * share
            variance = within + away**2 * (share * (1 - share))
            mean = mean + away * share
        if not total:
            raise ValueError("there is no data to adapt to")
        self.mean.copy_(mean)
        self.variance.copy_(variance)
        self.count.fill_(total)

    def forward(self, x: Tensor) -> Tensor:
        shape = [x.shape[axis] if axis in self.axes else 1 for axis in range(x.ndim)]
        mean = self.mean.to(x.dtype).view(shape)
        deviation = self.variance.to(x.dtype).sqrt().clamp(min=1e-7).view(shape)
        return x * deviation + mean if self.invert else (x - mean) / deviation


def flipped(x: Tensor, chosen: Tensor, axes: tuple[int, ...]) -> Tensor:
    """Flip the images that are chosen, (N,), along axes."""
    return torch.where(chosen.view(-1, 1, 1, 1), x.flip(axes), x)


def random_flip(x: Tensor, axes: tuple[int, ...], training: bool) -> Tensor:
    """Flip each image along axes, with probability 1/2, while training."""
    if not training:
        return x
    return flipped(x, torch.rand(len(x), device=x.device) <= 0.5, axes)


def rotation_matrix(turns: Tensor, height: int, width: int) -> Tensor:
    """Return where pixels come from, (N, 2, 3), when images turn about their middles.

    Each of ``turns``, (N,), is a part of a full turn, counter-clockwise.
    """
    angle = turns * (2 * math.pi)
    cosine, sine = angle.cos(), angle.sin()
    x, y = (width - 1) / 2, (height - 1) / 2
    across = torch.stack((cosine, -sine, x - x * cosine + y * sine), -1)
    down = torch.stack((sine, cosine, y - x * sine - y * cosine), -1)
    return torch.stack((across, down), 1)


def warped(
    x: Tensor,
    matrix: Tensor,
    fill_mode: str = "reflect",
    interpolation: str = "bilinear",
    fill_value: float = 0.0,
) -> Tensor:
    """Return images, (N, C, height, width), whose pixels come from other places.

    A matrix of ``matrix``, (N, 2, 3), brings (column, row, 1) to the column and row
    that the pixel comes from.
    """
    images = x if x.dtype == torch.float64 else x.float()
    height, width = x.shape[2:]
    columns = torch.arange(width, dtype=matrix.dtype, device=x.device)
    rows = torch.arange(height, dtype=matrix.dtype, device=x.device)[:, None]
    factors = matrix[..., None, None]
    places = factors[:, :, 0] * columns + factors[:, :, 1] * rows + factors[:, :, 2]
    if interpolation == "nearest":
        places = places.round()  # of halves the even neighbour, in all modes
    across, down = places.to(images.dtype).unbind(1)
    if fill_mode == "wrap":  # with the first row and column once more behind the last
        images = F.pad(images, (0, 1, 0, 1), mode="circular")
        across, down = across % width, down % height
        height, width = height + 1, width + 1
    elif fill_mode == "constant":
        images = images - fill_value
    grid = torch.stack(((2 * across + 1) / width - 1, (2 * down + 1) / height - 1), -1)
    modes = {"reflect": "reflection", "nearest": "border"}
    padding = modes.get(fill_mode, "zeros")
    y = F.grid_sample(images, grid, interpolation, padding, align_corners=False)
    return (y + fill_value if fill_mode == "constant" else y).to(x.dtype)


def random_rotation(
    x: Tensor,
    factor: tuple[float, float],
    *,
    fill_mode: str = "reflect",
    interpolation: str = "bilinear",
    fill_value: float = 0.0,
    training: bool,
) -> Tensor:
    """Rotate each image by a part of a full turn, drawn from factor, while training."""
    if not training:
        return x
    height, width = x.shape[2:]
    turns = torch.empty(len(x), device=x.device).uniform_(*factor)
    matrix = rotation_matrix(turns, height, width)
    return warped(x, matrix, fill_mode, interpolation, fill_value)


def translation_matrix(down: Tensor, across: Tensor, height: int, width: int) -> Tensor:
    """Return where pixels come from, (N, 2, 3), when images are shifted.

    The shifts ``down`` and ``across``, (N,), are parts of the height and the width.
    """
    zeros, ones = torch.zeros_like(down), torch.ones_like(down)
    x = torch.stack((ones, zeros, -across * width), -1)
    y = torch.stack((zeros, ones, -down * height), -1)
    return torch.stack((x, y), 1)


def random_translation(
    x: Tensor,
    height_factor: tuple[float, float],
    width_factor: tuple[float, float],
    *,
    fill_mode: str = "reflect",
    interpolation: str = "bilinear",
    fill_value: float = 0.0,
    training: bool,
) -> Tensor:
    """Shift each image by parts of its height and width while training."""
    if not training:
        return x
    height, width = x.shape[2:]
    down = torch.empty(len(x), device=x.device).uniform_(*height_factor)
    across = torch.empty(len(x), device=x.device).uniform_(*width_factor)
    matrix = translation_matrix(down, across, height, width)
    return warped(x, matrix, fill_mode, interpolation, fill_value)


def random_brightness(
    x: Tensor,
    factor: tuple[float, float],
    value_range: tuple[float, float],
    training: bool,
) -> Tensor:
    """Add a part of the range to each image while training, and stay inside of it."""
    if not training:
        return x
    low, high = value_range
    parts = x.new_empty((len(x), 1, 1, 1)).uniform_(*factor)
    return (x + parts * (high - low)).clamp(low, high)


def contrasted(x: Tensor, factors: Tensor, axes: tuple[int, int]) -> Tensor:
    """Multiply the distance of images from their means over axes by factors, (N,)."""
    mean = x.mean(axes, keepdim=True)
    return mean + (x - mean) * factors.view(-1, 1, 1, 1)


def random_contrast(
    x: Tensor,
    factors: tuple[float, float],
    value_range: tuple[float, float],
    axes: tuple[int, int],
    training: bool,
) -> Tensor:
    """Change the contrast of each image by a factor between two while training."""
    if not training:
        return x
    drawn = x.new_empty(len(x)).uniform_(*factors)
    return contrasted(x, drawn, axes).clamp(*value_range)


def crop_to_ratio(x: Tensor, size: tuple[int, int]) -> Tensor:
    """Return the middle of images, (N, C, height, width), in the proportions of size."""
    height, width = x.shape[2:]
    above = height - max(min(height, width * size[0] // size[1]), 1)
    beside = width - max(min(width, height * size[1] // size[0]), 1)
    top, left = above // 2, beside // 2
    # Slices would fix in an export whether there is something to cut off.
    return F.pad(x, (-left, left - beside, -top, top - above))


def window(x: Tensor, top: int, left: int, size: tuple[int, int]) -> Tensor:
    """Return a window of images, (N, C, height, width); enlarge what ends before it."""
    x = x[:, :, top : top + size[0], left : left + size[1]]
    return x if x.shape[2:] == size else F.interpolate(x, size, mode="bilinear")


def random_crop(x: Tensor, size: tuple[int, int], training: bool) -> Tensor:
    """Cut the same window out of all images, (N, C, height, width), while training.

    After training, their middles are brought to the size.
    """
    if not training:
        return F.interpolate(crop_to_ratio(x, size), size, mode="bilinear")
    (height, width), (rows, columns) = x.shape[2:], size
    if height > rows and width > columns:
        top = int(torch.randint(height - rows + 1, ()))
        left = int(torch.randint(width - columns + 1, ()))
    else:
        top = (height - max(min(height, width * rows // columns), 1)) // 2
        left = (width - max(min(width, height * columns // rows), 1)) // 2
    return window(x, top, left, size)


def gaussian_noise(x: Tensor, stddev: float, training: bool) -> Tensor:
    """Add normal noise while training."""
    return x + stddev * torch.randn_like(x) if training else x


def multi_hot(
    indices: Tensor, depth: int, dtype: torch.dtype = torch.float32
) -> Tensor:
    """Return 1 for each index that occurs along axis 1: (N, T, …) -> (N, …, depth)."""
    shape = (len(indices), depth, *indices.shape[2:])
    found = torch.zeros(shape, dtype=dtype, device=indices.device)
    return found.scatter_(1, indices, 1.0).movedim(1, -1)


def gaussian_dropout(x: Tensor, rate: float, training: bool) -> Tensor:
    """Multiply by normal noise of mean 1 while training, as strong as dropout's."""
    if not training:
        return x
    return x * (1 + math.sqrt(rate / (1 - rate)) * torch.randn_like(x))


class Augmented(nn.Module):
    """(N, 32, 32, 3) uint8, (N, 1) float32, (N, T) int64 -> (N, 1) float32."""

    def __init__(self) -> None:
        super().__init__()
        self.x_normalization = FixedNormalization(
            [123.675, 116.28, 103.53], [58.395205, 57.122675, 57.375953]
        )
        self.x_conv2d = nn.Conv2d(3, 8, 3)
        self.y = Normalization((), ())
        self.dense = nn.Linear(22, 1)
        self.reset_parameters()
        self.to(memory_format=torch.channels_last)

    def reset_parameters(self) -> None:
        """Draw the initial weights."""
        for layer in (self.x_normalization, self.y):
            layer.reset_parameters()
        for layer in (self.x_conv2d, self.dense):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, image: Tensor, age: Tensor, tags: Tensor) -> Tensor:
        if image.shape[1:] != (32, 32, 3):
            raise ValueError(
                f"image must be of shape (N, 32, 32, 3), not {tuple(image.shape)}"
            )
        if age.shape[1:] != (1,):
            raise ValueError(f"age must be of shape (N, 1), not {tuple(age.shape)}")
        if tags.dim() != 2:
            raise ValueError(f"tags must be of shape (N, T), not {tuple(tags.shape)}")
        x = random_flip(image.to(torch.float32), (2,), self.training)  # (N, 32, 32, 3)
        x = x.permute(0, 3, 1, 2)  # (N, 3, 32, 32)
        x = random_rotation(x, (-0.1, 0.1), training=self.training)  # (N, 3, 32, 32)
        # (N, 3, 32, 32)
        x = random_translation(
            x, (-0.1, 0.1), (-0.1, 0.1), fill_mode="constant", training=self.training
        )
        x = random_brightness(x, (-0.2, 0.2), (0, 255), self.training)  # (N, 3, 32, 32)
        # (N, 3, 32, 32)
        x = random_contrast(x, (0.8, 1.3), (0, 255), (2, 3), self.training)
        # (N, 28, 28, 3)
        x = random_crop(x, (28, 28), self.training).permute(0, 2, 3, 1)
        x = self.x_normalization(x)  # (N, 28, 28, 3)
        x = gaussian_noise(x, 0.1, self.training).permute(0, 3, 1, 2)  # (N, 3, 28, 28)
        x = F.relu(self.x_conv2d(x))  # (N, 8, 26, 26)
        x = x.mean((2, 3))  # (N, 8)
        y = self.y(age)  # (N, 1)
        bins = torch.bucketize(
            y.contiguous(), torch.tensor([-1.0, 0.0, 1.0], device=y.device), right=True
        )
        y = F.one_hot(bins.squeeze(-1), 4).to(torch.float32)  # (N, 4)
        z = multi_hot(tags, 10)  # (N, 10)
        z = F.alpha_dropout(z, 0.1, self.training)  # (N, 10)
        y = torch.cat((x, y, z), dim=-1)  # (N, 22)
        y = gaussian_dropout(y, 0.2, self.training)  # (N, 22)
        return self.dense(y)  # (N, 1)
