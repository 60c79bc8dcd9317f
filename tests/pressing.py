"""How a test names a button: by its action, as a class, a class with some of its fields, or a whole."""

from __future__ import annotations

from bot.chat.action import Action, unpack, verb_of

Wanted = type[Action] | Action


def matches(action: Action, wanted: Wanted, **fields: object) -> bool:
    """Whether the action is that one, or one of that class with these values in its fields."""
    if isinstance(wanted, Action):
        return action == wanted
    return type(action) is wanted and all(getattr(action, name) == value for name, value in fields.items())


def carries(packed: str, wanted: Wanted, **fields: object) -> bool:
    """The same for an action as it travels."""
    kind = type(wanted) if isinstance(wanted, Action) else wanted
    return verb_of(packed) == kind.verb and matches(unpack(kind, packed), wanted, **fields)
