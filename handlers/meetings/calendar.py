"""A meeting as a file for the calendar (RFC 5545). Its UID never changes and its SEQUENCE grows when it is
moved, so that a calendar which holds it moves it too."""

from __future__ import annotations

from datetime import datetime

from bot.context import File
from bot.domain.meeting import Meeting, Stage
from bot.locales import Translator
from storage import circles, meetings
from storage.transaction import CircleTransaction, Transaction


def invitation(tx: Transaction, now: datetime, token: str) -> File | None:
    """Today's date of the meeting, however old the link is."""
    meeting = meetings.by_token(tx, token)
    if meeting is None:
        return None
    circle = circles.circle(CircleTransaction(tx, meeting.circle_id))
    t = Translator(circle.language, circle.zone)
    return File("cercle.ics", "text/calendar; charset=utf-8", written(t, meeting, now))


def written(t: Translator, meeting: Meeting, now: datetime) -> bytes:
    from icalendar import Calendar, Event

    event = Event()
    event.add("uid", f"{meeting.id}@cercle")
    event.add("dtstamp", now)
    event.add("sequence", meeting.changes)
    event.add("dtstart", meeting.starts_at)
    event.add("dtend", meeting.ends_at)
    event.add("summary", t("meeting.summary"))
    event.add("description", t("meeting.description"))
    event.add("status", "CANCELLED" if meeting.stage is Stage.CALLED_OFF else "CONFIRMED")
    if meeting.place:
        event.add("location", meeting.place)
    calendar = Calendar()
    calendar.add("prodid", "-//Cercle//Cercle//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add_component(event)
    file: bytes = calendar.to_ical()
    return file
