"""The month, told back to the circle."""

from functools import partial

from bot.context import Document, Feature, Notice
from bot.domain.recap import RECAP
from handlers.recap.cards import examples
from handlers.recap.handlers import draw_recap, router
from handlers.recap.jobs import MONTHLY
from handlers.recap.picture import picture

FEATURE = Feature(
    "recap",
    router,
    examples,
    (Notice(RECAP, draw_recap),),
    (
        Document("recap-fr.png", partial(picture, language="fr")),
        Document("recap-en.png", partial(picture, language="en")),
    ),
    (MONTHLY,),
)
