"""The channels into which people bring Cercle."""

from bot.context import Feature, Notice
from bot.domain.message import GREETING
from handlers.channels.cards import examples
from handlers.channels.handlers import draw_greeting, router

FEATURE = Feature("channels", router, examples, (Notice(GREETING, draw_greeting),))
