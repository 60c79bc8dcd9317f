"""Where the tests write: in memory, where that has room.

The tests commit many thousand transactions, and a disk takes milliseconds for each; what they write need not
outlive them. Processes that the tests start inherit the folder as TMPDIR.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

MEMORY = Path("/dev/shm")
ROOM = 3 * 2**30
"""Bytes: twice what a run on two workers has been seen to hold at a time. Containers often have 64 MB."""


def use_memory() -> None:
    """Make the memory file system the folder of temporary files, unless TMPDIR names another."""
    if "TMPDIR" in os.environ or not MEMORY.is_dir() or shutil.disk_usage(MEMORY).free < ROOM:
        return
    os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)
