"""What can go wrong between a person and the programme. Each docstring is the sentence that person reads;
the catalogues carry it under `error.<Name>`, and a test holds the two together.

DomainError
├── Forbidden      CommsOnly, LeadOnly, MembersOnly, GuestsStayOut
├── Gone           ContentGone, FormGone, ButtonGone
├── BadInput       one input, named by `field`, has to be said differently
└── Problems       several at once
"""

from __future__ import annotations

from typing import ClassVar


class DomainError(Exception):
    """Something did not work. Nothing was changed; trying again is safe."""

    values: dict[str, object]

    def __init__(self, **values: object) -> None:
        """`values` fill the braces of the sentence."""
        super().__init__(type(self).__name__)
        self.values = values

    @property
    def key(self) -> str:
        return f"error.{type(self).__name__}"


class Forbidden(DomainError):
    """That is not open to you here. If it should be, the comms team can help."""


class CommsOnly(Forbidden):
    """That belongs to the comms team. If you have something worth sharing, they will be glad to hear it."""


class LeadOnly(Forbidden):
    """Only the circle's lead can change who is in the comms team."""


class MembersOnly(Forbidden):
    """That is for members of the circle. You are welcome to join: /cercle join"""


class GuestsStayOut(Forbidden):
    """This circle belongs to another organisation, so that does nothing for you. Nothing was recorded."""


class Gone(DomainError):
    """That is no longer there."""


class ContentGone(Gone):
    """This content is no longer shared, so there is nothing left to do here. Thank you all the same."""


class FormGone(Gone):
    """That form is out of date. What you typed is kept below, ready to be copied into a new one."""


class ButtonGone(Gone):
    """That button comes from an older card and does nothing any more. /cercle help shows what is possible."""


class BadInput(DomainError):
    """That could not be understood."""

    field: ClassVar[str] = ""


class Problems(DomainError):
    """Some of the answers need another look."""

    def __init__(self, *problems: BadInput) -> None:
        super().__init__()
        self.problems = problems


class LinkMissing(BadInput):
    """A link is missing. For example: /cercle post https://example.org/article"""


class BadLink(BadInput):
    """That does not look like a web address. It should start with http:// or https://"""

    field = "url"


class BadPicture(BadInput):
    """A picture needs a web address that starts with https://"""

    field = "picture_url"


class NoAlt(BadInput):
    """A few words describing the picture are missing, for those who do not see it."""

    field = "picture_alt"


class NoTitle(BadInput):
    """The title is missing."""

    field = "title"


class NoWhy(BadInput):
    """Why it is worth sharing is missing. It is what people read first."""

    field = "why"


class NoOpening(BadInput):
    """At least one opening is missing: a first text that members can make their own."""

    field = "opening_1"


class NoTopic(BadInput):
    """A topic is missing: it decides who may be interested."""

    field = "topic"


class BadExpiry(BadInput):
    """That date is not in the future. After it, the content is no longer offered."""

    field = "expires"


class BadPublication(BadInput):
    """That moment has gone by, or comes after the content expires. Empty means now."""

    field = "publish_date"


class WordsMissing(BadInput):
    """The text is empty. What was suggested stays until there are words of your own."""

    field = "words"


class WordsTooLong(BadInput):
    """That is {over} characters too long for {network}, which takes {limit} with the link."""

    field = "words"


class QuestionMissing(BadInput):
    """The question is empty."""

    field = "question"


class AnswerMissing(BadInput):
    """The answer is empty."""

    field = "answer"


class NoTopics(BadInput):
    """With no topic nothing would ever arrive. One is enough."""

    field = "topics"


class NoDays(BadInput):
    """With no working day nothing could ever arrive. One is enough."""

    field = "days"


class NoConsent(BadInput):
    """Without your consent nothing happens, and that is perfectly fine."""

    field = "consent"


class CharterChanged(BadInput):
    """The charter has changed while the form was open. It is shown again as it stands now."""

    field = "consent"


class BadCode(BadInput):
    """That code is not valid, or was used already. Cercle prints a new one when it starts without a lead."""


class BadDate(BadInput):
    """That date could not be read. For example: 2026-12-24"""

    field = "back"


class DateInThePast(BadInput):
    """That day has gone by already."""

    field = "back"


class TooFarAway(BadInput):
    """A pause lasts a year at most. Leaving is possible at any time, and so is coming back."""

    field = "back"


class LastLead(BadInput):
    """The circle needs at least one lead. Naming another one first makes this possible."""

    field = "leads"


class OnlyInAChannel(BadInput):
    """A call for volunteers goes to a channel: the command works when it is typed in that channel."""


class UnknownLanguage(BadInput):
    """Cercle speaks French and English: /cercle language fr, or /cercle language en"""
