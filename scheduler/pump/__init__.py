"""The pump makes the chats agree with the tables: wanted ≠ shown → send, or draw again.

`loop` looks at the tables and lets each workspace in which something is due have its turn. `turn` claims what
may leave, in one transaction in which each card is drawn from today's data; `policy` decides what may leave.
`delivery` calls the messengers with no transaction open. `outcomes` and `failures` write what came of it,
under the fence of its claim. A process may stop or freeze between any two of these steps: another one finds a
claim whose lease is over, and `reconciler` looks in the chat before anything is sent a second time.

`pressed` makes the same steps for the one card on which somebody pressed a button, in the process that heard
the press.
"""

from __future__ import annotations

from scheduler.pump.loop import Pump
from scheduler.pump.pressed import PressedCards

__all__ = ["PressedCards", "Pump"]
