"""The recap of a month: stories, not ranks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime

from bot.chat.card import Card, Element, Facts, Image, Quote, small, text
from bot.chat.text import Bold
from bot.domain.board import Matter, Theme
from bot.domain.entry import Entry
from bot.domain.recap import TITLES, Figures, Panel, Recap, Thanked, Told, months_until, panels
from bot.domain.rhythm import Ritual
from bot.locales import Translator
from bot.locales.log import sentence

PANELS = {
    Panel.POSTS: "recap.panel_posts",
    Panel.SHARES: "recap.panel_shares",
    Panel.THANKS: "recap.panel_thanks",
}
COMING = {
    Ritual.BLOCKERS: "rhythm.blockers",
    Ritual.KUDOS: "rhythm.kudos",
    Ritual.POLL: "rhythm.poll",
    Ritual.PULSE: "rhythm.pulse",
    Ritual.MEETING: "rhythm.meeting",
    Ritual.RECAP: "rhythm.recap",
}


def none(t: Translator) -> Card:
    return Card(t("recap.none"), (text(*t.spans("recap.none_body")),))


def recap(t: Translator, recap: Recap, told: Told, site: str) -> Card:
    """`site` is where the picture is."""
    parts: tuple[Element, ...] = (
        text(t("recap.quiet" if told.empty else "recap.body")),
        *_posts(t, told),
        *_picture(t, recap, told, site),
        *_thanks(t, told.thanks),
        *_lines(t("recap.decided"), [sentence(t, entry) for entry in told.decisions]),
        *_answers(t, told.answers),
        *_trust(t, told.trust),
        *_coming(t, told),
        small(*t.spans("recap.how")),
    )
    return Card(t("recap.title", month=t.month(recap.month)), parts)


def _posts(t: Translator, told: Told) -> tuple[Element, ...]:
    more = len(told.posts) - TITLES
    rest = [t("recap.more_posts", more)] if more > 0 else []
    brought = _lines(t("recap.posts", len(told.posts)), [*told.posts[:TITLES], *rest])
    shares = t("recap.shares", told.shares) if told.shares else ""
    clicks = t("recap.clicks", told.clicks) if told.clicks else ""
    return (*brought, *((text(" ".join(filter(None, (shares, clicks)))),) if shares or clicks else ()))


def _lines(heading: str, lines: Sequence[str]) -> tuple[Element, ...]:
    if not lines:
        return ()
    return (text(Bold(heading), *(f"\n• {' '.join(line.splitlines())}" for line in lines)),)


def _picture(t: Translator, recap: Recap, told: Told, site: str) -> tuple[Element, ...]:
    if not told.pictured:
        return ()
    return (Image(f"{site}/f/recap-{t.language}.png/{recap.token}", _alt(t, told.months)),)


def _alt(t: Translator, months: Sequence[Figures]) -> str:
    """All that the picture shows."""
    told = (
        t("recap.alt_panel", what=panel_title(t, panel), counts=t.all_of(_counts(t, counts)))
        for panel, counts in panels(months).items()
    )
    return " ".join((f"{t('recap.picture_title')}.", *told))


def panel_title(t: Translator, panel: Panel) -> str:
    key = PANELS[panel]
    return t(key)


def _counts(t: Translator, counts: Sequence[tuple[date, int]]) -> list[str]:
    return [f"{t.short_month(month)} {t.number(count)}" for month, count in counts]


def _thanks(t: Translator, thanks: Sequence[Thanked]) -> tuple[Element, ...]:
    if not thanks:
        return ()
    stories = [part for each in thanks for part in (_who(t, each), Quote(each.reason))]
    return (text(Bold(t("recap.thanks"))), *stories)


def _who(t: Translator, thanked: Thanked) -> Element:
    receivers = t.all_of(list(thanked.receivers))
    return text(t("recap.thanked", giver=thanked.giver, receivers=receivers))


def _answers(t: Translator, answers: Sequence[Theme]) -> tuple[Element, ...]:
    return _lines(
        t("recap.answers"), [t("recap.answer", title=each.title, answer=each.answer) for each in answers]
    )


def _trust(t: Translator, trust: tuple[float, float | None] | None) -> tuple[Element, ...]:
    if trust is None:
        return ()
    now, before = trust
    if before is None:
        return (text(t("recap.trust", now=t.number(now))),)
    return (text(t("recap.trust_since", now=t.number(now), before=t.number(before))),)


def _coming(t: Translator, told: Told) -> tuple[Element, ...]:
    if not told.coming:
        return ()
    named = ((COMING[ritual], moment) for ritual, moment in told.coming)
    rows = tuple((t(key), t.instant(moment)) for key, moment in named)
    return (text(Bold(t("recap.coming"))), Facts(rows))


def examples(t: Translator) -> dict[str, Card]:
    now = datetime(2026, 11, 24, 9, tzinfo=UTC)
    made = Recap("c", "r", date(2026, 11, 1), "example", datetime(2026, 10, 27, 9, tzinfo=UTC), now)
    counts = ((3, 6, 1), (4, 9, 2), (2, 5, 2), (5, 14, 4), (6, 17, 3), (5, 21, 6))
    months = [
        Figures(month, posts, thanks, shares)
        for month, (posts, shares, thanks) in zip(months_until(made.month), counts, strict=True)
    ]
    coming = (
        (Ritual.BLOCKERS, datetime(2026, 12, 1, 9, tzinfo=UTC)),
        (Ritual.KUDOS, datetime(2026, 12, 8, 9, tzinfo=UTC)),
        (Ritual.MEETING, datetime(2026, 12, 22, 9, tzinfo=UTC)),
    )
    theme = Theme("t1", Matter.BLOCKER, t("example.blocker"), now, answer=t("example.blocker_answer"))
    full = Told(
        posts=[t("example.title"), *(f"{t('example.title')} ({n})" for n in range(2, 8))],
        shares=21,
        clicks=134,
        thanks=(Thanked("Hugo", ("Inès", "Tom"), t("example.win")),),
        decisions=(Entry(now, "log.cadence_agreed", {"value": "2"}),),
        answers=(theme,),
        trust=(3.8, 3.5),
        coming=coming,
        months=months,
    )
    small_circle = Told(posts=[t("example.title")], trust=(3.4, None), coming=coming[:1])
    site = "https://cercle.example"
    return {
        "recap": recap(t, made, full, site),
        "recap_small": recap(t, made, small_circle, site),
        "recap_quiet": recap(t, made, Told(coming=coming), site),
        "none": none(t),
    }
