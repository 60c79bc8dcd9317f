"""The circle's monthly meeting: its date, its agenda, its minutes."""

from bot.context import Document, Feature, Notice
from bot.domain.meeting import ANNOUNCEMENT, MINUTES, REMINDER
from handlers.meetings.calendar import invitation
from handlers.meetings.cards import examples
from handlers.meetings.handlers import draw_announcement, draw_minutes, draw_reminder, router
from handlers.meetings.jobs import MEETINGS

FEATURE = Feature(
    "meetings",
    router,
    examples,
    (
        Notice(ANNOUNCEMENT, draw_announcement),
        Notice(REMINDER, draw_reminder),
        Notice(MINUTES, draw_minutes),
    ),
    (Document("meeting.ics", invitation),),
    (MEETINGS,),
)
