"""Bringing posts to the circle."""

from bot.context import Feature, Notice
from bot.domain.message import AUTHOR, DRAFT, PICTURE, QUESTION, QUESTION_AGAIN
from handlers.posts.cards import examples
from handlers.posts.handlers import (
    draw_author,
    draw_draft,
    draw_picture,
    draw_question,
    leave_picture_out,
    router,
)
from handlers.posts.jobs import QUESTIONS

FEATURE = Feature(
    "posts",
    router,
    examples,
    (
        Notice(DRAFT, draw_draft, pictureless=leave_picture_out),
        Notice(AUTHOR, draw_author),
        Notice(QUESTION, draw_question),
        Notice(QUESTION_AGAIN, draw_question),
        Notice(PICTURE, draw_picture),
    ),
    recurring=(QUESTIONS,),
)
