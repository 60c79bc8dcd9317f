"""The messages of one circle in the storage tests, and the usual steps of a delivery."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot.domain.message import POST, Message
from storage import deliveries, messages, tables
from storage.messages import Recipient
from storage.transaction import CircleTransaction
from tests.storage.rows import NOW

SECOND = timedelta(seconds=1)
LEASE = NOW + timedelta(seconds=30)


def request(tx: Connection, *addresses: str, subject: str = "s", **more: object) -> int:
    recipients = [Recipient("ours-id", address, "ours-id") for address in addresses]
    return messages.request(CircleTransaction(tx, "ours"), POST, subject, recipients, NOW, **more)  # type: ignore[arg-type]


def only(tx: Connection) -> Message:
    (row,) = tx.execute(tables.message.select())
    found = messages.load(CircleTransaction(tx, "ours"), row.id)
    assert found is not None
    return found


def claim(tx: Connection, message: Message) -> Message | None:
    return next(iter(deliveries.claim(tx, [message], NOW, LEASE)), None)


def stand(tx: Connection, message: Message, reference: str) -> bool:
    return bool(deliveries.mark_shown(tx, [(message, reference)], NOW))


def claimed(tx: Connection) -> Message:
    message = claim(tx, only(tx))
    assert message is not None
    return message


def due(tx: Connection, now: datetime = NOW, most: int = 10) -> list[Message]:
    """In the order in which one workspace's messages leave."""
    return [
        message
        for workspace in deliveries.due_workspaces(tx, now)
        for rank in workspace.ranks
        for message in deliveries.due(tx, workspace.id, rank, now, most)
    ]


def shown(tx: Connection) -> Message:
    assert stand(tx, claimed(tx), "ref")
    return only(tx)


def redraw(tx: Connection, **more: object) -> None:
    messages.redraw(CircleTransaction(tx, "ours"), POST, "s", NOW, **more)  # type: ignore[arg-type]


def ambiguous(tx: Connection) -> deliveries.Look:
    """Taken to be looked for."""
    claimed(tx)
    deliveries.expire_claims(tx, LEASE + SECOND, LEASE + 9 * SECOND)
    (message,) = deliveries.to_look_for(tx, "ours-id", LEASE + SECOND, 10)
    look = deliveries.start_look(tx, message, LEASE + timedelta(minutes=1))
    assert look is not None
    return look
