"""The results as a table that no spreadsheet can be hurt by.

What a cell begins with decides whether a spreadsheet calculates it, so words that would be calculated get an
apostrophe before them. The same goes for what follows a separator inside a cell: whoever opens the file with
another separator than ours would find a cell beginning there.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from datetime import datetime
from io import StringIO

from bot.context import File
from bot.domain.poll import may_be_read
from bot.locales import Translator
from storage import people, polls, votes
from storage.transaction import CircleTransaction, Transaction

_CALCULATED = re.compile(r"""(^|[,;|])(["'\s]*)(?=[=@＝＠]|[+\-＋－](?![)\s]|$))""")
"""A smiley with a nose is none."""
BOM = "\ufeff"
"""By which Excel knows that it reads UTF-8."""


def results(tx: Transaction, now: datetime, token: str) -> File | None:
    """What everybody sees on the closed card, and all of the free answers: nobody's name, and nothing while
    the poll is open, or when too few voted."""
    poll = polls.by_token(tx, token)
    if poll is None or poll.closed_at is None or not poll.shows_results:
        return None
    in_circle = CircleTransaction(tx, poll.circle_id)
    author, _ = people.load(in_circle, poll.author_id)
    t = Translator(author.language, author.zone)
    rows = [
        (t("poll.csv_kind"), t("poll.csv_text"), t("poll.csv_votes")),
        (t("poll.csv_question"), poll.question, str(poll.voters)),
        *((t("poll.csv_option"), o.label, str(o.votes)) for o in polls.options(in_circle, poll)),
        *((t("poll.csv_words"), said, "") for said in may_be_read(poll, votes.words(in_circle, poll))),
    ]
    return File(t("poll.csv_name"), "text/csv; charset=utf-8", table(rows, SEPARATORS[t.language]))


SEPARATORS = {"fr": ";", "en": ","}
"""What a spreadsheet expects where that language is spoken."""


def table(rows: Iterable[Iterable[str]], separator: str) -> bytes:
    written = StringIO()
    writer = csv.writer(written, delimiter=separator, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerows([harmless(cell) for cell in row] for row in rows)
    return (BOM + written.getvalue()).encode("utf-8", "replace")


def harmless(cell: str) -> str:
    """On one line, and never calculated."""
    return _CALCULATED.sub(r"\1'\2", " ".join(cell.split()))
