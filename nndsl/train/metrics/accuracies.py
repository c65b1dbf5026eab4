from torch import Tensor

from nndsl.train.losses.aligned import aligned
from nndsl.train.losses.classes import classes


def accuracy(target: Tensor, output: Tensor) -> Tensor:
    """Whether predictions equal their labels exactly."""
    target, output = aligned(target, output, False)
    return output == target


def binary_accuracy(target: Tensor, output: Tensor, threshold: float = 0.5) -> Tensor:
    """Whether predictions are above the threshold where the label is 1, and only there.

    The values are those of each element, (N, 1) or (N, …).
    """
    target, output = aligned(target, output, False)
    return (output > threshold) == target


def sparse_categorical_accuracy(target: Tensor, output: Tensor) -> Tensor:
    """Whether the largest prediction, the first of several, is at the label."""
    return output.argmax(-1) == classes(target, output)


def categorical_accuracy(target: Tensor, output: Tensor) -> Tensor:
    """Whether the largest prediction is at the largest of the (one-hot) label."""
    target, output = aligned(target, output)
    return output.argmax(-1) == target.argmax(-1)


def accuracy_by_shape(target: Tensor, output: Tensor) -> Tensor:
    """Accuracy as Keras's string has it: binary for one unit, else by the labels."""
    if output.dim() == 1 or output.shape[-1] == 1:
        return binary_accuracy(target, output)
    if target.dim() < output.dim() or target.shape[-1] == 1:
        return sparse_categorical_accuracy(target, output)
    return categorical_accuracy(target, output)


def sparse_top_k_categorical_accuracy(
    target: Tensor, output: Tensor, k: int = 5, from_sorted_ids: bool = False
) -> Tensor:
    """Whether the prediction at the label is among the k largest; ties are.

    With ``from_sorted_ids`` the outputs are classes, the best first.
    """
    label = classes(target, output).unsqueeze(-1)
    if from_sorted_ids:
        return (output[..., :k] == label).any(-1)
    least = output.topk(min(k, output.shape[-1])).values[..., -1]
    return output.gather(-1, label).squeeze(-1) >= least


def top_k_categorical_accuracy(target: Tensor, output: Tensor, k: int = 5) -> Tensor:
    """Whether the prediction at the (one-hot) label is among the k largest."""
    target, output = aligned(target, output)
    return sparse_top_k_categorical_accuracy(target.argmax(-1), output, k)
