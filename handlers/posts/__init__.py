"""Bringing posts to the circle."""

from bot.context import Feature, Notice
from bot.domain.message import AUTHOR, DRAFT, PICTURE, QUESTION
from handlers.posts.cards import examples
from handlers.posts.handlers import (
    draw_author,
    draw_draft,
    draw_picture,
    draw_question,
    leave_picture_out,
    router,
)

FEATURE = Feature(
    "posts",
    router,
    examples,
    (
        Notice(DRAFT, draw_draft, pictureless=leave_picture_out),
        Notice(AUTHOR, draw_author),
        Notice(QUESTION, draw_question),
        Notice(PICTURE, draw_picture),
    ),
)
