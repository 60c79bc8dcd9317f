"""What kudos say. No card counts what somebody received, or sets one person beside another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.chat.action import Action
from bot.chat.card import Button, Card, Divider, Element, FormButton, Quote, Style, buttons, small, text
from bot.chat.form import Choice, Form, Note, Option, Part, People, TextInput
from bot.chat.text import Bold, Italic, Mention, Span
from bot.domain.kudos import ALLOWANCE, MAX_REASON, Answer, Kudos, KudosKind, Thanks
from bot.locales import Translator
from handlers.actions import OpenKudos

KINDS = {
    KudosKind.HELP: "kudos.help",
    KudosKind.WIN: "kudos.win",
    KudosKind.IDEA: "kudos.idea",
    KudosKind.COURAGE: "kudos.courage",
}
MAX_NAMES = 300


@dataclass(frozen=True, slots=True)
class GiveKudos(Action, verb="kudos"):
    """`whisper`: the one that led here, empty for none."""

    whisper: str


@dataclass(frozen=True, slots=True)
class ChangeKind(Action, verb="kudos.kind"):
    kudos: str
    kind: str


@dataclass(frozen=True, slots=True)
class TakeBack(Action, verb="kudos.back"):
    kudos: str


@dataclass(frozen=True, slots=True)
class Show(Action, verb="kudos.show"):
    kudos: str


@dataclass(frozen=True, slots=True)
class Keep(Action, verb="kudos.keep"):
    kudos: str


@dataclass(frozen=True, slots=True)
class Refuse(Action, verb="kudos.refuse"):
    kudos: str


@dataclass(frozen=True, slots=True)
class ShowMine(Action, verb="kudos.mine"):
    pass


@dataclass(frozen=True, slots=True)
class ShowWall(Action, verb="kudos.wall"):
    pass


@dataclass(frozen=True, slots=True)
class TakeWallDown(Action, verb="wall.down"):
    """Takes the wall down from the channel in which it is pressed."""


@dataclass(frozen=True, slots=True)
class OpenWhisper(Action, verb="whisper.open"):
    whisper: str


@dataclass(frozen=True, slots=True)
class TellAuthor(Action, verb="whisper.tell"):
    whisper: str


@dataclass(frozen=True, slots=True)
class Told:
    """A thank-you and the people in it: `receivers` are those whom the reader may know of."""

    kudos: Kudos
    giver: Mention
    receivers: tuple[Mention, ...]


@dataclass(frozen=True, slots=True)
class Draft:
    """What a form is filled with. `notice` says what is missing; `elsewhere` names members who are in another
    workspace, None where there is no other."""

    people: tuple[str, ...] = ()
    elsewhere: str | None = None
    reason: str = ""
    notice: str = ""


def form(t: Translator, draft: Draft, whisper: str = "") -> Form:
    notice: tuple[Part, ...] = (Note((draft.notice,)),) if draft.notice else ()
    others: tuple[Part, ...] = ()
    if draft.elsewhere is not None:
        label, hint = t("kudos.elsewhere"), t("kudos.elsewhere_hint")
        others = (TextInput("elsewhere", label, draft.elsewhere, hint, max_length=MAX_NAMES),)
    parts = (
        *notice,
        People("people", t("kudos.people"), draft.people, t("kudos.people_hint")),
        *others,
        Choice("kind", t("kudos.kind"), _options(t), KudosKind.HELP, required=True),
        TextInput(
            "reason",
            t("kudos.reason"),
            draft.reason,
            t("kudos.reason_hint"),
            multiline=True,
            required=True,
            max_length=MAX_REASON,
        ),
    )
    return Form(GiveKudos(whisper), t("kudos.title"), parts, t("kudos.send"))


def _options(t: Translator) -> tuple[Option, ...]:
    return tuple(Option(kind, _label(t, kind)) for kind in KINDS)


def _kind(t: Translator, kind: KudosKind) -> str:
    key = KINDS[kind]
    return t(key)


def _label(t: Translator, kind: KudosKind) -> str:
    name = _kind(t, kind)
    return name[:1].upper() + name[1:]


def given(t: Translator, told: Told, left: int, left_out: Sequence[str] = ()) -> Card:
    """The giver's private answer, where the kind can still be said differently."""
    kudos = told.kudos
    names = t.all_of([receiver.name for receiver in told.receivers])
    others = (kind for kind in KINDS if kind is not kudos.kind)
    return Card(
        t("kudos.given", names=names, kind=_kind(t, kudos.kind)),
        (
            Quote(kudos.reason),
            *(text(sentence) for sentence in left_out),
            text(t("kudos.private", len(told.receivers))),
            small(t("kudos.rather")),
            buttons(
                *(Button(_label(t, kind), ChangeKind(kudos.id, kind)) for kind in others),
                Button(t("kudos.take_back"), TakeBack(kudos.id), Style.DANGER),
            ),
            small(_left(t, left)),
        ),
    )


def _left(t: Translator, left: int) -> str:
    return t("kudos.left", left) if left else t("kudos.none_left")


def left_out(t: Translator, names: Sequence[str]) -> str:
    return t("kudos.left_out", names=t.all_of(list(names)))


def taken_back(t: Translator, kudos: Kudos) -> Card:
    return Card(t("kudos.taken_back"), (Quote(kudos.reason),))


def refused(t: Translator, sentences: Sequence[str], words: str) -> Card:
    """What was typed and could not be done, as it can be read."""
    kept = (text(t("failure.kept")), Quote(words)) if words else ()
    return Card("", (*(text(sentence) for sentence in sentences), *kept))


def thanks(t: Translator, told: Told, answer: Answer) -> Card:
    """To one receiver: what they make of it is known to them alone, unless they show it."""
    kudos = told.kudos
    if kudos.taken_back_at is not None:
        return Card("", (text(t("thanks.taken_back")),))
    keep = Button(t("thanks.undo"), Keep(kudos.id))
    if answer is Answer.DECLINED:
        return Card("", (text(t("thanks.refused")), buttons(keep)))
    title = t("thanks.title", name=told.giver.name, kind=_kind(t, kudos.kind))
    return Card(title, (Quote(kudos.reason), *_answers(t, kudos.id, answer)))


def _answers(t: Translator, kudos_id: str, answer: Answer) -> tuple[Element, ...]:
    show = Button(t("thanks.show"), Show(kudos_id), Style.PRIMARY)
    keep = Button(t("thanks.keep"), Keep(kudos_id))
    refuse = Button(t("thanks.refuse"), Refuse(kudos_id))
    mine = Button(t("kudos.see_mine"), ShowMine())
    match answer:
        case Answer.SHOWN:
            return text(t("thanks.shown")), buttons(Button(t("thanks.hide"), Keep(kudos_id)), mine)
        case Answer.KEPT:
            return text(t("thanks.kept")), buttons(Button(t("thanks.show"), Show(kudos_id)), mine, refuse)
        case Answer.NONE | Answer.DECLINED:
            return buttons(show, keep, refuse), small(t("thanks.known"))


def post(t: Translator, told: Told) -> Card:
    """One on the wall."""
    return Card(_label(t, told.kudos.kind), (text(*_who(t, told)), Quote(told.kudos.reason)))


def gone(t: Translator) -> Card:
    return Card("", (small(t("wall.gone")),))


def _who(t: Translator, told: Told) -> tuple[Span, ...]:
    return told.giver, " ", t("wall.thanks"), " ", *_listed(t, told.receivers)


def _listed(t: Translator, people: Sequence[Mention]) -> list[Span]:
    """ "A, B and C", each of them called."""
    spans: list[Span] = []
    for number, person in enumerate(people):
        if number:
            spans.append(f" {t('wall.and')} " if number == len(people) - 1 else ", ")
        spans.append(person)
    return spans


def wall(t: Translator, latest: Sequence[Told]) -> Card:
    """For whoever asks, whether a wall hangs anywhere or not."""
    body: list[Element] = [] if latest else [text(t("wall.empty"))]
    for told in latest:
        body += [text(Bold(_label(t, told.kudos.kind)), "\n", *_who(t, told)), Quote(told.kudos.reason)]
    give = FormButton(t("kudos.title"), OpenKudos(), Style.PRIMARY)
    return Card(
        t("wall.title"),
        (*body, buttons(give, Button(t("kudos.see_mine"), ShowMine())), small(t("wall.rule"))),
    )


def sign(t: Translator) -> Card:
    """To the channel in which the wall hangs."""
    give = FormButton(t("kudos.title"), OpenKudos())
    see = Button(t("wall.see"), ShowWall())
    return Card(t("wall.title"), (text(t("wall.here")), buttons(give, see)))


def sign_down(t: Translator) -> Card:
    """To the channel in which it hung."""
    return Card("", (text(t("wall.down_here")),))


def hanging(t: Translator) -> Card:
    """To whoever hangs it, while nobody knows yet whether Cercle can write there."""
    return Card(t("wall.hanging"), (text(t("wall.if_not")),))


def hangs(t: Translator) -> Card:
    """To whoever would hang it where it hangs."""
    down = Button(t("wall.take_down"), TakeWallDown(), Style.DANGER)
    return Card("", (text(t("wall.hung")), buttons(down)))


def taken_down(t: Translator) -> Card:
    return Card("", (text(t("wall.taken_down")),))


def mine(t: Translator, received: Sequence[Told], given: Sequence[Told], left: int) -> Card:
    """For the reader's eyes only: what they received, and what they can still take back."""
    body: list[Element] = [] if received else [text(t("mine.none"))]
    for told in received:
        body.append(text(Bold(_label(t, told.kudos.kind)), " · ", told.giver))
        body.append(Quote(told.kudos.reason))
    if given:
        body += [Divider(), text(Bold(t("mine.given")))]
    for told in given:
        body.append(text(*_listed(t, told.receivers), "\n", Italic(told.kudos.reason)))
        body.append(buttons(Button(t("kudos.take_back"), TakeBack(told.kudos.id))))
    give = FormButton(t("kudos.title"), OpenKudos())
    return Card(t("mine.title"), (*body, buttons(give), small(t("mine.private")), small(_left(t, left))))


def whisper(t: Translator, about: Mention, id: str, done: bool) -> Card:
    """About somebody, to one who may have something to say. It does not say why it is they."""
    body = text(t("whisper.crossed", name=about.name))
    free = () if done else (small(t("whisper.free")),)
    return Card(t("whisper.title", name=about.name), (body, _say_so(t, about, id, done), *free))


def posted(t: Translator, author: Mention, title: str, id: str, done: bool, told: bool) -> Card:
    """To whoever shared a post: about its author, who knows of the post only if they are told."""
    about = text(*t.spans("whisper.posted", title=Italic(title), author=author))
    tell = buttons(Button(t("whisper.tell", name=author.name), TellAuthor(id)))
    known = (text(t("whisper.told", name=author.name)),) if told else (tell, small(t("whisper.untold")))
    return Card(t("whisper.posted_title"), (about, _say_so(t, author, id, done), *known))


def heard(t: Translator, poster: Mention, title: str, id: str, done: bool) -> Card:
    """To the author, when whoever posted wished them to know."""
    about = text(*t.spans("whisper.heard", poster=poster, title=Italic(title)))
    return Card(t("whisper.heard_title", name=poster.name), (about, _say_so(t, poster, id, done)))


def _say_so(t: Translator, about: Mention, id: str, done: bool) -> Element:
    if done:
        return text(t("whisper.done", name=about.name))
    return buttons(FormButton(t("whisper.say", name=about.name), OpenWhisper(id)))


def examples(t: Translator) -> dict[str, Card | Form]:
    now = datetime(2026, 11, 23, 9, tzinfo=UTC)
    priya, tom, awa = (Mention(f"slack:T1:U{n}", name) for n, name in enumerate(("Priya", "Tom", "Awa"), 1))
    waiting = (Thanks("p2", Answer.NONE), Thanks("p3", Answer.NONE))
    words = t("example.thanks")
    fresh = Kudos("k1", "p1", KudosKind.WIN, words, now, waiting)
    helped = Kudos("k2", "p2", KudosKind.HELP, t("example.thanks_help"), now, waiting[1:])
    back = Kudos("k3", "p1", KudosKind.IDEA, words, now, waiting, now)
    both, one = Told(fresh, priya, (tom, awa)), Told(helped, tom, (awa,))
    title = t("example.title")
    return {
        "form": form(t, Draft()),
        "form_again": form(t, Draft((tom.address,), "@Awa Diop", words, t("error.NobodyToThank"))),
        "given": given(t, both, 3),
        "given_last": given(t, one, 0, (left_out(t, ("Lou", t("kudos.someone"))), t("kudos.not_oneself"))),
        "taken_back": taken_back(t, back),
        "refused": refused(t, (t("error.ThanksSpent", allowance=ALLOWANCE, day=t.day(now)),), words),
        **{f"thanks_{answer}": thanks(t, both, answer) for answer in Answer},
        "thanks_taken_back": thanks(t, Told(back, priya, ()), Answer.NONE),
        "post": post(t, both),
        "gone": gone(t),
        "wall": wall(t, (both, one)),
        "wall_empty": wall(t, ()),
        "sign": sign(t),
        "sign_down": sign_down(t),
        "hanging": hanging(t),
        "hangs": hangs(t),
        "taken_down": taken_down(t),
        "mine": mine(t, (both,), (one,), 4),
        "mine_none": mine(t, (), (), ALLOWANCE),
        "whisper": whisper(t, awa, "w1", done=False),
        "whisper_done": whisper(t, awa, "w1", done=True),
        "posted": posted(t, priya, title, "w2", done=False, told=False),
        "posted_told": posted(t, priya, title, "w2", done=True, told=True),
        "heard": heard(t, tom, title, "w3", done=False),
    }
