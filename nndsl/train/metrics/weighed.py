from torch import Tensor


def weighed(values: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
    """Return Σ w·v and Σ w over samples; of the other axes both are means, as in Keras.

    ``weight`` has the first axes of the values, (N,) or (N, T). If it has more, a
    sample weighs the mean of its steps. What weighs 0 may be anything, NaN too.
    Raises ValueError for weights that do not fit.
    """
    if not values.is_floating_point():
        values = values.float()
    weight = weight.to(values.dtype)
    if weight.dim() < values.dim():
        values = values.flatten(weight.dim()).mean(-1)
    elif weight.dim() > values.dim():
        weight = weight.flatten(values.dim()).mean(-1)
    if weight.shape != values.shape:
        found, wanted = tuple(weight.shape), tuple(values.shape)
        raise ValueError(f"weights of shape {found} do not fit values of {wanted}")
    products = (values * weight).masked_fill(weight == 0, 0.0)
    each = max(weight[0].numel(), 1) if len(weight) else 1
    return products.sum() / each, weight.sum() / each


def weights_of_steps(mask: Tensor, weight: Tensor | None) -> Tensor:
    """Return the weights of steps: a mask (N, T), times weights (N,) or (N, T)."""
    if weight is None:
        return mask.float()
    if weight.dim() > mask.dim() and weight.shape[-1] == 1:
        weight = weight.squeeze(-1)
    short, long = sorted((mask.to(weight.dtype), weight), key=Tensor.dim)
    return short.reshape(*short.shape, *(1,) * (long.dim() - short.dim())) * long
