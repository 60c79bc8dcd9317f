"""Thank-yous between members, and the wall on which they may be shown."""

from bot.context import Feature, Notice
from bot.domain.kudos import KUDOS, THANKS, WALL, WALL_DOWN, WHISPER
from handlers.kudos.cards import examples
from handlers.kudos.handlers import draw_kudos, draw_sign, draw_thanks, draw_wall_down, draw_whisper, router
from handlers.kudos.jobs import WHISPERS
from handlers.kudos.service import note_hung

FEATURE = Feature(
    "kudos",
    router,
    examples,
    (
        Notice(THANKS, draw_thanks),
        Notice(KUDOS, draw_kudos),
        Notice(WALL, draw_sign, note_hung),
        Notice(WALL_DOWN, draw_wall_down),
        Notice(WHISPER, draw_whisper),
    ),
    recurring=(WHISPERS,),
)
