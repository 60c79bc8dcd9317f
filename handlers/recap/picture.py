"""The one picture of a recap: what the circle did in each of the last months."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from bot.context import File
from bot.domain.recap import Figures, panels
from bot.locales import Translator
from handlers.recap import service
from handlers.recap.cards import panel_title
from storage import circles, recaps
from storage.transaction import CircleTransaction, Transaction

PANEL, HEIGHT, GAP, EDGE = 724, 224, 36, 38
"""Width of all panels together, their height, what is between and around them: nearly 800 × 400 in all."""
SCALE = 2
"""Pixels a point."""
HEADROOM = 1.12
"""Above the highest bar, for its number."""
FONT = "Liberation Sans"
"""Which vl-convert brings along."""
INK, SOFT, SHEET = "#2a2722", "#5d564c", "#fffdfa"
COLOURS = ("#22666a", "#b04a30", "#6b4f8f")
"""Each panel has its title: the colours tell nothing that is not written."""


def picture(tx: Transaction, now: datetime, token: str, *, language: str) -> File | None:
    recap = recaps.by_token(tx, token)
    if recap is None:
        return None
    in_circle = CircleTransaction(tx, recap.circle_id)
    months = service.figures(in_circle, circles.circle(in_circle), recap)
    return File("cercle.png", "image/png", drawn(language, tuple(months)), shown=True)


@lru_cache(maxsize=16)
def drawn(language: str, months: tuple[Figures, ...]) -> bytes:
    """A PNG. The first one takes a second and 100 MB, so nothing is imported before somebody looks."""
    import altair as alt
    import vl_convert

    t, shown = Translator(language), panels(months)
    width = (PANEL - GAP * (len(shown) - 1)) // len(shown)
    drawings = [
        _panel(t, panel_title(t, panel), counts, colour).properties(width=width, height=HEIGHT)
        for (panel, counts), colour in zip(shown.items(), COLOURS, strict=False)
    ]
    chart = (
        alt.hconcat(*drawings, spacing=GAP, background=SHEET)
        .properties(title=alt.Title(t("recap.picture_title"), fontSize=22, offset=16))
        .configure(font=FONT, padding=EDGE)
        .configure_view(stroke=None)
        .configure_title(color=INK, anchor="start")
    )
    png: bytes = vl_convert.vegalite_to_png(chart.to_dict(), scale=SCALE)
    return png


def _panel(t: Translator, title: str, counts: Sequence[tuple[date, int]], colour: str) -> Any:
    """Bars that carry their number, so that no axis is needed to read them."""
    import altair as alt

    names = [t.short_month(month) for month, _ in counts]
    rows = [
        {"month": name, "count": count, "label": t.number(count) if count else ""}
        for name, (_, count) in zip(names, counts, strict=True)
    ]
    top = HEADROOM * max(count for _, count in counts)
    axis = alt.Axis(title=None, labelAngle=0, labelFontSize=13, labelColor=INK, ticks=False, domainColor=SOFT)
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        x=alt.X("month:N", sort=names, axis=axis, scale=alt.Scale(paddingInner=0.3)),
        y=alt.Y("count:Q", axis=None, scale=alt.Scale(domain=[0, top], nice=False)),
    )
    numbers = base.mark_text(dy=-9, fontSize=15, fontWeight="bold", color=INK).encode(text="label:N")
    bars = base.mark_bar(color=colour, cornerRadiusEnd=3)
    return alt.layer(bars, numbers, title=alt.Title(title, fontSize=16, offset=14))
