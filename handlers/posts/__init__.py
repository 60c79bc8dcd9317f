"""Bringing posts to the circle."""

from bot.context import Feature, Notice
from bot.domain.message import AUTHOR, DRAFT, QUESTION
from handlers.posts.cards import examples
from handlers.posts.handlers import draw_author, draw_draft, draw_question, router

FEATURE = Feature(
    "posts",
    router,
    examples,
    (
        Notice(DRAFT, draw_draft),
        Notice(AUTHOR, draw_author),
        Notice(QUESTION, draw_question),
    ),
)
