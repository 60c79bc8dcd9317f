"""Entering the circle, living in it at one's own pace, leaving it."""

from bot.context import Feature, Notice
from bot.domain.message import CALL, WELCOME
from handlers.membership.cards import examples
from handlers.membership.handlers import draw_call, draw_welcome, router

FEATURE = Feature("membership", router, examples, (Notice(CALL, draw_call), Notice(WELCOME, draw_welcome)))
