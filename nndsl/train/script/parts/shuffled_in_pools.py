import torch
from torch import Tensor

from nndsl.train.script.parts.shuffled import seed_of, shuffled


def shuffled_in_pools(count: int, seed: int, piece: int, pool: int) -> Tensor:
    """Return an order that reads files in a row: pieces of them, shuffled in pools."""
    pieces = torch.split(torch.arange(count), piece)
    rows = torch.cat([pieces[number] for number in shuffled(len(pieces), seed)])
    starts = range(0, count, pool)
    pools = zip(torch.split(rows, pool), starts, strict=True)
    return torch.cat(
        [each[shuffled(len(each), seed_of(seed, start))] for each, start in pools]
    )
