"""What a poll says: the living card in channels and in members' own conversations, and that of its author."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from bot.chat.action import Action
from bot.chat.card import (
    Bar,
    Bars,
    Button,
    Card,
    Element,
    FormButton,
    LinkButton,
    Menu,
    Quote,
    Style,
    buttons,
    small,
    text,
)
from bot.chat.form import Choice, Choices, DateInput, Form, Note, Part, TextInput, TimeInput, Toggle
from bot.chat.form import Option as Pick
from bot.chat.text import Bold, Mention, Span, shorten
from bot.domain.poll import (
    MAX_OPTION,
    MAX_OPTIONS,
    MAX_QUESTION,
    MAX_WORDS,
    MIN_OPTIONS,
    REMINDED,
    Draft,
    Option,
    Poll,
    Quick,
    Repeat,
    Rules,
)
from bot.locales import Translator
from handlers.actions import Leave, OpenJoin, OpenPause

HERE, ANYWHERE, MEMBERS = "here", "anywhere", "members"
"""Where a poll is to stand: this channel, this one and those in which a member shows it, or each member's own
conversation with the bot."""
WORDS_SHOWN = 10
NAMES_SHOWN = 30


@dataclass(frozen=True, slots=True)
class OpenBallot(Action, verb="ballot"):
    """Opens a poll; the draft knows where it was asked for."""

    draft: str


@dataclass(frozen=True, slots=True)
class Vote(Action, verb="vote"):
    """Says the same however often it is pressed: a double click is one vote."""

    option: str


@dataclass(frozen=True, slots=True)
class TakeBack(Action, verb="vote.back"):
    option: str


@dataclass(frozen=True, slots=True)
class OpenPollWords(Action, verb="poll.words.open"):
    poll: str


@dataclass(frozen=True, slots=True)
class SayWords(Action, verb="poll.words"):
    poll: str


@dataclass(frozen=True, slots=True)
class OpenAddOption(Action, verb="poll.add.open"):
    poll: str


@dataclass(frozen=True, slots=True)
class AddOption(Action, verb="poll.add"):
    poll: str


@dataclass(frozen=True, slots=True)
class RefreshPoll(Action, verb="poll.refresh"):
    poll: str


@dataclass(frozen=True, slots=True)
class ShowVoters(Action, verb="poll.voters"):
    poll: str


@dataclass(frozen=True, slots=True)
class ShowHere(Action, verb="poll.here"):
    """The draft knows the channel: the button may stand in a conversation of one's own, as in Teams."""

    poll: str
    draft: str


@dataclass(frozen=True, slots=True)
class OpenChangePoll(Action, verb="poll.change.open"):
    poll: str


@dataclass(frozen=True, slots=True)
class ChangePoll(Action, verb="poll.change"):
    poll: str


@dataclass(frozen=True, slots=True)
class StopRepeating(Action, verb="poll.once"):
    poll: str


@dataclass(frozen=True, slots=True)
class ShowAgain(Action, verb="poll.retry"):
    poll: str


@dataclass(frozen=True, slots=True)
class View:
    """A poll as one reader sees it. `chosen`, `own_words`: theirs; nobody's in a channel. `words`: the free
    answers that may be read."""

    poll: Poll
    options: tuple[Option, ...]
    chosen: frozenset[str] = frozenset()
    own_words: str = ""
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Listed:
    """`draft` knows the channel where the list was asked for; empty where the poll may not be shown."""

    poll: Poll
    mine: bool
    draft: str = ""


# The poll itself


def in_channel(t: Translator, view: View, author: Mention, now: datetime) -> Card:
    return Card(view.poll.question, (_by(t, author), *_standing(t, view, now), *_known(t, view)))


def own(t: Translator, view: View, author: Mention, now: datetime) -> Card:
    """In a member's own conversation, where their choice shows."""
    why = (small(t("poll.because")), _ways_out(t)) if view.poll.is_open(now) else ()
    body = (_by(t, author), *_standing(t, view, now), *_mine(t, view), *_known(t, view), *why)
    return Card(view.poll.question, body)


def reminder(t: Translator, view: View, author: Mention, now: datetime) -> Card:
    """Its closing may have been put off since."""
    whole = own(t, view, author, now)
    soon = view.poll.is_open(now) and view.poll.closes_at - now <= REMINDED
    closing = text(t("poll.closes_soon", moment=t.moment(view.poll.closes_at)))
    return replace(whole, body=(closing, *whole.body)) if soon else whole


def _by(t: Translator, author: Mention) -> Element:
    return small(*t.spans("poll.by", author=author))


def _standing(t: Translator, view: View, now: datetime) -> tuple[Element, ...]:
    """Results where they may be seen, buttons while there is something to choose, and the free answers."""
    bars = (Bars(tuple(Bar(o.label, o.votes) for o in view.options)),) if view.poll.shows_results else ()
    rows = (_choices(t, view), _others(t, view)) if view.poll.is_open(now) else ()
    voters = buttons(Button(t("poll.who"), ShowVoters(view.poll.id)))
    who = (voters,) if view.poll.shows_results and not view.poll.rules.anonymous else ()
    return (*bars, *rows, *_spoken(t, view), *who)


def _choices(t: Translator, view: View) -> Element:
    return buttons(*(_choice(option, option.id in view.chosen) for option in view.options))


def _choice(option: Option, chosen: bool) -> Button:
    if chosen:
        return Button(f"✓ {option.label}", TakeBack(option.id), Style.PRIMARY)
    return Button(option.label, Vote(option.id))


def _others(t: Translator, view: View) -> Element:
    poll = view.poll
    room = poll.rules.open_options and len(view.options) < MAX_OPTIONS
    said = "poll.change_words" if view.own_words else "poll.say"
    return buttons(
        FormButton(t("poll.add"), OpenAddOption(poll.id)) if room else None,
        FormButton(t(said), OpenPollWords(poll.id)) if poll.rules.asks_words else None,
        Button(t("poll.refresh"), RefreshPoll(poll.id)) if poll.to_members and poll.rules.live else None,
    )


def _spoken(t: Translator, view: View) -> tuple[Element, ...]:
    if not view.words:
        return ()
    more = len(view.words) - WORDS_SHOWN
    rest = (small(t("poll.more_words", more)),) if more > 0 else ()
    return (text(Bold(t("poll.words"))), *map(Quote, view.words[:WORDS_SHOWN]), *rest)


def _mine(t: Translator, view: View) -> tuple[Element, ...]:
    """What this reader chose and wrote, as long as that can be told."""
    labels = [option.label for option in view.options if option.id in view.chosen]
    chosen = (text(Bold(t("poll.yours")), " ", t.all_of(labels)),) if labels else ()
    wrote = (text(Bold(t("poll.your_words"))), Quote(view.own_words)) if view.own_words else ()
    return (*chosen, *wrote)


def _known(t: Translator, view: View) -> tuple[Element, ...]:
    """Until when, how many, and who knows what."""
    poll = view.poll
    return (small(f"{_until(t, poll)} {_secrecy(t, poll)}"),)


def _until(t: Translator, poll: Poll) -> str:
    """Members' own copies are not drawn anew at each vote: where results wait, no count grows stale there."""
    many = poll.rules.many
    if poll.closed_at is not None:
        key = "poll.closed_many" if many else "poll.closed"
        return t(key, poll.voters, moment=t.moment(poll.closed_at))
    if poll.to_members and not poll.rules.live:
        return t("poll.until_many" if many else "poll.until", moment=t.moment(poll.closes_at))
    key = "poll.open_many" if many else "poll.open"
    until = t(key, poll.voters, moment=t.moment(poll.closes_at))
    return until if poll.rules.live else f"{until} {t('poll.at_the_end')}"


def _secrecy(t: Translator, poll: Poll) -> str:
    if not poll.rules.anonymous:
        return t("poll.signed" if poll.shows_results else "poll.signed_later")
    return t("poll.secret" if poll.closed_at is None else "poll.secret_closed")


def _ways_out(t: Translator) -> Element:
    settings = FormButton(t("button.settings"), OpenJoin())
    pause = FormButton(t("button.pause"), OpenPause())
    return buttons(Menu(t("poll.ways_out"), (settings, pause, Button(t("button.leave"), Leave()))))


# Answers to a press in a channel, seen by that person only


def choice(t: Translator, view: View, *, new: bool = True) -> Card:
    """What somebody chose, and how to take it back; `new` unless it was so before."""
    labels = [option for option in view.options if option.id in view.chosen]
    said = (text(Bold(t("poll.your_words"))), Quote(view.own_words)) if view.own_words else ()
    if not labels:
        return Card("", (text(t("poll.no_choice")), *said))
    heading = t("poll.yours" if new else "poll.yours_already")
    until = t("poll.changeable", moment=t.moment(view.poll.closes_at))
    back = (Button(t("poll.take_back", option=shorten(o.label, ROOM)), TakeBack(o.id)) for o in labels)
    chosen = text(Bold(heading), " ", t.all_of([option.label for option in labels]))
    return Card("", (chosen, *said, small(until), buttons(*back), small(_secrecy(t, view.poll))))


ROOM = 40
"""Characters of an option beside the words of a button."""


def voters(t: Translator, view: View, signed: Sequence[tuple[str, str]]) -> Card:
    """Who chose what, of a signed poll; `signed` are (option, name)."""
    body: list[Element] = []
    for option in view.options:
        names = [name for option_id, name in signed if option_id == option.id]
        more = len(names) - NAMES_SHOWN
        shown = [*names[:NAMES_SHOWN], *([t("poll.more_names", more)] if more > 0 else [])]
        body.append(text(Bold(option.label), "\n", t.all_of(shown) if names else t("poll.nobody")))
    return Card(view.poll.question, tuple(body))


# Its author


def opened(t: Translator, poll: Poll) -> Card:
    where = t("poll.opened_members" if poll.to_members else "poll.opened_here")
    until = t("poll.opened_until", moment=t.moment(poll.closes_at))
    return Card(t("poll.opened"), (text(Bold(poll.question)), text(where, " ", until)))


def changed(t: Translator, poll: Poll) -> Card:
    said = t("poll.now_closed") if poll.closed_at else t("poll.changed", moment=t.moment(poll.closes_at))
    return Card("", (text(Bold(poll.question)), text(said)))


def author(t: Translator, view: View, export: str, lost: bool, now: datetime) -> Card:
    """The author's own card: what stands where, how to change it, and at the end the results to keep."""
    poll = view.poll
    chosen = _mine(t, view) if poll.to_members else ()
    shown = _standing(t, view, now) if poll.to_members or poll.closed_at else ()
    body = (*_lost(t, poll, lost), *shown, *chosen, *_repeating(t, poll), _controls(t, poll, export, now))
    known = _known(t, view) if poll.to_members else (small(_until(t, poll)),)
    return Card(poll.question, (small(t("poll.is_yours")), *body, *known))


def _lost(t: Translator, poll: Poll, lost: bool) -> tuple[Element, ...]:
    again = buttons(Button(t("poll.show_again"), ShowAgain(poll.id), Style.PRIMARY))
    return (text(t("poll.lost")), again) if lost else ()


def lost(t: Translator, poll: Poll, places: Sequence[Mention]) -> Card:
    """What tells the author that a channel did not take the poll, and then that another try is under way or
    has worked."""
    if not places:
        return Card("", (text(Bold(poll.question)), text(t("poll.found_again"))))
    where: list[Span] = []
    for place in places:
        where += [", ", place] if where else [place]
    return Card(t("poll.lost_title"), (text(Bold(poll.question), "\n", *where), *_lost(t, poll, lost=True)))


def _repeating(t: Translator, poll: Poll) -> tuple[Element, ...]:
    if not poll.repeats:
        return ()
    key = REPEATING[poll.repeats]
    return (text(t(key)),)


def _controls(t: Translator, poll: Poll, export: str, now: datetime) -> Element:
    once = Button(t("poll.once"), StopRepeating(poll.id)) if poll.repeats else None
    if poll.closed_at is not None:
        return buttons(LinkButton(t("poll.export"), export), once)
    return buttons(FormButton(t("poll.change"), OpenChangePoll(poll.id)) if poll.is_open(now) else None, once)


def listed(t: Translator, rows: Sequence[Listed]) -> Card:
    if not rows:
        return Card(t("polls.title"), (text(t("polls.none")),))
    body: list[Element] = []
    for row in rows:
        body.append(text(Bold(row.poll.question), "\n", _until(t, row.poll)))
        show = Button(t("polls.show_here"), ShowHere(row.poll.id, row.draft)) if row.draft else None
        change = FormButton(t("poll.change"), OpenChangePoll(row.poll.id)) if row.mine else None
        body += [buttons(show, change)] if row.draft or row.mine else []
    return Card(t("polls.title"), tuple(body))


def shown_here(t: Translator, poll: Poll) -> Card:
    return Card("", (text(t("polls.shown_here")), text(Bold(poll.question))))


# Forms


REPEATS = {
    Repeat.NEVER: "poll.never",
    Repeat.WEEKLY: "poll.weekly",
    Repeat.FORTNIGHTLY: "poll.fortnightly",
    Repeat.MONTHLY: "poll.monthly",
}
REPEATING = {
    Repeat.WEEKLY: "poll.repeats_weekly",
    Repeat.FORTNIGHTLY: "poll.repeats_fortnightly",
    Repeat.MONTHLY: "poll.repeats_monthly",
}
RULES = {
    "many": "poll.rule_many",
    "anonymous": "poll.rule_anonymous",
    "live": "poll.rule_live",
    "open_options": "poll.rule_open_options",
    "asks_words": "poll.rule_asks_words",
}
NOTHING_TYPED = Quick()
USUAL_RULES = tuple(name for name in RULES if getattr(Rules(), name))


def ballot_form(t: Translator, draft: Draft, closes: datetime, quick: Quick = NOTHING_TYPED) -> Form:
    """`closes` by the clock of its author; `quick` is what was typed already."""
    options = t("poll.options_hint", least=MIN_OPTIONS, most=MAX_OPTIONS, length=MAX_OPTION)
    return Form(
        OpenBallot(draft.id),
        t("poll.form_title"),
        (
            TextInput("question", t("poll.question"), quick.question, required=True, max_length=MAX_QUESTION),
            TextInput(
                "options",
                t("poll.options"),
                "\n".join(quick.options),
                options,
                multiline=True,
                required=True,
            ),
            _where(t, draft),
            Choices(
                "rules",
                t("poll.rules"),
                tuple(Pick(name, t(key)) for name, key in RULES.items()),
                USUAL_RULES,
                t("poll.rules_hint"),
            ),
            *_closing(t, closes),
            _repeats(t, Repeat.NEVER),
        ),
        t("poll.submit"),
    )


def _where(t: Translator, draft: Draft) -> Part:
    if not draft.place:
        return Note((t("poll.to_members"),))
    places = {HERE: "poll.here", ANYWHERE: "poll.anywhere", MEMBERS: "poll.members"}
    picks = tuple(Pick(name, t(key)) for name, key in places.items())
    return Choice("where", t("poll.where"), picks, HERE, required=True)


def _closing(t: Translator, closes: datetime) -> tuple[Part, ...]:
    date, hour = closes.date().isoformat(), f"{closes:%H:%M}"
    return (
        DateInput("closes_date", t("poll.closes_date"), date, required=True),
        TimeInput("closes_time", t("poll.closes_time"), hour),
    )


def _repeats(t: Translator, repeats: Repeat) -> Part:
    picks = tuple(Pick(name or "never", t(key)) for name, key in REPEATS.items())
    return Choice("repeats", t("poll.repeats"), picks, repeats or "never", t("poll.repeats_hint"))


def change_form(t: Translator, poll: Poll, closes: datetime) -> Form:
    now = Toggle("now", t("poll.close_now"), hint=t("poll.close_now_hint"), heading=t("poll.close_heading"))
    parts = (Note((Bold(poll.question),)), *_closing(t, closes), now, _repeats(t, poll.repeats))
    return Form(ChangePoll(poll.id), t("poll.change_title"), parts, t("poll.change_submit"))


def add_form(t: Translator, view: View) -> Form:
    there = Note((t("poll.there_are", options=t.all_of([option.label for option in view.options])),))
    field = TextInput("options", t("poll.another"), required=True, max_length=MAX_OPTION)
    parts = (Note((Bold(view.poll.question),)), there, field)
    return Form(AddOption(view.poll.id), t("poll.add_title"), parts, t("poll.add_submit"))


def words_form(t: Translator, view: View) -> Form:
    poll = view.poll
    hint = t("poll.words_hint_secret" if poll.rules.anonymous else "poll.words_hint")
    label = t("poll.words_label")
    field = TextInput("words", label, view.own_words, hint, multiline=True, max_length=MAX_WORDS)
    parts = (Note((Bold(poll.question),)), field)
    return Form(SayWords(poll.id), t("poll.words_title"), parts, t("poll.words_submit"))


def examples(t: Translator) -> dict[str, Card | Form]:
    now = datetime(2026, 11, 24, 9, tzinfo=UTC)
    closes = datetime(2026, 11, 27, 16, tzinfo=UTC)
    labels = (t("example.poll_1"), t("example.poll_2"), t("example.poll_3"))
    options = tuple(
        Option(f"o{n}", label, votes)
        for n, (label, votes) in enumerate(zip(labels, (12, 6, 10), strict=True))
    )
    poll = Poll(
        "p1", "c", "a", t("example.poll"), Rules(), now, closes, place="slack:T1:C1", series="p1", voters=28
    )
    camille = Mention("slack:T1:U1", "Camille")
    view = View(poll, options)
    every = Rules(many=True, live=False, open_options=True, asks_words=True)
    hidden = replace(view, poll=replace(poll, rules=every))
    to_members = replace(view, poll=replace(poll, place="", repeats=Repeat.WEEKLY))
    waiting = replace(hidden, poll=replace(hidden.poll, place=""))
    mine = replace(to_members, chosen=frozenset({"o2"}), own_words=t("example.poll_words"))
    mine = replace(mine, poll=replace(mine.poll, rules=replace(every, live=True)))
    signed = replace(view, poll=replace(poll, rules=Rules(anonymous=False)))
    closed = replace(view, poll=replace(poll, closed_at=closes), words=(t("example.poll_words"),) * 12)
    csv = "https://cercle.example/f/poll.csv/aaa"
    draft = Draft("d1", "w", poll.place)
    return {
        "channel": in_channel(t, view, camille, now),
        "channel_hidden": in_channel(t, hidden, camille, now),
        "channel_signed": in_channel(t, signed, camille, now),
        "channel_closed": in_channel(t, closed, camille, closes),
        "own": own(t, to_members, camille, now),
        "own_hidden": own(t, waiting, camille, now),
        "own_voted": own(t, mine, camille, now),
        "own_closed": own(t, replace(closed, poll=replace(closed.poll, place="")), camille, closes),
        "reminder": reminder(t, to_members, camille, closes - timedelta(days=1)),
        "choice": choice(t, replace(view, chosen=frozenset({"o0"}))),
        "choice_already": choice(t, replace(view, chosen=frozenset({"o0", "o1"})), new=False),
        "choice_none": choice(t, view),
        "voters": voters(t, signed, [("o0", "Awa"), ("o0", "Tom"), *(("o1", f"Lou {n}") for n in range(33))]),
        "opened": opened(t, poll),
        "opened_members": opened(t, to_members.poll),
        "changed": changed(t, poll),
        "changed_closed": changed(t, closed.poll),
        "author": author(t, view, csv, lost=False, now=now),
        "author_members": author(t, mine, csv, lost=False, now=now),
        "author_lost": author(t, view, csv, lost=True, now=now),
        "lost": lost(t, poll, (Mention("slack:T1:C0SECRET", "#secret"),)),
        "found_again": lost(t, poll, ()),
        "author_closed": author(t, closed, csv, lost=False, now=closes),
        "polls": listed(t, (Listed(poll, mine=True, draft="d1"), Listed(to_members.poll, mine=False))),
        "polls_none": listed(t, ()),
        "shown_here": shown_here(t, poll),
        "ballot_form": ballot_form(t, draft, closes),
        "ballot_form_members": ballot_form(t, Draft("d2", None, ""), closes, Quick(poll.question, labels)),
        "change_form": change_form(t, mine.poll, closes),
        "add_form": add_form(t, hidden),
        "words_form": words_form(t, mine),
    }
