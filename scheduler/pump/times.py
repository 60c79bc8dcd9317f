"""The times that keep messages from being lost or sent twice. Their proportions carry the guarantees."""

from __future__ import annotations

from datetime import timedelta

LEASE = timedelta(seconds=60)
"""Six times what a platform call may take: nobody takes a message over while it may still leave."""
CALL = timedelta(seconds=10)
"""What a platform call may take: the adapters' own time limit."""
LEAVE = LEASE - CALL
"""How long after its claim a message may leave."""
FRESH = timedelta(seconds=1)
"""How long a check of a claim is valid. A process that was frozen for longer checks again before it sends."""

SWEEP = timedelta(seconds=90)
"""When a request that was delayed on its way has arrived, or never will. Then the pump looks once more for a
first send that was ambiguous, and repeats an update whose answer was lost."""
ASK_AGAIN = (timedelta(seconds=30), timedelta(minutes=2), timedelta(minutes=10))
"""When to ask a chat again that did not answer. The last one is repeated."""

REST = timedelta(minutes=10)
"""How long what is due in a workspace that does not accept us waits before the next decision. It is looked at
again at once when the workspace accepts us."""

FIRST_RETRY = timedelta(seconds=2)
LAST_RETRY = timedelta(hours=1)
WRITE_AGAIN = 1.0
"""Seconds between two tries to write an outcome while the database is away."""
