"""Asking the circle, or a channel: one poll, one count, wherever it stands."""

from bot.context import Document, Feature, Notice
from bot.domain.poll import POLL, POLL_AGAIN, POLL_AUTHOR, POLL_LOST, POLL_REMINDER
from handlers.polls.cards import examples
from handlers.polls.export import results
from handlers.polls.handlers import (
    draw_author,
    draw_lost,
    draw_poll,
    draw_reminder,
    router,
    tell_arrived,
    tell_author,
)
from handlers.polls.jobs import SERIES

FEATURE = Feature(
    "polls",
    router,
    examples,
    (
        Notice(POLL, draw_poll, tell_arrived, tell_author),
        Notice(POLL_REMINDER, draw_reminder),
        Notice(POLL_AUTHOR, draw_author),
        Notice(POLL_AGAIN, draw_author),
        Notice(POLL_LOST, draw_lost),
    ),
    (Document("poll.csv", results),),
    (SERIES,),
)
