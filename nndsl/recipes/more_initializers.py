"""Keras's initializers that no layer has by default."""

from __future__ import annotations

from nndsl.arguments import ArgumentError, Axes, Decimal, argument, choice, flag, integer, number
from nndsl.code import Code, as_code, code
from nndsl.recipes.base import recipe
from nndsl.recipes.drawing import normal, truncated
from nndsl.recipes.initializers import Initializer, NamedScaling, Scaled


@recipe
class Constant(Initializer):
    """One number everywhere."""

    value: float = number(0.0)

    def fill(self, weight: Code, shape: tuple[int, ...], fan_in: int, fan_out: int, axes: str = "") -> Code:
        """nn.init.constant_."""
        return code("nn.init.constant_({}, {})", weight, as_code(self.value, "value"))


@recipe
class Identity(Initializer):
    """``gain`` on the diagonal of a matrix, zeros elsewhere."""

    gain: float = number(1.0)

    def check_shape(self, shape: tuple[int, ...]) -> None:
        """Matrices only."""
        if len(shape) != 2:
            raise ArgumentError("E0306", f"cannot be `Identity`, which fills matrices: this weight is {shape}")

    def fill(self, weight: Code, shape: tuple[int, ...], fan_in: int, fan_out: int, axes: str = "") -> Code:
        """nn.init.eye_, scaled."""
        if self.gain == 1:
            return code("nn.init.eye_({})", weight)
        return code("nn.init.eye_({}.data).mul_({})", weight, as_code(self.gain, "gain"))


@recipe
class RandomNormal(Initializer):
    """Normal."""

    mean: float = number(0.0)
    stddev: float = number(0.05, 0)
    seed: int | None = integer(None, 0, optional=True)

    def fill(self, weight: Code, shape: tuple[int, ...], fan_in: int, fan_out: int, axes: str = "") -> Code:
        """nn.init.normal_."""
        return normal(weight, self.mean, self.stddev, self.seed)


@recipe
class TruncatedNormal(Initializer):
    """Normal, drawn again beyond two standard deviations; ``stddev`` is that of the normal before it is cut."""

    mean: float = number(0.0)
    stddev: float = number(0.05, 0)
    seed: int | None = integer(None, 0, optional=True)

    def fill(self, weight: Code, shape: tuple[int, ...], fan_in: int, fan_out: int, axes: str = "") -> Code:
        """nn.init.trunc_normal_ between mean ± 2 stddev."""
        return truncated(weight, self.mean, self.stddev, self.seed)


@recipe
class VarianceScaling(Scaled):
    """A variance of ``scale`` over the fan-in, the fan-out or their mean."""

    scale: float = argument(Decimal(0, open_least=True), default=1.0)
    mode: str = choice("fan_in", "fan_out", "fan_avg", default="fan_in")
    distribution: str = choice(
        "truncated_normal", "untruncated_normal", "uniform", "normal", default="truncated_normal"
    )
    seed: int | None = integer(None, 0, optional=True)
    input_axes: tuple[int, ...] | None = argument(Axes(several=True, optional=True), default=None)
    output_axes: tuple[int, ...] | None = argument(Axes(several=True, optional=True), default=None)

    @property
    def variance(self) -> tuple[float, str, str]:
        """As given; ``"normal"`` is truncated, as in Keras."""
        return self.scale, self.mode, "truncated_normal" if self.distribution == "normal" else self.distribution


@recipe
class GlorotNormal(NamedScaling):
    """Truncated normal of variance 2 / (fan_in + fan_out)."""

    @property
    def variance(self) -> tuple[float, str, str]:
        """1 over the mean of the fans."""
        return 1.0, "fan_avg", "truncated_normal"


@recipe
class HeUniform(NamedScaling):
    """Uniform within sqrt(6 / fan_in)."""

    @property
    def variance(self) -> tuple[float, str, str]:
        """2 over the fan-in."""
        return 2.0, "fan_in", "uniform"


@recipe
class HeNormal(NamedScaling):
    """Truncated normal of variance 2 / fan_in."""

    @property
    def variance(self) -> tuple[float, str, str]:
        """2 over the fan-in."""
        return 2.0, "fan_in", "truncated_normal"


@recipe
class LecunUniform(NamedScaling):
    """Uniform within sqrt(3 / fan_in)."""

    @property
    def variance(self) -> tuple[float, str, str]:
        """1 over the fan-in."""
        return 1.0, "fan_in", "uniform"


@recipe
class LecunNormal(NamedScaling):
    """Truncated normal of variance 1 / fan_in."""

    @property
    def variance(self) -> tuple[float, str, str]:
        """1 over the fan-in."""
        return 1.0, "fan_in", "truncated_normal"


@recipe
class STFT(Initializer):
    """The kernel (frame, 1, bins) of a short-time Fourier transform, its real or its imaginary side."""

    side: str = choice("real", "imag", default="real")
    window: str | None = choice("hann", "hamming", "blackman", "bartlett", "boxcar", None, default="hann")
    scaling: str | None = choice("density", "spectrum", None, default="density")
    periodic: bool = flag(False)

    def check_shape(self, shape: tuple[int, ...]) -> None:
        """(frame, 1, bins) only."""
        if len(shape) != 3 or shape[1] != 1 or shape[2] < 2:
            raise ArgumentError(
                "E0306", f"cannot be `STFT`, which fills kernels of shape (frame, 1, bins): this weight has {shape}"
            )

    def fill(self, weight: Code, shape: tuple[int, ...], fan_in: int, fan_out: int, axes: str = "") -> Code:
        """cos or -sin of 2π·time·bin / (2·(bins - 1)) times the window, copied into (bins, 1, frame)."""
        frame, _, bins = shape
        wave = "torch.cos" if self.side == "real" else "-torch.sin"
        angle = code("torch.outer(torch.arange({}), torch.arange({})) * (torch.pi / {})", bins, frame, bins - 1)
        kernel = code(wave + "({})", angle)
        if self.window is not None:
            window = self._window(frame)
            norm = {"density": " / {}.norm()", "spectrum": " / {}.abs().sum()", None: ""}[self.scaling]
            kernel = code("{} * {}{}", kernel, window, code(norm, window) if norm else "")
        return code("{}.data.copy_(({}).unsqueeze(1))", weight, kernel)

    def _window(self, frame: int) -> Code:
        if self.window == "boxcar":
            return code("torch.ones({})", frame)
        return code(f"torch.{self.window}_window({{}}, periodic={{}})", frame, self.periodic)
