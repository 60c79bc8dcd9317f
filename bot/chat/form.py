"""What we ask. Inputs live in forms only: Slack messages take no text field, Teams selects do not fire."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from bot.chat.action import Action
from bot.chat.text import Spans

Value = str | tuple[str, ...] | bool
"""Text, date ("2026-11-22"), time ("09:00") and one choice are strings; many choices and people are
tuples; a toggle is a bool. What was left empty is "" or ()."""
Values = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Note:
    """Words between the inputs."""

    spans: Spans
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class TextInput:
    """`max_length` in characters, at most 3000 (Slack's plain_text_input)."""

    name: str
    label: str
    value: str = ""
    hint: str = ""
    multiline: bool = False
    required: bool = False
    max_length: int = 3000


@dataclass(frozen=True, slots=True)
class Option:
    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several."""

    name: str
    label: str
    options: tuple[Option, ...]
    value: str = ""
    hint: str = ""
    required: bool = False


@dataclass(frozen=True, slots=True)
class Choices:
    """Any of several; at most 10 options (Slack's checkboxes)."""

    name: str
    label: str
    options: tuple[Option, ...]
    value: tuple[str, ...] = ()
    hint: str = ""
    required: bool = False


@dataclass(frozen=True, slots=True)
class People:
    """People of the same workspace, as addresses."""

    name: str
    label: str
    value: tuple[str, ...] = ()
    hint: str = ""
    required: bool = False


@dataclass(frozen=True, slots=True)
class DateInput:
    name: str
    label: str
    value: str = ""
    hint: str = ""
    required: bool = False


@dataclass(frozen=True, slots=True)
class TimeInput:
    name: str
    label: str
    value: str = ""
    hint: str = ""
    required: bool = False


@dataclass(frozen=True, slots=True)
class Toggle:
    """A single yes; `label` is what is agreed to, `heading` a word or two above it where a platform wants
    every input to have one."""

    name: str
    label: str
    value: bool = False
    hint: str = ""
    required: bool = False
    heading: str = ""


Input = TextInput | Choice | Choices | People | DateInput | TimeInput | Toggle
Part = Note | Input


@dataclass(frozen=True, slots=True)
class Form:
    """`title` and `submit` are at most 24 characters (a Slack modal's title and submit)."""

    action: Action
    title: str
    parts: tuple[Part, ...]
    submit: str


Errors = Mapping[str, str]
"""Input name → sentence. None names a command: what to do stands in the form."""
NO_ERRORS: Errors = {}


@dataclass(frozen=True, slots=True)
class Answers:
    """What a submitted form held, read by kind. Absent and empty are the same. Every text went through
    `bot.chat.text.normalise`."""

    values: Values = field(default_factory=dict)

    def text(self, name: str) -> str:
        value = self.values.get(name, "")
        return value if isinstance(value, str) else ""

    def many(self, name: str) -> tuple[str, ...]:
        value = self.values.get(name, ())
        if isinstance(value, tuple):
            return value
        return (value,) if isinstance(value, str) and value else ()

    def people(self, home: str) -> tuple[str, ...]:
        """Return the addresses of everybody chosen, which begin with `home`."""
        chosen = (one for value in self.values.values() if isinstance(value, tuple) for one in value)
        return tuple(one for one in chosen if one.startswith(home))

    def yes(self, name: str) -> bool:
        value = self.values.get(name, False)
        return value is True or value == "true"

    def typed(self, chosen: Collection[str] = ()) -> tuple[str, ...]:
        """Return every non-empty text, so that nothing typed is lost when the form cannot be kept open.
        `chosen` names the inputs in which nobody types."""
        texts = (value for name, value in self.values.items() if name not in chosen)
        return tuple(value for value in texts if isinstance(value, str) and value)


def chosen_in(form: Form) -> frozenset[str]:
    """Return the names of the inputs in which people choose and type nothing. What they hold is a name of
    ours: an id, an address, "true"."""
    chosen = (Choice, Choices, People, Toggle)
    return frozenset(part.name for part in form.parts if isinstance(part, chosen))


def refill(form: Form, answers: Answers) -> Form:
    """The same form holding what was typed."""

    def kept(part: Part) -> Part:
        match part:
            case Note():
                return part
            case TextInput() | Choice() | DateInput() | TimeInput():
                return replace(part, value=answers.text(part.name))
            case Choices() | People():
                return replace(part, value=answers.many(part.name))
            case Toggle():
                return replace(part, value=answers.yes(part.name))

    return replace(form, parts=tuple(kept(part) for part in form.parts))
