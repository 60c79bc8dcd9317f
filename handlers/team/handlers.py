"""What the team feature hears."""

from __future__ import annotations

from bot.chat.event import Click, Command, Submission
from bot.chat.form import Form
from bot.chat.reply import Ask, Reply, Say
from bot.chat.router import Router
from bot.context import Context
from bot.domain.circle import Role
from handlers.team import cards, service
from handlers.team.cards import NameTeam, OpenTeam

router: Router[Context] = Router()


def form(ctx: Context, _: NameTeam) -> Form:
    return cards.team_form(ctx.t, service.team(ctx))


@router.command("lead", "référent", "referent", "référente")
def lead(ctx: Context, event: Command, rest: str) -> Reply:
    service.become_lead(ctx, rest)
    return Say(cards.lead(ctx.t))


@router.command("team", "équipe", "equipe", hint="verb.team")
def team(ctx: Context, event: Command, _: str) -> Reply:
    return Say(cards.team(ctx.t, service.team(ctx), ctx.person.role is Role.LEAD))


@router.click(OpenTeam)
def open_team(ctx: Context, event: Click, _: OpenTeam) -> Reply:
    ctx.as_lead()
    return Ask(form(ctx, NameTeam()))


@router.submission(NameTeam, form)
def name_team(ctx: Context, event: Submission, _: NameTeam) -> Reply:
    return Say(cards.team(ctx.t, service.name_team(ctx, event.answers), may_change=True))
