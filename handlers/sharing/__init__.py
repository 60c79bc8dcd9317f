"""Making a post one's own, and sharing it."""

from bot.context import Feature, Notice
from bot.domain.message import ANSWER, POST, REMINDER
from handlers.sharing.cards import examples
from handlers.sharing.handlers import draw_answer, draw_post, draw_reminder, router

FEATURE = Feature(
    "sharing",
    router,
    examples,
    (
        Notice(POST, draw_post),
        Notice(REMINDER, draw_reminder),
        Notice(ANSWER, draw_answer),
    ),
)
