"""What holds the circle back, what worked, and the board where each blocker gets an answer."""

from bot.context import Feature, Notice
from bot.domain.board import GATHERED, GATHERING, THEME_OWNER, THEMES_ANSWERED, THEMES_RETURNED
from handlers.board.cards import examples
from handlers.board.handlers import (
    draw_answers,
    draw_gathered,
    draw_gathering,
    draw_owner,
    draw_returned,
    router,
)
from handlers.board.jobs import MONTHLY, WEEKLY

FEATURE = Feature(
    "board",
    router,
    examples,
    (
        Notice(GATHERING, draw_gathering),
        Notice(GATHERED, draw_gathered),
        Notice(THEME_OWNER, draw_owner),
        Notice(THEMES_ANSWERED, draw_answers),
        Notice(THEMES_RETURNED, draw_returned),
    ),
    recurring=(MONTHLY, WEEKLY),
)
