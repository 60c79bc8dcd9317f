"""The month of the circle, for everybody to read."""

from bot.context import Feature, Notice
from bot.domain.rhythm import KUDOS_WEEK, POLL_WEEK
from handlers.rhythm.cards import examples
from handlers.rhythm.handlers import draw_kudos_week, draw_poll_week, router
from handlers.rhythm.jobs import INVITATIONS

FEATURE = Feature(
    "rhythm",
    router,
    examples,
    (Notice(KUDOS_WEEK, draw_kudos_week), Notice(POLL_WEEK, draw_poll_week)),
    recurring=INVITATIONS,
)
