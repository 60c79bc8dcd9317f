"""Making a post one's own, and sharing it."""

from bot.context import Feature, Notice
from bot.domain.message import ANSWER, POST, REMINDER
from handlers.sharing.cards import examples
from handlers.sharing.handlers import draw_answer, draw_post, draw_reminder, router
from handlers.sharing.service import tell_author_of_picture

FEATURE = Feature(
    "sharing",
    router,
    examples,
    (
        Notice(POST, draw_post, pictureless=tell_author_of_picture),
        Notice(REMINDER, draw_reminder, pictureless=tell_author_of_picture),
        Notice(ANSWER, draw_answer),
    ),
)
