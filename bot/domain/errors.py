"""What can go wrong between a person and the programme. Each docstring is the sentence that person reads;
the catalogues carry it under `error.<Name>`, and a test holds the two together.

DomainError
├── Forbidden      CommsOnly, LeadOnly, MembersOnly
├── Gone           PostGone, PostOver, FormGone, FormExpired, ButtonGone
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
    """That is for members of the circle. You are welcome to join: “{/join}”"""


class Gone(DomainError):
    """That is no longer there."""


class PostGone(Gone):
    """This content is no longer shared, so there is nothing left to do here. Thank you all the same."""


class PostOver(Gone):
    """This content was offered until {day}, so there is nothing left to do here. Thank you all the same."""


class QuestionAnswered(DomainError):
    """{by} has answered this question meanwhile, and that answer has gone out."""


class WorkspaceTaken(DomainError):
    """That workspace has a circle of its own already."""


class FormGone(Gone):
    """That form is out of date. What you typed is kept below, ready to be copied into a new one."""


class FormExpired(Gone):
    """This form waited for a day and is no longer there. What you had typed is still on its card."""


class ButtonGone(Gone):
    """That button comes from an older card and does nothing any more. “{/help}” shows what is possible."""


class BadInput(DomainError):
    """That could not be understood."""

    field: ClassVar[str] = ""


class Problems(DomainError):
    """Some of the answers need another look."""

    def __init__(self, *problems: BadInput) -> None:
        super().__init__()
        self.problems = problems


class LinkMissing(BadInput):
    """A link is missing. For example: {/post} https://example.org/article"""


class BadLink(BadInput):
    """That does not look like a web address. It should start with http:// or https://"""

    field = "url"


class BadPicture(BadInput):
    """A picture needs a web address that starts with https://, and has to be a png, jpg or gif."""

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
    """That date could not be read. For example: 24 December, Friday or 2026-12-24"""

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
    """Cercle speaks French and English: “{/language fr}”, or “{/language en}”"""


class LeadsOnly(Forbidden):
    """A lead of the circle can change that: {leads}. They will be glad to hear what would suit you better."""


class BadRhythm(BadInput):
    """A week or a day could not be read. The form shows which ones there are."""


class BadHour(BadInput):
    """That hour could not be read. For example: 10:00"""

    field = "at"


class RhythmChanged(BadInput):
    """Somebody has changed the rhythm in the meantime. Your choices are kept: sent again, they replace it."""

    field = "at"


class MeetingGone(Gone):
    """That meeting is no longer there. “{/meeting}” shows the next one."""


class BadMeetingDate(BadInput):
    """That date could not be read. For example: 2026-12-24"""

    field = "day"


class MeetingInThePast(BadInput):
    """That moment has gone by already. The meeting stays where it was."""

    field = "day"


class MeetingTooFar(BadInput):
    """A meeting is planned a year ahead at most."""

    field = "day"


class MeetingChanged(BadInput):
    """Somebody has changed this meeting in the meantime. Your answers are kept: sent again, they replace
    it."""

    field = "day"


class MeetingNotYet(DomainError):
    """That meeting has not begun yet. Its minutes can be written from then on."""


class MinutesMissing(BadInput):
    """The minutes are empty. A few lines are enough."""

    field = "minutes"


class MinutesChanged(BadInput):
    """Somebody has written these minutes in the meantime. Your text is kept: sent again, it replaces
    theirs."""

    field = "minutes"


class PulseClosed(Gone):
    """That pulse has closed. “{/pulse}” shows what came of it."""


class PulseTooSoon(BadInput):
    """The last pulse closed a short while ago. The next one is possible from {day}."""


class TooFewForPulse(BadInput):
    """With fewer than five members, an anonymous answer would not be anonymous. From five on, it is."""


class TrustMissing(BadInput):
    """How freely one can speak here is missing: a mark from 1 to 5."""

    field = "trust"


class PressureMissing(BadInput):
    """The pressure is missing: a mark from 1 to 5."""

    field = "pressure"


class EnergyMissing(BadInput):
    """How much energy there is, is missing: a mark from 1 to 5."""

    field = "energy"


class RoundClosed(Gone):
    """That round is no longer open. “{/log}” tells what was decided."""


class OwnRound(BadInput):
    """You opened this round, so you agree already. While it is open you can withdraw it."""


class NotYourRound(Forbidden):
    """Only whoever opened a round can withdraw it. An objection with its reason stops it just as well."""


class RoundOpen(BadInput):
    """A round on this is open already, until {day}: {value}."""

    field = "value"


class NotOffered(BadInput):
    """That is not among the choices."""

    field = "value"


class UnknownRitual(BadInput):
    """That is not one of the circle's rituals."""

    field = "ritual"


class NothingNew(BadInput):
    """It is so already: nothing would change."""

    field = "value"


class PurposeMissing(BadInput):
    """The purpose is missing. It is what brings the circle together."""

    field = "value"


class ReasonMissing(BadInput):
    """A few words on why are missing. They are what the others decide on."""

    field = "reason"


class ObjectionMissing(BadInput):
    """What stands against it is missing. A few words are enough for the circle to work with."""

    field = "reason"


class BadClosing(BadInput):
    """That day is not among the next 31. Five working days are usual."""

    field = "until"


class PollGone(Gone):
    """This poll is not there any more. “{/polls}” lists those that are open."""


class PollClosed(DomainError):
    """This poll is closed: its card says what came of it. Thank you all the same."""


class KeyChanged(DomainError):
    """Nothing was counted: the secret key of this Cercle was changed while the question was open, so it can
    no longer be answered. Whoever runs Cercle can put the former key back."""


class NotYourPoll(Forbidden):
    """Only whoever opened a poll can change it."""


class NotSharedPoll(Forbidden):
    """Whoever opened this poll kept it to one place, so it cannot be shown in another."""


class NoMoreOptions(DomainError):
    """The options of this poll are those that were given: no other can be added."""


class NoWordsAsked(DomainError):
    """This poll asks for no free answer: its options are all there is."""


class QuestionTooLong(BadInput):
    """A question has room for {limit} characters, and this one takes {length}."""

    field = "question"


class EmptyOption(BadInput):
    """One of the options is empty. Each needs a word at least."""

    field = "options"


class OptionTooLong(BadInput):
    """An option has room for {limit} characters, as a button has. This one takes {length}: {option}…"""

    field = "options"


class SameOption(BadInput):
    """“{option}” is there already. Once is enough: all the votes for it count together."""

    field = "options"


class TooFewOptions(BadInput):
    """A poll needs two options at least."""

    field = "options"


class TooManyOptions(BadInput):
    """A poll has room for {limit} options, and that makes {count}."""

    field = "options"


class BadPollClosing(BadInput):
    """That moment cannot be read, has gone by, or is more than a year away."""

    field = "closes_date"


class UnclosedQuotes(BadInput):
    """A quotation mark is missing. For example: {/poll} “Lunch?” “Yes” “No”"""


class WordsOutsideQuotes(BadInput):
    """These words stand outside the quotation marks: {words}. For example: {/poll} “Lunch?” “Yes” “No”"""


class NoChannelHere(BadInput):
    """A poll is shown in a channel: “{/polls}”, typed in that channel, offers it."""


class TooManyWords(BadInput):
    """A free answer has room for {limit} characters, and this one takes {length}."""

    field = "words"


class NobodyToThank(BadInput):
    """Somebody to thank is missing: at least one member of the circle."""

    field = "people"


class NotMembers(BadInput):
    """Thanks go to members of the circle. Somebody who is not one, a bot or a channel cannot receive them."""

    field = "people"


class NotOneself(BadInput):
    """Thanking oneself does not work here, however deserved. The circle is there for that."""

    field = "people"


class UnknownNames(BadInput):
    """Nobody in the circle has that name, or several people do: {names}. It is written whole, after @."""

    field = "elsewhere"


class NoThanks(BadInput):
    """A few words are missing: what is it for?"""

    field = "reason"


class ThanksTooLong(BadInput):
    """That is {over} characters too long: a thank-you has {limit} at most."""


class TooManyThanks(BadInput):
    """That is more people than a week allows: you have {left} left, and {allowance} again from {day}."""

    field = "people"


class ThanksSpent(BadInput):
    """You have thanked {allowance} people this week, as many as anybody can. It begins anew on {day}."""


class ThankedAlready(BadInput):
    """These very words have just gone to the same people: once is enough."""


class KudosGone(Gone):
    """This thank-you was taken back, or is no longer there."""


class KudosShown(DomainError):
    """It is on the circle's wall now. Whoever received it can take it down again."""


class GatheringClosed(Gone):
    """That has closed. “{/board}” shows what came of it, and the next one will gladly take your words."""


class NothingWritten(BadInput):
    """Both are empty. A few words in either of them are enough."""

    field = "blocker"


class TooFewForAnonymity(BadInput):
    """With fewer than five members, nobody could stay anonymous. Signed, it is possible."""

    field = "anonymity"


class ThemeGone(Gone):
    """That theme is not on the board. “{/board}” shows those that are."""


class NothingToSort(Gone):
    """Everything that was said has its theme already. Thank you all the same."""


class NoFinding(BadInput):
    """Nothing is ticked. A theme is made of what was said: one is enough."""

    field = "findings"


class BadOwner(BadInput):
    """That is one member of the circle, of this workspace, and neither a guest nor an app."""

    field = "owner"


class BadDue(BadInput):
    """That day cannot be read, has gone by, or is more than a year away. Empty means none yet."""

    field = "due_on"


class NotYourTheme(Forbidden):
    """The comms team answers that theme, or whoever looks after it. They will be glad of your ideas."""


class CameBack(DomainError):
    """This has come back to you already, and it does so once only. It stays here for whenever you like."""


class WallNeedsChannel(DomainError):
    """The wall hangs in a channel: “{/wall here}”, typed in that channel, hangs it there."""


class OverByThen(DomainError):
    """This is shared until {day}: by then it would be over."""
