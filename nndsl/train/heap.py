"""The heap of a process that trains on the CPU."""

from __future__ import annotations

import ctypes
import platform

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""The numbers of glibc's ``mallopt``."""


def keep_heap() -> None:
    """Let glibc keep the memory that a step gives back for the next one; where there is no glibc, nothing is done.

    Else it may return megabytes to the system after each step and get them back page by page: half of the time of a
    small convolutional model. It is for a process of its own, as it changes the allocator of all of it.
    """
    if platform.libc_ver()[0] == "glibc":
        library = ctypes.CDLL(None)
        library.mallopt(_MMAP_THRESHOLD, 2**25)
        library.mallopt(_TRIM_THRESHOLD, 2**30)
