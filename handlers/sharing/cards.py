"""What a member sees of a content: the card, their words, their shares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from bot.chat.action import Action
from bot.chat.card import (
    Button,
    Card,
    Element,
    FormButton,
    Image,
    LinkButton,
    Menu,
    Quote,
    Style,
    buttons,
    small,
    text,
)
from bot.chat.form import Form, Note, TextInput
from bot.chat.text import Bold, Italic, Mention
from bot.domain.content import MAX_OPENING, MAX_WORDS, Content, Copy
from bot.domain.network import Network
from bot.domain.share import Stance
from bot.locales import Translator
from handlers.actions import Leave, OpenJoin, OpenPause

ALIKE = 256
"""Parts of cards made lately that many members are shown alike."""


@dataclass(frozen=True, slots=True)
class OpenWords(Action, verb="words.open"):
    content: str


@dataclass(frozen=True, slots=True)
class SaveWords(Action, verb="words"):
    content: str


@dataclass(frozen=True, slots=True)
class Later(Action, verb="later"):
    content: str


@dataclass(frozen=True, slots=True)
class PutOff(Action, verb="later.at"):
    """`until`: minutes since 1970, UTC."""

    content: str
    until: int


@dataclass(frozen=True, slots=True)
class Now(Action, verb="now"):
    content: str


@dataclass(frozen=True, slots=True)
class Decline(Action, verb="decline"):
    content: str


@dataclass(frozen=True, slots=True)
class Reconsider(Action, verb="reconsider"):
    content: str


@dataclass(frozen=True, slots=True)
class Posted(Action, verb="posted"):
    content: str
    network: str


@dataclass(frozen=True, slots=True)
class NotPosted(Action, verb="unposted"):
    content: str
    network: str


@dataclass(frozen=True, slots=True)
class OpenAsk(Action, verb="ask.open"):
    content: str


@dataclass(frozen=True, slots=True)
class AskAuthor(Action, verb="ask"):
    content: str


@dataclass(frozen=True, slots=True)
class Why(Action, verb="why"):
    content: str


@dataclass(frozen=True, slots=True)
class Stop(Action, verb="stop"):
    pass


@dataclass(frozen=True, slots=True)
class Outlet:
    """One network of the member's for this content. `over`: how much too long the words are there."""

    network: Network
    page: str
    over: int = 0
    opened: bool = False
    posted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class View:
    """Everything one member's card shows. `own`: the words are theirs, not the suggested opening. `moments`:
    when it may come back, once it is put aside."""

    content: Content
    topic: str
    author: Mention
    words: str
    own: bool
    outlets: tuple[Outlet, ...]
    stance: Stance
    clicks: int
    moments: tuple[datetime, ...] = ()


def open_to(view: View, now: datetime) -> bool:
    """Whether the member may still want it: live, not declined, not posted anywhere."""
    posted = any(outlet.posted_at for outlet in view.outlets)
    return view.content.live(now) and not view.stance.declined and not posted


def card(t: Translator, view: View, now: datetime) -> Card:
    """The living card of one member for one content."""
    content = view.content
    if content.withdrawn_at is not None:
        return Card(content.copy.title, (text(t("content.withdrawn")), *_reported(t, view)))
    if any(outlet.posted_at for outlet in view.outlets):
        return _posted(t, view, now)
    if not content.live(now):
        return Card(content.copy.title, (text(t("content.expired")),))
    if view.stance.declined:
        again = Button(t("content.reconsider"), Reconsider(content.id))
        return Card(content.copy.title, (text(t("content.declined")), buttons(again)))
    if view.stance.later_until is not None and view.stance.waits(now):
        return _later(t, view, view.stance.later_until)
    return _offer(t, view, now)


def _offer(t: Translator, view: View, now: datetime) -> Card:
    content = view.content
    mine = t("content.own_words") if view.own else t("content.suggested")
    return Card(
        content.copy.title,
        (
            *_what_and_why(t, content.copy, view.topic, view.author),
            text(Italic(mine)),
            Quote(view.words),
            *_too_long(t, view),
            _share(t, view),
            *_confirm(t, view),
            *_or_else(t, content.id, content.copy.url, view.topic, view.stance.came_back(now)),
        ),
    )


@lru_cache(ALIKE)
def _what_and_why(t: Translator, copy: Copy, topic: str, author: Mention) -> tuple[Element, ...]:
    picture = (Image(copy.picture_url, copy.picture_alt),) if copy.picture_url else ()
    return (
        small(*t.spans("content.from", topic=topic, author=author)),
        *picture,
        text(Bold(t("content.why")), " — ", copy.why),
    )


def _too_long(t: Translator, view: View) -> tuple[Element, ...]:
    long = [outlet for outlet in view.outlets if outlet.over]
    return tuple(small(t("content.too_long", o.over, network=o.network.label)) for o in long)


def _share(t: Translator, view: View) -> Element:
    fitting = [outlet for outlet in view.outlets if not outlet.over]
    words = FormButton(t("content.edit_words"), OpenWords(view.content.id))
    if not view.outlets:
        return buttons(words, FormButton(t("content.choose_networks"), OpenJoin()))
    links = (
        LinkButton(_share_on(t, o.network), o.page, Style.PRIMARY if o is fitting[0] else Style.PLAIN)
        for o in fitting
    )
    return buttons(*links, words)


@lru_cache(ALIKE)
def _share_on(t: Translator, network: Network) -> str:
    return t("content.share_on", network=network.label)


def _confirm(t: Translator, view: View) -> tuple[Element, ...]:
    """Opening the composer is not posting: only the member can say that it is posted."""
    opened = [outlet for outlet in view.outlets if outlet.opened]
    if not opened:
        return ()
    said = (
        Button(t("content.i_posted", network=o.network.label), Posted(view.content.id, o.network))
        for o in opened
    )
    return (small(t("content.opened")), buttons(*said))


@lru_cache(ALIKE)
def _or_else(t: Translator, content_id: str, url: str, topic: str, came_back: bool) -> tuple[Element, ...]:
    """What came back once does not come back again."""
    others = buttons(
        None if came_back else Button(t("content.later"), Later(content_id)),
        Button(t("content.not_for_me"), Decline(content_id)),
        Menu(
            t("content.more"),
            (
                FormButton(t("content.ask_author"), OpenAsk(content_id)),
                Button(t("content.why_me"), Why(content_id)),
                LinkButton(t("button.read"), url),
                Button(t("content.stop"), Stop()),
            ),
        ),
    )
    return others, small(t("content.because", topic=topic))


def _posted(t: Translator, view: View, now: datetime) -> Card:
    """One quiet line, and whatever is left to do if the member likes."""
    content = view.content
    undo = (
        Button(t("content.undo", network=o.network.label), NotPosted(content.id, o.network))
        for o in view.outlets
        if o.posted_at
    )
    rest = [o for o in view.outlets if not o.posted_at and not o.over and content.live(now)]
    links = (LinkButton(_share_on(t, o.network), o.page) for o in rest)
    return Card(
        content.copy.title,
        (*_reported(t, view), text(t("content.clicks", view.clicks)), buttons(*links, *undo)),
    )


def _reported(t: Translator, view: View) -> tuple[Element, ...]:
    return tuple(
        text(t("content.posted_on", network=o.network.label, day=t.day(o.posted_at)))
        for o in view.outlets
        if o.posted_at
    )


def _later(t: Translator, view: View, until: datetime) -> Card:
    """By their dates: this card is read on another day too."""
    content_id = view.content.id
    rather = (
        Button(t("content.rather", moment=t.moment(moment)), PutOff(content_id, minutes(moment)))
        for moment in view.moments
        if moment != until
    )
    return Card(
        view.content.copy.title,
        (
            text(t("content.put_aside", moment=t.moment(until))),
            buttons(Button(t("content.bring_back"), Now(content_id)), *rather),
        ),
    )


def minutes(moment: datetime) -> int:
    return int(moment.timestamp()) // 60


def words_form(t: Translator, content: Content, words: str, networks: Sequence[Network]) -> Form:
    limits = [
        t("words.limit", network=network.label, limit=t.number(network.limit))
        for network in networks
        if network.limit is not None
    ]
    hint = t("words.hint", limits=t.all_of(limits)) if limits else t("words.hint_free")
    others = [
        Note((t("words.other"), "\n", opening), quiet=True)
        for opening in content.copy.openings
        if opening != words
    ]
    return Form(
        SaveWords(content.id),
        t("words.title"),
        (
            Note((Bold(content.copy.title),)),
            TextInput(
                "words", t("words.label"), words, hint, multiline=True, required=True, max_length=MAX_WORDS
            ),
            *others,
        ),
        t("words.submit"),
    )


def ask_form(t: Translator, content: Content) -> Form:
    return Form(
        AskAuthor(content.id),
        t("ask.title"),
        (
            Note((content.copy.title,)),
            TextInput(
                "question",
                t("ask.label"),
                "",
                t("ask.hint"),
                multiline=True,
                required=True,
                max_length=MAX_OPENING,
            ),
        ),
        t("ask.submit"),
    )


def asked(t: Translator) -> Card:
    return Card(t("asked.title"), (text(t("asked.body")),))


def why(t: Translator, view: View, hours: str, ceiling: int) -> Card:
    """Why me, why now, who decided, how to stop."""
    return Card(
        t("why.title"),
        (
            text(Bold(t("why.me")), " ", t("why.me_answer", topic=view.topic)),
            text(Bold(t("why.now")), " ", t("why.now_answer", ceiling, hours=hours)),
            text(Bold(t("why.who")), " ", *t.spans("why.who_answer", author=view.author)),
            text(Bold(t("why.stop")), " ", t("why.stop_answer")),
            _ways_out(t),
        ),
    )


def stop(t: Translator) -> Card:
    return Card(t("stop.title"), (text(t("stop.body")), _ways_out(t)))


def _ways_out(t: Translator) -> Element:
    return buttons(
        FormButton(t("button.settings"), OpenJoin()),
        FormButton(t("button.pause"), OpenPause()),
        Button(t("button.leave"), Leave()),
    )


def answered(t: Translator, title: str, question: str, answer: str, by: Mention) -> Card:
    return Card(
        t("answered.title"),
        (text(*t.spans("answered.about", by=by, title=Italic(title))), Quote(question), Quote(answer)),
    )


def reminder(t: Translator, view: View, now: datetime) -> Card:
    """The card again, at the moment the member chose; whatever has happened since shows."""
    whole = card(t, view, now)
    return replace(whole, body=(small(t("content.back_again")), *whole.body))


def examples(t: Translator) -> dict[str, Card | Form]:
    now = datetime(2026, 11, 23, 9, tzinfo=UTC)
    copy = Copy(
        url="https://example.org/alternants",
        title=t("example.title"),
        why=t("example.why"),
        openings=(t("example.opening"), t("example.opening_2")),
        topic_id="t1",
        networks=(),
        picture_url="https://example.org/alternants.png",
        picture_alt=t("example.alt"),
        expires_at=now + timedelta(days=14),
    )
    live = Content("c1", "p1", copy, 1, now, None)
    linkedin = Outlet(Network.LINKEDIN, "https://cercle.example/s/aaa")
    x = Outlet(Network.X, "https://cercle.example/s/bbb")
    author = Mention("slack:T1:U1", "Camille")
    view = View(live, t("topic.people"), author, copy.openings[0], False, (linkedin, x), Stance(), 0)
    own = replace(
        view,
        words=t("example.words"),
        own=True,
        outlets=(replace(linkedin, opened=True), replace(x, over=32)),
    )
    posted = replace(own, outlets=(replace(linkedin, opened=True, posted_at=now), x), clicks=4)
    afternoon, morning, week = now + timedelta(hours=4), now + timedelta(days=1), now + timedelta(days=7)
    later = replace(view, stance=Stance(later_until=morning), moments=(afternoon, morning, week))
    withdrawn = replace(posted, content=replace(live, withdrawn_at=now))
    return {
        "content": card(t, view, now),
        "content_own_words": card(t, own, now),
        "content_no_network": card(t, replace(view, outlets=()), now),
        "content_posted": card(t, posted, now),
        "content_later": card(t, later, now),
        "content_declined": card(t, replace(view, stance=Stance(declined=True)), now),
        "content_withdrawn": card(t, withdrawn, now),
        "content_expired": card(t, view, now + timedelta(days=30)),
        "reminder": reminder(t, replace(view, stance=Stance(later_until=now)), now),
        "words_form": words_form(t, live, copy.openings[0], (Network.LINKEDIN, Network.X)),
        "ask_form": ask_form(t, live),
        "asked": asked(t),
        "why": why(t, view, t("wishes.from_to", start="09:00", end="18:00"), 2),
        "stop": stop(t),
        "answered": answered(t, copy.title, t("example.question"), t("example.answer"), author),
    }
