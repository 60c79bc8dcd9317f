"""What a handler answers. It returns a value and never calls a client: Slack opens a form by a call,
Teams by the body of the HTTP answer, and a value fits both.

Every reply is private. A platform shows it to the person who acted and to nobody else, in whatever
conversation they acted; where it cannot, it shows nothing of it (`tests/conformance/test_private.py`). What a
channel is to see is a message, not a reply.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.chat.card import Card
from bot.chat.form import Errors, Form


@dataclass(frozen=True, slots=True)
class Say:
    """A card in answer, which nobody but that person sees. `ballot`: the id of the secret poll whose choice
    the card tells. Such a card is never stored: one without the choice is drawn when it can be shown."""

    card: Card
    ballot: str = ""


@dataclass(frozen=True, slots=True)
class Replace:
    """Puts a card in the place of the one whose button was pressed, if that one is seen by that person only;
    elsewhere it is said. For answers that live nowhere else: a card that has a message row changes by its
    version, and the pump redraws it. `ballot`: as in `Say`."""

    card: Card
    ballot: str = ""


@dataclass(frozen=True, slots=True)
class Ask:
    """Opens a form; in answer to a submission, keeps it open with sentences beside the inputs."""

    form: Form
    errors: Errors = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Home:
    """The person's own page inside the chat."""

    card: Card


Reply = Say | Replace | Ask | Home | None
