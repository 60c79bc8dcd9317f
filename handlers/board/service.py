"""Asking what holds back and what worked, making themes of it, and seeing to it that each gets an answer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from math import ceil

from bot.chat.form import Answers
from bot.context import Context, Scope
from bot.domain.board import (
    GATHERED,
    GATHERING,
    LIFE,
    THEME_OWNER,
    THEMES_ANSWERED,
    THEMES_RETURNED,
    Finding,
    Gathering,
    Matter,
    Plan,
    Theme,
    comes_back,
    parse_due,
)
from bot.domain.circle import Circle, Person
from bot.domain.errors import (
    AnswerMissing,
    BadDue,
    BadInput,
    BadOwner,
    ButtonGone,
    GatheringClosed,
    NoFinding,
    NothingToSort,
    NothingWritten,
    NoTitle,
    NotYourTheme,
    Problems,
    ThemeGone,
    TooFewForAnonymity,
)
from bot.domain.message import Kind
from bot.domain.secrecy import enough
from bot.domain.working_time import week_of, zone_or
from handlers.board.cards import (
    A_PAGE,
    AT_ONCE,
    NEW,
    OTHERS_SHOWN,
    SIGNED,
    THEMES_OFFERED,
    UNANSWERED_SHOWN,
    Board,
    View,
)
from storage import board, entries, messages, people, walls
from storage.messages import Recipient
from storage.transaction import CircleTransaction, Transaction

NEWS_LIFE = timedelta(days=14)
"""How long an answer, or a theme that was entrusted to somebody, is still news."""

# The two questions


def insider(ctx: Context) -> Person:
    """A member, or somebody of the comms team. Raises MembersOnly."""
    if not ctx.person.posts:
        ctx.as_member()
    return ctx.person


def current(ctx: Context) -> Gathering | None:
    """The gathering that takes findings. Raises MembersOnly."""
    insider(ctx)
    found = board.current(ctx.tx)
    return found if found and found.takes_findings(ctx.now) else None


def open_to(ctx: Context, gathering_id: str) -> Gathering:
    """One that takes findings, for a member. Raises MembersOnly or GatheringClosed."""
    ctx.as_member()
    found = board.load_gathering(ctx.tx, gathering_id)
    if found is None or not found.takes_findings(ctx.now):
        raise GatheringClosed
    return found


def start(ctx: Context, answers: Answers) -> Gathering:
    """Ask everybody; where they are asked already, that one. Raises MembersOnly or TooFewForAnonymity."""
    author, anonymous = insider(ctx), answers.text("anonymity") != SIGNED
    if anonymous and _too_few(ctx.tx):
        raise TooFewForAnonymity
    before = board.current(ctx.tx)
    if before is not None and not before.takes_findings(ctx.now):
        close(ctx.tx, before.id, ctx.now)
    ask(ctx.tx, author.id, ctx.now, anonymous=anonymous)
    started = board.current(ctx.tx)
    assert started is not None
    return started


def _too_few(tx: CircleTransaction) -> bool:
    return not enough(people.count_members(tx))


def ask(tx: CircleTransaction, author_id: str | None, now: datetime, *, anonymous: bool) -> None:
    """Open one and invite the circle; nothing while one is open."""
    gathering_id = board.start(tx, author_id, now, now + LIFE, anonymous=anonymous)
    if gathering_id is None:
        return
    audience = walls.audience(tx)
    messages.request(tx, GATHERING, gathering_id, audience, now, expires_at=now + LIFE)
    entries.write(tx, "log.gathering_opened", now)


def ask_by_the_month(tx: CircleTransaction, now: datetime) -> None:
    """Anonymously, and so not in a circle that is too small for it."""
    if not _too_few(tx):
        ask(tx, None, now, anonymous=True)


def tell(ctx: Context, gathering_id: str, answers: Answers) -> Gathering:
    """Raises MembersOnly, GatheringClosed, NothingWritten or KeyChanged."""
    gathering = open_to(ctx, gathering_id)
    said = {matter: words for matter in Matter if (words := answers.text(matter))}
    if not said:
        raise NothingWritten
    if not board.tell(ctx.tx, gathering_id, said, ctx.person.id, ctx.now, signed=answers.yes("sign")):
        raise GatheringClosed
    return gathering


def take_back(ctx: Context, gathering_id: str) -> None:
    """What this person signed, wherever it stands by now; what bears no name is nobody's. Raises MembersOnly
    or ButtonGone."""
    ctx.as_member()
    board.alone(ctx.tx)
    if not board.take_back(ctx.tx, gathering_id, ctx.person.id):
        raise ButtonGone
    messages.redraw(ctx.tx, GATHERED, gathering_id, ctx.now)


def close_due(tx: Transaction, now: datetime) -> int:
    """Close those whose last day is over; tells how many."""
    return sum(
        close(CircleTransaction(tx, circle_id), gathering_id, now)
        for circle_id, gathering_id in board.due(tx, now)
    )


def close(tx: CircleTransaction, gathering_id: str, now: datetime) -> bool:
    """What was said stands on the board from now on; the comms team is told that there is something in it."""
    if not board.close(tx, gathering_id, now):
        return False
    messages.redraw(tx, GATHERING, gathering_id, now)
    entries.write(tx, "log.gathering_closed", now)
    if any(board.count_unsorted(tx, gathering_id).values()):
        _to_team(tx, GATHERED, gathering_id, now)
    return True


def _to_team(tx: CircleTransaction, kind: Kind, subject: str, now: datetime) -> None:
    """One living card for each of the comms team."""
    team = [Recipient.of(p) for p in people.with_role(tx)]
    messages.request(tx, kind, subject, team, now)
    messages.redraw(tx, kind, subject, now)


# Reading the board


def today(scope: Scope) -> date:
    return _today(scope.circle, scope.now)


def _today(circle: Circle, now: datetime) -> date:
    return now.astimezone(zone_or(circle.zone)).date()


def on_the_board(ctx: Context) -> Board:
    """Raises MembersOnly."""
    gathering, tx = current(ctx), ctx.tx
    unanswered = board.unanswered(tx)[:UNANSWERED_SHOWN]
    answered = board.answered(tx, OTHERS_SHOWN)
    practices = board.practices(tx, OTHERS_SHOWN)
    return Board(
        today=today(ctx),
        gathering=gathering,
        signed=gathering is not None and board.signed_by(tx, gathering.id, ctx.person.id),
        unanswered=unanswered,
        answered=answered,
        practices=practices,
        unsorted={matter: board.unsorted(tx, matter, OTHERS_SHOWN) for matter in Matter},
        counts=board.count_unsorted(tx),
        more=board.count_themes(tx) > len(unanswered) + len(answered) + len(practices),
        sorts=ctx.person.posts,
    )


def page(ctx: Context, number: int) -> tuple[Sequence[Theme], int, int]:
    """The themes on that page, or on the nearest there is; its number, and how many themes there are in all.
    Raises MembersOnly."""
    insider(ctx)
    in_all = board.count_themes(ctx.tx)
    number = max(1, min(number, ceil(in_all / A_PAGE)))
    return board.every(ctx.tx, A_PAGE, (number - 1) * A_PAGE), number, in_all


def theme(ctx: Context, theme_id: str) -> Theme:
    """Raises MembersOnly or ThemeGone."""
    insider(ctx)
    found = board.load(ctx.tx, theme_id)
    if found is None:
        raise ThemeGone
    return found


def view(ctx: Context, theme_id: str) -> View:
    """Raises MembersOnly or ThemeGone."""
    found = theme(ctx, theme_id)
    return View(
        found,
        today(ctx),
        board.findings_of(ctx.tx, theme_id),
        plans=ctx.person.posts,
        answers=found.matter is Matter.BLOCKER and (ctx.person.posts or _owns(found, ctx.person)),
        owns=_owns(found, ctx.person),
    )


def _owns(theme: Theme, person: Person) -> bool:
    return theme.owner is not None and theme.owner.id == person.id


# Making themes


def matter_of(typed: str) -> Matter:
    """Raises ButtonGone."""
    try:
        return Matter(typed)
    except ValueError:
        raise ButtonGone from None


def to_sort(ctx: Context, matter: Matter) -> tuple[Sequence[Finding], Sequence[Theme]]:
    """What has no theme yet, as much as a form holds, and the themes it may join. Raises CommsOnly or
    NothingToSort."""
    ctx.as_comms()
    findings = board.unsorted(ctx.tx, matter, AT_ONCE)
    if not findings:
        raise NothingToSort
    return findings, _open_themes(ctx, matter)


def _open_themes(ctx: Context, matter: Matter) -> Sequence[Theme]:
    if matter is Matter.PRACTICE:
        return board.practices(ctx.tx, THEMES_OFFERED)
    return board.unanswered(ctx.tx)[-THEMES_OFFERED:]


def sort(ctx: Context, matter: Matter, answers: Answers) -> str | None:
    """The theme that holds them now; None when some have found theirs in the meantime. Raises CommsOnly,
    NothingToSort, NoFinding, NoTitle or ThemeGone."""
    board.alone(ctx.tx)
    _, themes = to_sort(ctx, matter)
    chosen = answers.many("findings")
    if not chosen:
        raise NoFinding
    if not board.all_unsorted(ctx.tx, matter, chosen):
        return None
    theme_id = _chosen_theme(ctx, matter, themes, answers)
    for gathering_id in board.sort(ctx.tx, theme_id, chosen):
        messages.redraw(ctx.tx, GATHERED, gathering_id, ctx.now)
    return theme_id


def _chosen_theme(ctx: Context, matter: Matter, themes: Sequence[Theme], answers: Answers) -> str:
    chosen = answers.text("theme") or NEW
    if chosen == NEW:
        return board.add(ctx.tx, matter, _title(answers), ctx.now)
    if chosen not in {theme.id for theme in themes}:
        raise ThemeGone
    return chosen


def _title(answers: Answers) -> str:
    """On one line. Raises NoTitle."""
    title = " ".join(answers.text("title").split())
    if not title:
        raise NoTitle
    return title


def to_plan(ctx: Context, theme_id: str) -> Theme:
    """Raises CommsOnly or ThemeGone."""
    ctx.as_comms()
    return theme(ctx, theme_id)


def plan(ctx: Context, theme_id: str, changes: int, answers: Answers) -> bool:
    """Name who looks after it, and until when. False when somebody changed it in the meantime. Raises
    CommsOnly, ThemeGone or Problems."""
    board.alone(ctx.tx)
    before = to_plan(ctx, theme_id)
    if before.changes != changes:
        return False
    wanted = _read_plan(ctx, before, answers)
    board.plan(ctx.tx, theme_id, wanted)
    _redraw(ctx, before)
    if wanted.owner_id not in (None, ctx.person.id):
        _tell_owner(ctx, theme_id, wanted.owner_id)
    return True


def _read_plan(ctx: Context, theme: Theme, answers: Answers) -> Plan:
    problems: list[BadInput] = []
    title, owner_id, due_on = theme.title, None, None
    try:
        title = _title(answers)
    except NoTitle as problem:
        problems.append(problem)
    try:
        owner_id = _owner(ctx, theme, answers.many("owner"))
    except BadOwner as problem:
        problems.append(problem)
    try:
        due_on = parse_due(answers.text("due_on"), today(ctx))
    except BadDue as problem:
        problems.append(problem)
    if problems:
        raise Problems(*problems)
    return Plan(title, owner_id, due_on)


def _owner(ctx: Context, theme: Theme, chosen: Sequence[str]) -> str | None:
    """One member of the circle; whoever could not be shown in this form stays. Raises BadOwner."""
    if not chosen:
        kept = theme.owner if theme.owner and theme.owner.workspace_id != ctx.person.workspace_id else None
        return kept.id if kept else None
    person = people.at_address(ctx.tx, chosen[0]) if len(chosen) == 1 else None
    if person is None or person.guest or people.load(ctx.tx, person.id)[1] is None:
        raise BadOwner
    return person.id


def _tell_owner(ctx: Context, theme_id: str, person_id: str) -> None:
    owner, _ = people.load(ctx.tx, person_id)
    reader = Recipient.of(owner)
    expires_at = ctx.now + NEWS_LIFE
    messages.restore(ctx.tx, theme_id, ctx.now)
    messages.request(ctx.tx, THEME_OWNER, theme_id, [reader], ctx.now, expires_at=expires_at)


def _redraw(ctx: Context, theme: Theme) -> None:
    """Where that theme stands in a message: with its owner, and with the comms team it came back to."""
    messages.redraw(ctx.tx, THEME_OWNER, theme.id, ctx.now)
    if theme.returned_on is not None:
        messages.redraw(ctx.tx, THEMES_RETURNED, theme.returned_on.isoformat(), ctx.now)


# Answering


def to_answer(ctx: Context, theme_id: str) -> Theme:
    """A blocker that this person may answer. Raises MembersOnly, ThemeGone or NotYourTheme."""
    found = theme(ctx, theme_id)
    if found.matter is not Matter.BLOCKER:
        raise ThemeGone
    if not ctx.person.posts and not _owns(found, ctx.person):
        raise NotYourTheme
    return found


def answer(ctx: Context, theme_id: str, changes: int, answers: Answers) -> bool:
    """Everybody is told of the first answer; a correction changes it where it stands. False when somebody
    changed the theme in the meantime. Raises MembersOnly, ThemeGone, NotYourTheme or AnswerMissing."""
    board.alone(ctx.tx)
    before = to_answer(ctx, theme_id)
    if not answers.text("answer"):
        raise AnswerMissing
    if before.changes != changes:
        return False
    board.answer(ctx.tx, theme_id, answers.text("answer"), ctx.now)
    _redraw(ctx, before)
    _publish(ctx, before)
    return True


def _publish(ctx: Context, before: Theme) -> None:
    """What is answered in one week is one card, which grows."""
    subject = _week(ctx.circle, before.answered_at or ctx.now)
    if before.answered_at is None:
        audience, expires_at = walls.audience(ctx.tx), ctx.now + NEWS_LIFE
        messages.request(ctx.tx, THEMES_ANSWERED, subject, audience, ctx.now, expires_at=expires_at)
        entries.write(ctx.tx, "log.theme_answered", ctx.now, title=before.title)
    messages.redraw(ctx.tx, THEMES_ANSWERED, subject, ctx.now)


def _week(circle: Circle, moment: datetime) -> str:
    """Its Monday, by the clock of the circle."""
    return _today(circle, week_of(circle.zone, moment)[0]).isoformat()


def answered_in(scope: Scope, monday: date) -> Sequence[Theme]:
    noon = datetime.combine(monday, time(12), zone_or(scope.circle.zone)).astimezone(UTC)
    return board.answered_between(scope.tx, *week_of(scope.circle.zone, noon))


def give_back(ctx: Context, theme_id: str) -> None:
    """Whoever looks after a theme need not, and need not say why. Raises MembersOnly, ThemeGone or
    ButtonGone."""
    board.alone(ctx.tx)
    found = theme(ctx, theme_id)
    if not _owns(found, ctx.person):
        raise ButtonGone
    board.give_back(ctx.tx, theme_id)
    _redraw(ctx, found)


# What waits in vain


def return_themes(tx: CircleTransaction, now: datetime, *, circle: Circle) -> None:
    """Back to the comms team, on one card that lives until all that stands on it is settled; what comes back
    after that is a new one."""
    today, waiting = _today(circle, now), board.unanswered(tx)
    overdue = [theme for theme in waiting if comes_back(theme, now, today)]
    if not overdue:
        return
    day = min((theme.returned_on for theme in waiting if theme.returned_on), default=today)
    board.mark_returned(tx, [theme.id for theme in overdue if not theme.returned_on], day)
    _to_team(tx, THEMES_RETURNED, day.isoformat(), now)
