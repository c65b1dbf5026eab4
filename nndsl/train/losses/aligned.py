from torch import Tensor


def aligned(
    target: Tensor, output: Tensor, steps: bool = True
) -> tuple[Tensor, Tensor]:
    """Return targets and outputs with equal shapes; one may lack a last axis of size 1.

    With ``steps`` the values of the loss keep the axes of the output: (N, T) targets of
    (N, T, 1) outputs become (N, T, 1). Without, as in Keras, the outputs become (N, T).
    Raises ValueError for other shapes: they are never broadcast.
    """
    if target.shape == output.shape:
        return target, output
    if target.shape == output.shape[:-1] and output.shape[-1] == 1:
        if steps or target.dim() == 1:
            return target.unsqueeze(-1), output
        return target, output.squeeze(-1)
    if target.shape[:-1] == output.shape and target.shape[-1] == 1:
        if output.dim() == 1:
            return target, output.unsqueeze(-1)
        return target.squeeze(-1), output
    found, wanted = tuple(target.shape), tuple(output.shape)
    raise ValueError(f"targets of shape {found} do not fit outputs of shape {wanted}")
