"""What membership hears."""

from __future__ import annotations

from dataclasses import replace

from bot.chat.action import verb_of
from bot.chat.card import Card
from bot.chat.event import Click, Command, Event, Installed, Submission
from bot.chat.form import Form
from bot.chat.reply import Ask, Reply, Say
from bot.chat.report import AccountChanged
from bot.chat.router import Router
from bot.chat.text import split_word
from bot.context import Context, Reading, Scope
from bot.locales import language_of
from handlers.actions import Leave, OpenJoin, OpenPause, Resume
from handlers.membership import cards, service
from handlers.membership.cards import Join, Pause, Prefer, Speak
from storage import circles, people

router: Router[Context] = Router()


def entry(ctx: Context) -> Form:
    """The way in, or the wishes of somebody who is in."""
    if ctx.member is not None:
        return wishes(ctx, Prefer())
    return consent(ctx, Join(0))


def consent(ctx: Context, _: Join) -> Form:
    charter, floor = service.charter(ctx), ctx.circle.trust_floor
    return cards.join_form(ctx.t, charter, floor, service.topics(ctx), service.wishes(ctx))


def wishes(ctx: Context, _: Prefer) -> Form:
    return cards.settings_form(ctx.t, service.topics(ctx), service.wishes(ctx))


def pause_form(ctx: Context, _: Pause) -> Form:
    return cards.pause_form(ctx.t, service.proposed_return(ctx))


@router.command("join", "rejoindre", hint="verb.join", near=("subscribe", "start", "inscription", "entrer"))
def join_command(ctx: Context, event: Command, _: str) -> Reply:
    return Ask(entry(ctx))


@router.command(
    "settings",
    "réglages",
    "reglages",
    hint="verb.settings",
    near=("preferences", "préférences", "paramètres", "options"),
)
def settings_command(ctx: Context, event: Command, _: str) -> Reply:
    return Ask(entry(ctx))


@router.click(OpenJoin)
def open_join(ctx: Context, event: Click, _: OpenJoin) -> Reply:
    return Ask(entry(ctx))


@router.submission(Join, consent)
def join(ctx: Context, event: Submission, action: Join) -> Reply:
    wishes = service.join(ctx, action.version, event.answers)
    return Say(cards.welcome(ctx.t, wishes, "" if ctx.person.reachable else ctx.sender.chat_url))


@router.submission(Prefer, wishes)
def prefer(ctx: Context, event: Submission, _: Prefer) -> Reply:
    return Say(cards.settled(ctx.t, service.prefer(ctx, event.answers)))


@router.command(
    "leave",
    "quitter",
    hint="verb.leave",
    near=("stop", "unsubscribe", "quit", "exit", "arrêter", "stopper", "partir", "désinscription"),
)
def leave_command(ctx: Context, event: Command, _: str) -> Reply:
    return _leave(ctx)


@router.click(Leave)
def leave(ctx: Context, event: Click, _: Leave) -> Reply:
    return _leave(ctx)


def _leave(ctx: Context) -> Reply:
    told = cards.goodbye if service.leave(ctx) else cards.not_in
    return Say(told(ctx.t, guest=bool(ctx.sender.guest or ctx.person.guest)))


@router.command("pause", hint="verb.pause")
def pause_command(ctx: Context, event: Command, rest: str) -> Reply:
    ctx.as_member()
    if not rest:
        return Ask(pause_form(ctx, Pause()))
    return Say(cards.paused(ctx.t, service.pause(ctx, rest)))


@router.click(OpenPause)
def open_pause(ctx: Context, event: Click, _: OpenPause) -> Reply:
    ctx.as_member()
    return Ask(pause_form(ctx, Pause()))


@router.submission(Pause, pause_form)
def pause(ctx: Context, event: Submission, _: Pause) -> Reply:
    return Say(cards.paused(ctx.t, service.pause(ctx, event.answers.text("back"))))


@router.command("resume", "reprendre", hint="verb.resume")
def resume_command(ctx: Context, event: Command, _: str) -> Reply:
    service.resume(ctx)
    return Say(cards.resumed(ctx.t))


@router.click(Resume)
def resume(ctx: Context, event: Click, _: Resume) -> Reply:
    service.resume(ctx)
    return Say(cards.resumed(ctx.t))


@router.command("call", "appel", hint="verb.call")
def call(ctx: Context, event: Command, _: str) -> Reply:
    service.call(ctx, event.place)
    return Say(cards.called(ctx.t))


@router.command("language", "langue", hint="verb.language")
def language(ctx: Context, event: Command, rest: str) -> Reply:
    return _speak(ctx, rest) if rest else Say(cards.languages(ctx.t))


@router.click(Speak)
def speak(ctx: Context, event: Click, action: Speak) -> Reply:
    return _speak(ctx, action.language)


def _speak(ctx: Context, language: str) -> Reply:
    return Say(cards.speaking(replace(ctx.t, language=service.speak(ctx, language))))


@router.reported(AccountChanged)
def account_changed(scope: Scope, report: AccountChanged) -> None:
    """Store what is new about somebody's account, and decide again about all that waits for them."""
    account = report.account
    found = people.find(scope.tx, account.platform, account.workspace, account.user)
    if found is None:
        return
    _, person, _ = found
    language = language_of(account.locale) if account.locale else ""
    words = {"name": account.name, "language": language, "zone": account.zone}
    states = {"guest": account.guest, "reachable": report.reachable}
    told: dict[str, object] = {fact: value for fact, value in words.items() if value}
    told |= {fact: value for fact, value in states.items() if value is not None}
    changed = {fact: value for fact, value in told.items() if value != getattr(person.account, fact)}
    if changed:
        service.report(scope.tx, person, scope.now, **changed)


@router.on(Installed)
def installed(ctx: Context, event: Installed) -> Reply:
    service.welcome(ctx)
    return None


def is_leaving(event: Event) -> bool:
    """Whether an event leaves the circle, which everybody can do, whatever became of their account."""
    match event:
        case Command(text=words):
            verb = router.verb(split_word(words)[0])
            return verb is not None and verb.name == "leave"
        case Click(action=packed):
            return verb_of(packed) in Leave.verbs()
        case _:
            return False


def draw_welcome(reading: Reading) -> Card | None:
    """Nothing for somebody who joined since: joining has welcomed them."""
    if reading.member is None:
        return cards.added(reading.t, circles.charter(reading.tx, reading.t.language))
    joined_before = reading.member.joined_at <= reading.message.created_at
    return cards.added_by_member(reading.t) if joined_before else None


def draw_call(reading: Reading) -> Card:
    charter = circles.charter(reading.tx, reading.t.language)
    return cards.call(reading.t, charter, people.count_members(reading.tx))
