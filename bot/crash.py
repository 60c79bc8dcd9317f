"""Places where a process may be made to end as if its machine had failed: for `make torture` only.

Each is named once in the source, so that the attack enumerates them and none is forgotten. Without the
variable a point costs one comparison.
"""

from __future__ import annotations

import os
from itertools import count

_armed, _, _at = os.environ.get("CERCLE_CRASH", "").partition(":")
"""`name:n`: end at the n-th pass of that point."""
_passes = count(1)


def crash(point: str) -> None:
    if point == _armed and next(_passes) == int(_at or 1):
        os._exit(137)
