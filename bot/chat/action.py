"""What lies behind a button: one frozen dataclass an intention, packed to a short string.

Whatever an action carries is a hint. It comes back from outside, so every id in it is loaded again
under the verified circle.
"""

from __future__ import annotations

from dataclasses import fields
from functools import lru_cache
from typing import Any, ClassVar, TypeVar
from urllib.parse import quote, unquote

MAX_PACKED = 75
"""Characters. The shortest field an action travels in is the value of a Slack overflow option:
75 in @slack/types 3.2.0 (docs.slack.dev says 150)."""


class BadAction(ValueError):
    """A packed action that this code never made."""


class Action:
    """Base of every intention: a frozen dataclass whose fields are strings or whole numbers.

    The verb is unique among all actions. Cards in the chats keep it for years, so an action whose verb is
    renamed names the old one in `formerly` and is still understood.
    """

    verb: ClassVar[str]
    formerly: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls, verb: str = "", formerly: tuple[str, ...] = (), **kwargs: Any) -> None:
        """A dataclass with slots is made twice, the second time without the keywords."""
        super().__init_subclass__(**kwargs)
        cls.verb = verb or cls.verb
        cls.formerly = formerly or cls.formerly

    @classmethod
    def verbs(cls) -> tuple[str, ...]:
        """Return today's verb and the former ones."""
        return cls.verb, *cls.formerly


A = TypeVar("A", bound=Action)


@lru_cache(1024)
def pack(action: Action) -> str:
    """`verb/field/field`, at most MAX_PACKED characters; raises ValueError above that."""
    values = (str(getattr(action, field.name)) for field in fields(action))  # type: ignore[arg-type]
    packed = "/".join([action.verb, *(quote(value, safe="") for value in values)])
    if len(packed) > MAX_PACKED:
        raise ValueError(f"{packed!r} is {len(packed)} characters, {MAX_PACKED} fit behind a button")
    return packed


def verb_of(packed: str) -> str:
    return packed.partition("/")[0]


def unpack(kind: type[A], packed: str) -> A:
    """Return the action that `packed` says, also under a former verb. Raises BadAction for anything that
    `pack` could not have made."""
    verb, *values = packed.split("/")
    names = fields(kind)  # type: ignore[arg-type]
    if verb not in kind.verbs() or len(values) != len(names) or len(packed) > MAX_PACKED:
        raise BadAction(packed[:MAX_PACKED])
    try:
        typed = {
            field.name: int(value) if field.type in (int, "int") else unquote(value, errors="strict")
            for field, value in zip(names, values, strict=True)
        }
    except ValueError as error:
        raise BadAction(packed) from error
    action = kind(**typed)
    if pack(action).partition("/")[2] != packed.partition("/")[2]:
        raise BadAction(packed)
    return action
