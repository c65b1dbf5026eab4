from torch import Tensor


def classes(target: Tensor, output: Tensor, axis: int = -1) -> Tensor:
    """Return targets that are numbers of classes as int64, without an axis for them.

    Outputs (N, …, C) go with targets (N, …) or (N, …, 1); ``axis`` is that of C.
    Raises ValueError for other shapes: they are never broadcast.
    """
    wanted = list(output.shape)
    del wanted[axis]
    if target.dim() == output.dim() and target.shape[axis] == 1:
        target = target.squeeze(axis)
    if list(target.shape) != wanted:
        found, given = tuple(target.shape), tuple(output.shape)
        message = f"labels of shape {found} do not fit outputs of shape {given}"
        raise ValueError(f"{message}: they must be {tuple(wanted)}")
    return target.long()
