"""What is said around the board: the two questions, the themes, what the comms team is asked to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from bot.chat.action import Action
from bot.chat.card import Button, Card, Element, FormButton, Quote, Style, buttons, small, text
from bot.chat.form import Choice, Choices, DateInput, Form, Note, Option, Part, People, TextInput, Toggle
from bot.chat.text import Bold, Italic, shorten
from bot.domain.board import (
    LIFE,
    MAX_ANSWER,
    MAX_FINDING,
    MAX_TITLE,
    Finding,
    Gathering,
    Matter,
    Somebody,
    Theme,
)
from bot.locales import Translator
from handlers.actions import AboutSecrecy, OpenGathering

UNANSWERED_SHOWN, OTHERS_SHOWN = 5, 4
"""Themes on the board, of each sort: with all else a card has 50 blocks in Slack."""
A_PAGE = 10
AT_ONCE = 10
"""Findings sorted in one form: Slack has room for ten boxes to tick."""
THEMES_OFFERED = 20
FINDINGS_SHOWN = 10
THEMES_TOLD = 8
ANSWER_SHOWN = 300
LABEL = 70
"""Characters of a finding that fit beside its box."""

ANONYMOUS, SIGNED = "anonymous", "signed"
NEW = "new"


@dataclass(frozen=True, slots=True)
class StartGathering(Action, verb="gathering"):
    pass


@dataclass(frozen=True, slots=True)
class OpenTell(Action, verb="gathering.tell.open"):
    gathering: str


@dataclass(frozen=True, slots=True)
class Tell(Action, verb="gathering.tell"):
    gathering: str


@dataclass(frozen=True, slots=True)
class TakeBackWords(Action, verb="gathering.back"):
    """What its reader signed there."""

    gathering: str


@dataclass(frozen=True, slots=True)
class ShowBoard(Action, verb="board"):
    pass


@dataclass(frozen=True, slots=True)
class ShowThemes(Action, verb="board.themes"):
    page: int


@dataclass(frozen=True, slots=True)
class ShowTheme(Action, verb="board.theme"):
    theme: str


@dataclass(frozen=True, slots=True)
class OpenSort(Action, verb="board.sort.open"):
    matter: str


@dataclass(frozen=True, slots=True)
class Sort(Action, verb="board.sort"):
    matter: str


@dataclass(frozen=True, slots=True)
class OpenPlan(Action, verb="board.plan.open"):
    theme: str


@dataclass(frozen=True, slots=True)
class PlanTheme(Action, verb="board.plan"):
    """`changes` tells the state that the form was filled from."""

    theme: str
    changes: int


@dataclass(frozen=True, slots=True)
class OpenReply(Action, verb="board.answer.open"):
    theme: str


@dataclass(frozen=True, slots=True)
class AnswerTheme(Action, verb="board.answer"):
    theme: str
    changes: int


@dataclass(frozen=True, slots=True)
class GiveBack(Action, verb="board.give_back"):
    theme: str


@dataclass(frozen=True, slots=True)
class Board:
    """`unsorted`: some of what stands in no theme yet, out of `counts`. `more`: there are other themes.
    `sorts`: whoever reads this makes themes of it. `signed`: they put their name to something in this
    gathering. `today` by the clock of the circle."""

    today: date
    gathering: Gathering | None = None
    unanswered: Sequence[Theme] = ()
    answered: Sequence[Theme] = ()
    practices: Sequence[Theme] = ()
    unsorted: Mapping[Matter, Sequence[Finding]] | None = None
    counts: Mapping[Matter, int] | None = None
    more: bool = False
    sorts: bool = False
    signed: bool = False


@dataclass(frozen=True, slots=True)
class View:
    """A theme, and what whoever reads it may do."""

    theme: Theme
    today: date
    findings: Sequence[Finding] = ()
    plans: bool = False
    answers: bool = False
    owns: bool = False


# The two questions


def start_form(t: Translator) -> Form:
    choices = (Option(ANONYMOUS, t("gathering.anonymous")), Option(SIGNED, t("gathering.signed")))
    return Form(
        StartGathering(),
        t("gathering.start_title"),
        (
            Note((t("gathering.start_body"),)),
            Choice("anonymity", t("gathering.anonymity"), choices, ANONYMOUS, required=True),
        ),
        t("gathering.start_submit"),
    )


def invitation(t: Translator, gathering: Gathering) -> Card:
    if gathering.closed_at is not None:
        return _closed(t, gathering)
    more = FormButton(t("secrecy.more"), AboutSecrecy()) if gathering.anonymous else None
    way_in = buttons(_tell_button(t, gathering), Button(t("board.show"), ShowBoard()), more)
    body = (text(t("gathering.body", day=t.day(gathering.closes_at))), way_in, _known(t, gathering))
    return Card(t("gathering.title"), body)


def _closed(t: Translator, gathering: Gathering) -> Card:
    unread = "secrecy.lost" if gathering.lost else "gathering.too_few"
    said = t("gathering.closed" if gathering.spoken else unread)
    return Card(t("gathering.title"), (text(said), buttons(Button(t("board.show"), ShowBoard()))))


def _tell_button(t: Translator, gathering: Gathering) -> FormButton:
    return FormButton(t("gathering.tell"), OpenTell(gathering.id), Style.PRIMARY)


def _known(t: Translator, gathering: Gathering) -> Element:
    return small(_what_is_known(t, gathering))


def _what_is_known(t: Translator, gathering: Gathering) -> str:
    return t("gathering.known_anonymous" if gathering.anonymous else "gathering.known_signed")


def started(t: Translator, gathering: Gathering) -> Card:
    until = text(t("gathering.started_body", day=t.day(gathering.closes_at)))
    return Card(t("gathering.started"), (until, buttons(_tell_button(t, gathering)), _known(t, gathering)))


def tell_form(t: Translator, gathering: Gathering) -> Form:
    sign = Toggle("sign", t("gathering.sign"), True, heading=t("gathering.sign_heading"))
    return Form(
        Tell(gathering.id),
        t("gathering.form_title"),
        (
            _area("blocker", t("gathering.blocker"), t("gathering.blocker_hint")),
            _area("practice", t("gathering.practice"), t("gathering.practice_hint")),
            *(() if gathering.anonymous else (sign,)),
            Note((_what_is_known(t, gathering),), quiet=True),
        ),
        t("gathering.submit"),
    )


def holding(form: Form, blocker: str) -> Form:
    """Return the form with a blocker that was typed already."""
    parts = (
        replace(part, value=blocker) if isinstance(part, TextInput) and part.name == Matter.BLOCKER else part
        for part in form.parts
    )
    return replace(form, parts=tuple(parts))


def _area(name: str, label: str, hint: str) -> TextInput:
    return TextInput(name, label, hint=hint, multiline=True, max_length=MAX_FINDING)


def told(t: Translator, gathering: Gathering, *, signed: bool = False) -> Card:
    again = FormButton(t("gathering.again"), OpenTell(gathering.id))
    back = _back_button(t, gathering) if signed else None
    return Card(t("gathering.told"), (_known(t, gathering), buttons(again, back)))


def _back_button(t: Translator, gathering: Gathering) -> Button:
    return Button(t("gathering.take_back"), TakeBackWords(gathering.id))


def taken_back(t: Translator) -> Card:
    return Card("", (text(t("gathering.taken_back")), buttons(Button(t("board.show"), ShowBoard()))))


# The board


def board(t: Translator, board: Board, typed: str = "") -> Card:
    """`typed`: the words behind a command that nothing takes now."""
    rows = (
        *_section(t, "board.unanswered", board.unanswered, board.today),
        *_section(t, "board.answered", board.answered, board.today),
        *_section(t, "board.worked", board.practices, board.today),
        *_unsorted(t, board, Matter.BLOCKER),
        *_unsorted(t, board, Matter.PRACTICE),
    )
    more = (buttons(Button(t("board.more"), ShowThemes(1))),) if board.more else ()
    empty = () if rows else (text(t("board.empty")),)
    kept = (text(t("failure.kept"), "\n", Italic(typed)),) if typed else ()
    return Card(t("board.title"), (*empty, *kept, *_now(t, board), *rows, *more))


def _now(t: Translator, board: Board) -> tuple[Element, ...]:
    gathering = board.gathering
    if gathering is None:
        return (buttons(FormButton(t("gathering.start"), OpenGathering())),)
    until = text(t("board.open", day=t.day(gathering.closes_at)))
    back = _back_button(t, gathering) if board.signed else None
    return (until, buttons(_tell_button(t, gathering), back), _known(t, gathering))


def _section(t: Translator, heading: str, themes: Sequence[Theme], today: date) -> tuple[Element, ...]:
    rows = (element for theme in themes for element in _row(t, theme, today))
    return (text(Bold(t(heading))), *rows) if themes else ()


def _row(t: Translator, theme: Theme, today: date) -> tuple[Element, ...]:
    about = buttons(Button(t("board.theme"), ShowTheme(theme.id)))
    return (text(Bold(theme.title), *(f"\n{line}" for line in _state(t, theme, today))), about)


def _state(t: Translator, theme: Theme, today: date) -> tuple[str, ...]:
    """One line; good practice has nothing to wait for."""
    if theme.answered_at is not None:
        answer = shorten(theme.answer, ANSWER_SHOWN)
        return (t("theme.answered", day=t.day(theme.answered_at), answer=answer),)
    return (f"{_who(t, theme)} {_when(t, theme, today)}",) if theme.waits else ()


def _who(t: Translator, theme: Theme) -> str:
    return t("theme.owned", name=_name(t, theme.owner)) if theme.owner else t("theme.nobody")


def _when(t: Translator, theme: Theme, today: date) -> str:
    if theme.due_on is None:
        return t("theme.no_day")
    return t("theme.due" if theme.due_on >= today else "theme.overdue", day=t.day(theme.due_on))


def _name(t: Translator, somebody: Somebody) -> str:
    return somebody.name or t("kudos.someone")


UNSORTED = {Matter.BLOCKER: "board.unsorted_blockers", Matter.PRACTICE: "board.unsorted_practices"}
SORT = {Matter.BLOCKER: "board.sort_blockers", Matter.PRACTICE: "board.sort_practices"}


def _unsorted(t: Translator, board: Board, matter: Matter) -> tuple[Element, ...]:
    shown = (board.unsorted or {}).get(matter, ())
    if not shown:
        return ()
    rest = (board.counts or {}).get(matter, 0) - len(shown)
    more = (small(t("board.unsorted_more", rest)),) if rest > 0 else ()
    sort = (buttons(_sort_button(t, matter)),) if board.sorts else ()
    heading = UNSORTED[matter]
    return (text(Bold(t(heading))), *(_quote(t, each) for each in shown), *more, *sort)


def _sort_button(t: Translator, matter: Matter) -> FormButton:
    label = SORT[matter]
    return FormButton(t(label), OpenSort(matter))


def _quote(t: Translator, finding: Finding) -> Quote:
    return Quote(_signed(t, finding))


def _signed(t: Translator, finding: Finding) -> str:
    return f"{finding.text} — {_name(t, finding.by)}" if finding.by else finding.text


def themes(t: Translator, themes: Sequence[Theme], page: int, in_all: int, today: date) -> Card:
    """All there ever were, page by page from 1 on."""
    rows = [element for theme in themes for element in _row(t, theme, today)]
    newer = Button(t("board.newer"), ShowThemes(page - 1)) if page > 1 else None
    older = Button(t("board.older"), ShowThemes(page + 1)) if page * A_PAGE < in_all else None
    turn = buttons(newer, older, Button(t("board.show"), ShowBoard()))
    return Card(t("board.all"), (*(rows or [text(t("board.no_more"))]), turn))


def theme(t: Translator, view: View, done: str = "") -> Card:
    """`done`: the sentence that answers what was just done with it."""
    shown = view.findings[:FINDINGS_SHOWN]
    rest = len(view.findings) - len(shown)
    return Card(
        view.theme.title,
        (
            *((text(done),) if done else ()),
            *_standing(t, view),
            *((text(Bold(t("theme.said"))),) if shown else ()),
            *(_quote(t, each) for each in shown),
            *((small(t("theme.said_more", rest)),) if rest else ()),
            *_theme_buttons(t, view),
        ),
    )


def _standing(t: Translator, view: View) -> tuple[Element, ...]:
    """The whole answer, or what it waits for."""
    if view.theme.answer:
        return (text(Bold(t("theme.answer"))), Quote(view.theme.answer))
    return tuple(text(line) for line in _state(t, view.theme, view.today))


def _theme_buttons(t: Translator, view: View) -> tuple[Element, ...]:
    items = (
        _reply_button(t, view.theme, Style.PRIMARY) if view.answers else None,
        _plan_button(t, view.theme) if view.plans else None,
        Button(t("theme.give_back"), GiveBack(view.theme.id)) if view.owns and view.theme.waits else None,
    )
    return (buttons(*items),) if any(items) else ()


def _reply_button(t: Translator, theme: Theme, style: Style = Style.PLAIN) -> FormButton:
    return FormButton(t("theme.reply" if theme.waits else "theme.correct"), OpenReply(theme.id), style)


def _plan_button(t: Translator, theme: Theme) -> FormButton:
    return FormButton(_plan_label(t, theme), OpenPlan(theme.id))


def _plan_label(t: Translator, theme: Theme) -> str:
    return t("theme.plan" if theme.matter is Matter.BLOCKER else "theme.rename")


# The comms team's forms


def sort_form(
    t: Translator, matter: Matter, findings: Sequence[Finding], themes: Sequence[Theme], note: str = ""
) -> Form:
    title = SORT_TITLES[matter]
    offered = (Option(NEW, t("sort.new")), *(Option(theme.id, theme.title) for theme in themes))
    boxes = tuple(Option(f.id, f"{n}. {_signed(t, f)}") for n, f in enumerate(findings, 1))
    return Form(
        Sort(matter),
        t(title),
        (
            *_noted(note),
            *_in_full(boxes),
            Choices("findings", t("sort.findings"), boxes, required=True),
            Choice("theme", t("sort.theme"), offered, NEW, required=True),
            TextInput("title", t("theme.title"), hint=t("sort.title_hint"), max_length=MAX_TITLE),
        ),
        t("sort.submit"),
    )


SORT_TITLES = {Matter.BLOCKER: "sort.blockers", Matter.PRACTICE: "sort.practices"}


def _noted(note: str) -> tuple[Part, ...]:
    return (Note((Bold(note),)),) if note else ()


def _in_full(boxes: Sequence[Option]) -> tuple[Part, ...]:
    """Those that would be cut beside their box."""
    return tuple(Note((box.label,), quiet=True) for box in boxes if len(box.label) > LABEL)


def plan_form(t: Translator, theme: Theme, own_workspace: str, today: date, note: str = "") -> Form:
    """Whoever looks after it in another chat cannot be shown among the people of this one."""
    care = _care(t, theme, own_workspace) if theme.matter is Matter.BLOCKER else ()
    title = TextInput("title", t("theme.title"), theme.title, required=True, max_length=MAX_TITLE)
    state = (f"\n{line}" for line in _state(t, theme, today))
    changed = (Note((theme.title, *state)),) if note else ()
    parts = (*_noted(note), *changed, title, *care)
    return Form(PlanTheme(theme.id, theme.changes), _plan_label(t, theme), parts, t("theme.save"))


def _care(t: Translator, theme: Theme, own_workspace: str) -> tuple[Part, ...]:
    owner = theme.owner
    here = (owner.address,) if owner and owner.workspace_id == own_workspace else ()
    elsewhere = (Note((t("theme.owner_elsewhere", name=_name(t, owner)),)),) if owner and not here else ()
    due = theme.due_on.isoformat() if theme.due_on else ""
    return (
        *elsewhere,
        People("owner", t("theme.owner"), here, t("theme.owner_hint")),
        DateInput("due_on", t("theme.due_on"), due, t("theme.due_hint")),
    )


def reply_form(t: Translator, theme: Theme, findings: Sequence[Finding], note: str = "") -> Form:
    said = (Note((_signed(t, finding),), quiet=True) for finding in findings[:FINDINGS_SHOWN])
    answer = TextInput(
        "answer",
        t("theme.answer"),
        theme.answer,
        t("theme.answer_hint"),
        multiline=True,
        required=True,
        max_length=MAX_ANSWER,
    )
    changed = (Note((theme.answer,)),) if note and theme.answer else ()
    return Form(
        AnswerTheme(theme.id, theme.changes),
        t("theme.reply_title"),
        (*_noted(note), *changed, Note((Bold(theme.title),)), *said, answer),
        t("theme.reply_submit"),
    )


# Unasked


def gathered(t: Translator, counts: Mapping[Matter, int]) -> Card:
    """To the comms team, until everything has its theme."""
    waiting = [matter for matter in Matter if counts.get(matter)]
    if not waiting:
        return Card(t("gathered.done"), (buttons(Button(t("board.show"), ShowBoard())),))
    said = text(t("gathered.body", sum(counts.values())))
    ways = buttons(*(_sort_button(t, matter) for matter in waiting), Button(t("board.show"), ShowBoard()))
    return Card(t("gathered.title"), (said, ways))


def owner(t: Translator, view: View) -> Card:
    """To whoever was named to look after a theme; one line once that is over."""
    theme = view.theme
    if not view.owns:
        return Card("", (text(t("owner.no_more", title=theme.title)),))
    if not theme.waits:
        return Card("", (text(t("owner.answered", title=theme.title)),))
    items = (
        _reply_button(t, theme, Style.PRIMARY),
        Button(t("board.theme"), ShowTheme(theme.id)),
        Button(t("theme.give_back"), GiveBack(theme.id)),
    )
    body = text(t("owner.body"), " ", _when(t, theme, view.today))
    return Card(t("owner.title", title=theme.title), (body, buttons(*items), small(t("owner.free"))))


def answers(t: Translator, themes: Sequence[Theme]) -> Card:
    """To everybody: one card for the answers of a week."""
    rows: list[Element] = []
    for theme in themes[:THEMES_TOLD]:
        rows += [text(Bold(theme.title)), Quote(shorten(theme.answer, MAX_ANSWER // 2))]
    rest = len(themes) - THEMES_TOLD
    more = (small(t("answers.more", rest)),) if rest > 0 else ()
    way = buttons(Button(t("board.show"), ShowBoard()))
    return Card(t("answers.title"), (text(t("answers.body", len(themes))), *rows, *more, way))


def returned(t: Translator, themes: Sequence[Theme], today: date) -> Card:
    """To the comms team: what waits in vain."""
    if not themes:
        return Card(t("returned.none"), (buttons(Button(t("board.show"), ShowBoard())),))
    rows: list[Element] = [text(t("returned.body"))]
    for theme in themes[:THEMES_TOLD]:
        rows.append(text(Bold(theme.title), *(f"\n{line}" for line in _state(t, theme, today))))
        rows.append(buttons(_reply_button(t, theme), _plan_button(t, theme)))
    rest = len(themes) - THEMES_TOLD
    more = (small(t("returned.more", rest)),) if rest > 0 else ()
    return Card(t("returned.title"), (*rows, *more))


def examples(t: Translator) -> dict[str, Card | Form]:
    now = datetime(2026, 11, 24, 9, tzinfo=UTC)
    today = now.date()
    quiet = Gathering("g1", True, now, now + LIFE)
    signed = replace(quiet, id="g2", anonymous=False, spoken=True)
    awa = Somebody("p1", "w1", "slack:T1:U1", "Awa")
    texts = (t("example.blocker"), t("example.blocker_2"))
    blockers = tuple(Finding(f"f{n}", Matter.BLOCKER, said) for n, said in enumerate(texts))
    tricks = (Finding("f8", Matter.PRACTICE, t("example.practice"), awa),)
    bare = Theme("t1", Matter.BLOCKER, t("example.theme"), now)
    cared = replace(bare, id="t2", owner=awa, due_on=today + timedelta(days=9))
    late = replace(bare, id="t3", owner=awa, due_on=today - timedelta(days=9), title=t("example.theme_2"))
    done = replace(late, id="t4", answer=t("example.theme_answer"), answered_at=now)
    trick = Theme("t5", Matter.PRACTICE, t("example.theme_practice"), now)
    full = Board(
        today,
        quiet,
        (bare, cared, late),
        (done,),
        (trick,),
        {Matter.BLOCKER: blockers, Matter.PRACTICE: tricks},
        {Matter.BLOCKER: 7, Matter.PRACTICE: 1},
        more=True,
        sorts=True,
    )
    said = blockers * (FINDINGS_SHOWN // 2 + 1)
    crowded = Board(
        today,
        quiet,
        (late,) * UNANSWERED_SHOWN,
        (done,) * OTHERS_SHOWN,
        (trick,) * OTHERS_SHOWN,
        {Matter.BLOCKER: said[:OTHERS_SHOWN], Matter.PRACTICE: tricks * OTHERS_SHOWN},
        {Matter.BLOCKER: 70, Matter.PRACTICE: 70},
        more=True,
        sorts=True,
    )
    return {
        "start_form": start_form(t),
        "invitation": invitation(t, quiet),
        "invitation_signed": invitation(t, signed),
        "invitation_closed": invitation(t, replace(quiet, closed_at=now, spoken=True)),
        "invitation_lost": invitation(t, replace(quiet, closed_at=now, lost=True)),
        "invitation_too_few": invitation(t, replace(quiet, closed_at=now)),
        "started": started(t, signed),
        "tell_form": tell_form(t, quiet),
        "tell_form_signed": tell_form(t, signed),
        "told": told(t, quiet),
        "told_signed": told(t, signed, signed=True),
        "taken_back": taken_back(t),
        "board": board(t, full),
        "board_signed": board(t, Board(today, signed, (bare,), signed=True)),
        "board_crowded": board(t, crowded),
        "board_empty": board(t, Board(today)),
        "themes": themes(t, (cared, done, trick), 2, 3 * A_PAGE, today),
        "themes_none": themes(t, (), 1, 0, today),
        "theme": theme(t, View(cared, today, said, plans=True, answers=True)),
        "theme_made": theme(t, View(bare, today, blockers, plans=True, answers=True), t("sort.done")),
        "theme_owned": theme(t, View(cared, today, blockers, answers=True, owns=True)),
        "theme_answered": theme(t, View(done, today, blockers, plans=True, answers=True)),
        "theme_practice": theme(t, View(trick, today, tricks, plans=True)),
        "sort_form": sort_form(t, Matter.BLOCKER, blockers, (bare, cared)),
        "sort_form_again": sort_form(t, Matter.PRACTICE, tricks, (trick,), t("sort.meanwhile")),
        "plan_form": plan_form(t, cared, "w1", today),
        "plan_form_elsewhere": plan_form(t, cared, "w2", today, t("theme.meanwhile")),
        "plan_form_practice": plan_form(t, trick, "w1", today),
        "reply_form": reply_form(t, cared, blockers),
        "reply_form_again": reply_form(t, done, blockers, t("theme.meanwhile")),
        "gathered": gathered(t, {Matter.BLOCKER: 6, Matter.PRACTICE: 2}),
        "gathered_done": gathered(t, {}),
        "owner": owner(t, View(cared, today, owns=True)),
        "owner_answered": owner(t, View(done, today, owns=True)),
        "owner_no_more": owner(t, View(cared, today)),
        "answers": answers(t, (done, replace(done, title=bare.title))),
        "returned": returned(t, (late, bare), today),
        "returned_none": returned(t, (), today),
    }
