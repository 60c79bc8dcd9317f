"""How the circle is: three questions now and then, to everybody, anonymously."""

from bot.context import Feature, Notice
from bot.domain.pulse import PACE, PULSE, PULSE_REMINDER
from handlers.pulse.cards import examples
from handlers.pulse.handlers import draw_pace, draw_pulse, draw_reminder, router
from handlers.pulse.jobs import MONTHLY
from handlers.pulse.service import promise_reminders

FEATURE = Feature(
    "pulse",
    router,
    examples,
    (
        Notice(PULSE, draw_pulse, promise_reminders),
        Notice(PULSE_REMINDER, draw_reminder),
        Notice(PACE, draw_pace),
    ),
    recurring=(MONTHLY,),
)
