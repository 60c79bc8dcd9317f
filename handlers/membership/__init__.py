"""Entering the circle, living in it at one's own pace, leaving it."""

from bot.context import Feature, Notice
from bot.domain.message import CALL
from handlers.membership.cards import examples
from handlers.membership.handlers import draw_call, router

FEATURE = Feature("membership", router, examples, (Notice(CALL, draw_call),))
