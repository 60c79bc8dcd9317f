"""Who looks after the circle: the first lead by a one-time code, the others named by a lead."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime

from bot.chat.form import Answers
from bot.context import Context
from bot.domain.circle import Person, Role
from bot.domain.errors import BadCode, LastLead
from storage import circles, people
from storage.transaction import Transaction

ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""Without the letters and digits that are mistaken for each other."""
CODE_LENGTH = 12
"""Of 32 letters each: 60 bits, more than anybody can try."""


def first_code(tx: Transaction, now: datetime) -> str | None:
    """A code that makes one lead, while some circle has none; older ones stop working. None otherwise."""
    if not circles.leaderless(tx):
        return None
    code = "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))
    circles.add_code(tx, _digest(code), now)
    return code


def become_lead(ctx: Context, typed: str) -> None:
    """Raises BadCode."""
    if not circles.use_code(ctx.tx, _digest(typed), ctx.now):
        raise BadCode
    people.change(ctx.tx, ctx.person, role=Role.LEAD)


def _digest(code: str) -> str:
    return hashlib.sha256("".join(code.upper().split()).encode()).hexdigest()


def team(ctx: Context) -> Sequence[Person]:
    return people.with_role(ctx.tx)


def name_team(ctx: Context, answers: Answers) -> Sequence[Person]:
    """The whole comms team, said anew. People of this workspace only; raises LeadOnly or LastLead."""
    ctx.as_lead()
    leads = _of_this_workspace(ctx, answers.many("leads"))
    if not leads:
        raise LastLead
    comms = _of_this_workspace(ctx, answers.many("comms"))
    for person in team(ctx):
        if person.workspace_id == ctx.person.workspace_id:
            people.change(ctx.tx, person, role=Role.NONE)
    for address in comms:
        _give(ctx, address, Role.COMMS)
    for address in leads:
        _give(ctx, address, Role.LEAD)
    return team(ctx)


def _of_this_workspace(ctx: Context, addresses: Sequence[str]) -> list[str]:
    """Addresses come from outside: whatever is not of the sender's own workspace is nobody here."""
    home = f"{ctx.sender.platform}:{ctx.sender.workspace}:"
    return [address for address in addresses if address.startswith(home) and len(address) > len(home)]


def _give(ctx: Context, address: str, role: Role) -> None:
    platform, workspace, user = address.split(":", 2)
    name = ctx.names.get(address, "").removeprefix("@")
    zone = ctx.circle.zone
    people.add(ctx.tx, platform, workspace, user, name=name, language=ctx.circle.language, zone=zone)
    person = people.at_address(ctx.tx, address)
    if person is not None:
        people.change(ctx.tx, person, role=role)
