"""What a worked case of the keys of weights is."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class KeyCase:
    """A file, and the keys of its last model under some settings.

    ``without_key`` are the places that have a name and no key, ``#`` standing for the turns of loops: they are not
    made, or dead. ``clash`` is the constructor that gets E0207; there are no keys then.
    """

    name: str
    source: str
    keys: str = ""
    settings: dict[str, object] = field(default_factory=dict)
    without_key: str = ""
    clash: str = ""
