"""What a member sees of a post: the card, their words, their shares."""

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
from bot.domain.network import Network
from bot.domain.post import MAX_OPENING, MAX_WORDS, Copy, Post
from bot.domain.share import Stance
from bot.locales import Translator
from handlers.actions import Leave, OpenJoin, OpenPause

ALIKE = 256
"""Parts of cards made lately that many members are shown alike."""


@dataclass(frozen=True, slots=True)
class OpenWords(Action, verb="words.open"):
    post: str


@dataclass(frozen=True, slots=True)
class SaveWords(Action, verb="words"):
    post: str


@dataclass(frozen=True, slots=True)
class Later(Action, verb="later"):
    post: str


@dataclass(frozen=True, slots=True)
class PutOff(Action, verb="later.at"):
    """`until`: minutes since 1970, UTC."""

    post: str
    until: int


@dataclass(frozen=True, slots=True)
class Now(Action, verb="now"):
    post: str


@dataclass(frozen=True, slots=True)
class Decline(Action, verb="decline"):
    post: str


@dataclass(frozen=True, slots=True)
class Reconsider(Action, verb="reconsider"):
    post: str


@dataclass(frozen=True, slots=True)
class Posted(Action, verb="posted"):
    post: str
    network: str


@dataclass(frozen=True, slots=True)
class NotPosted(Action, verb="unposted"):
    post: str
    network: str


@dataclass(frozen=True, slots=True)
class OpenAsk(Action, verb="ask.open"):
    post: str


@dataclass(frozen=True, slots=True)
class AskAuthor(Action, verb="ask"):
    post: str


@dataclass(frozen=True, slots=True)
class Why(Action, verb="why"):
    post: str


@dataclass(frozen=True, slots=True)
class Stop(Action, verb="stop"):
    pass


@dataclass(frozen=True, slots=True)
class Outlet:
    """One network of the member's for this post. `over`: how much too long the words are there."""

    network: Network
    page: str
    over: int = 0
    opened: bool = False
    posted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class View:
    """Everything one member's card shows. `own`: the words are theirs, not the suggested opening. `moments`:
    when it may come back, once it is put aside."""

    post: Post
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
    return view.post.live(now) and not view.stance.declined and not posted


def card(t: Translator, view: View, now: datetime) -> Card:
    """The living card of one member for one post."""
    post = view.post
    if post.withdrawn_at is not None:
        return Card(post.copy.title, (text(t("post.withdrawn")), *_reported(t, view)))
    if any(outlet.posted_at for outlet in view.outlets):
        return _posted(t, view, now)
    if not post.live(now):
        return Card(post.copy.title, (text(t("post.expired")),))
    if view.stance.declined:
        again = Button(t("post.reconsider"), Reconsider(post.id))
        return Card(post.copy.title, (text(t("post.declined")), buttons(again)))
    if view.stance.later_until is not None and view.stance.waits(now):
        return _later(t, view, view.stance.later_until)
    return _offer(t, view, now)


def _offer(t: Translator, view: View, now: datetime) -> Card:
    post = view.post
    mine = t("post.own_words") if view.own else t("post.suggested")
    return Card(
        post.copy.title,
        (
            *_what_and_why(t, post.copy, view.topic, view.author),
            text(Italic(mine)),
            Quote(view.words),
            *_too_long(t, view),
            _share(t, view),
            *_confirm(t, view),
            *_or_else(t, post.id, post.copy.url, view.topic, view.stance.came_back(now)),
        ),
    )


@lru_cache(ALIKE)
def _what_and_why(t: Translator, copy: Copy, topic: str, author: Mention) -> tuple[Element, ...]:
    picture = (Image(copy.picture_url, copy.picture_alt),) if copy.picture_url else ()
    return (
        small(*t.spans("post.from", topic=topic, author=author, day=t.day(copy.last_day))),
        *picture,
        text(Bold(t("post.why")), " — ", copy.why),
    )


def _too_long(t: Translator, view: View) -> tuple[Element, ...]:
    long = [outlet for outlet in view.outlets if outlet.over]
    return tuple(small(t("post.too_long", o.over, network=o.network.label)) for o in long)


def _share(t: Translator, view: View) -> Element:
    fitting = [outlet for outlet in view.outlets if not outlet.over]
    words = FormButton(t("post.edit_words"), OpenWords(view.post.id))
    if not view.outlets:
        return buttons(words, FormButton(t("post.choose_networks"), OpenJoin()))
    links = (
        LinkButton(_share_on(t, o.network), o.page, Style.PRIMARY if o is fitting[0] else Style.PLAIN)
        for o in fitting
    )
    return buttons(*links, words)


@lru_cache(ALIKE)
def _share_on(t: Translator, network: Network) -> str:
    return t("post.share_on", network=network.label)


def _confirm(t: Translator, view: View) -> tuple[Element, ...]:
    """Opening the composer is not posting: only the member can say that it is posted."""
    opened = [outlet for outlet in view.outlets if outlet.opened]
    if not opened:
        return ()
    said = (
        Button(t("post.i_posted", network=o.network.label), Posted(view.post.id, o.network)) for o in opened
    )
    return (small(t("post.opened")), buttons(*said))


@lru_cache(ALIKE)
def _or_else(t: Translator, post_id: str, url: str, topic: str, came_back: bool) -> tuple[Element, ...]:
    """What came back once does not come back again."""
    others = buttons(
        None if came_back else Button(t("post.later"), Later(post_id)),
        Button(t("post.not_for_me"), Decline(post_id)),
        Menu(
            t("post.more"),
            (
                FormButton(t("post.ask_author"), OpenAsk(post_id)),
                Button(t("post.why_me"), Why(post_id)),
                LinkButton(t("button.read"), url),
                Button(t("post.stop"), Stop()),
            ),
        ),
    )
    return others, small(t("post.because", topic=topic))


def _posted(t: Translator, view: View, now: datetime) -> Card:
    """One quiet line, and whatever is left to do if the member likes."""
    post = view.post
    undo = (
        Button(t("post.undo", network=o.network.label), NotPosted(post.id, o.network))
        for o in view.outlets
        if o.posted_at
    )
    rest = [o for o in view.outlets if not o.posted_at and not o.over and post.live(now)]
    links = (LinkButton(_share_on(t, o.network), o.page) for o in rest)
    return Card(
        post.copy.title,
        (*_reported(t, view), text(t("post.clicks", view.clicks)), buttons(*links, *undo)),
    )


def _reported(t: Translator, view: View) -> tuple[Element, ...]:
    return tuple(
        text(t("post.posted_on", network=o.network.label, day=t.day(o.posted_at)))
        for o in view.outlets
        if o.posted_at
    )


def _later(t: Translator, view: View, until: datetime) -> Card:
    """By their dates: this card is read on another day too."""
    post_id = view.post.id
    rather = (
        Button(t("post.rather", moment=t.moment(moment)), PutOff(post_id, minutes(moment)))
        for moment in view.moments
        if moment != until
    )
    return Card(
        view.post.copy.title,
        (
            text(t("post.put_aside", moment=t.moment(until))),
            buttons(Button(t("post.bring_back"), Now(post_id)), *rather),
        ),
    )


def minutes(moment: datetime) -> int:
    return int(moment.timestamp()) // 60


def words_form(t: Translator, post: Post, words: str, networks: Sequence[Network]) -> Form:
    limits = [
        t("words.limit", network=network.label, limit=t.number(network.limit))
        for network in networks
        if network.limit is not None
    ]
    hint = t("words.hint", limits=t.all_of(limits)) if limits else t("words.hint_free")
    others = [
        Note((t("words.other"), "\n", opening), quiet=True)
        for opening in post.copy.openings
        if opening != words
    ]
    return Form(
        SaveWords(post.id),
        t("words.title"),
        (
            Note((Bold(post.copy.title),)),
            TextInput(
                "words", t("words.label"), words, hint, multiline=True, required=True, max_length=MAX_WORDS
            ),
            *others,
        ),
        t("words.submit"),
    )


def ask_form(t: Translator, post: Post) -> Form:
    return Form(
        AskAuthor(post.id),
        t("ask.title"),
        (
            Note((post.copy.title,)),
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
    return replace(whole, body=(small(t("post.back_again")), *whole.body))


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
    live = Post("c1", "p1", copy, 1, now, None)
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
    withdrawn = replace(posted, post=replace(live, withdrawn_at=now))
    return {
        "post": card(t, view, now),
        "post_own_words": card(t, own, now),
        "post_no_network": card(t, replace(view, outlets=()), now),
        "post_posted": card(t, posted, now),
        "post_later": card(t, later, now),
        "post_declined": card(t, replace(view, stance=Stance(declined=True)), now),
        "post_withdrawn": card(t, withdrawn, now),
        "post_expired": card(t, view, now + timedelta(days=30)),
        "reminder": reminder(t, replace(view, stance=Stance(later_until=now)), now),
        "words_form": words_form(t, live, copy.openings[0], (Network.LINKEDIN, Network.X)),
        "ask_form": ask_form(t, live),
        "asked": asked(t),
        "why": why(t, view, t("wishes.from_to", start="09:00", end="18:00"), 2),
        "stop": stop(t),
        "answered": answered(t, copy.title, t("example.question"), t("example.answer"), author),
    }
