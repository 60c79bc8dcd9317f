"""Why a page could not be read. Each docstring is the sentence its reader sees, kept in the catalogues
under `reason`; `str(error)` is for the log and names the host, never the whole address.

Unreadable
├── BadAddress   not an address of the web at all
├── Forbidden    an address inside somebody's network, or a port that is not the web's
├── Unreachable  no such name, nobody listening, a certificate that does not fit
├── TooSlow      the deadline passed
├── TooBig       more bytes than were asked for
├── Astray       too many redirects
├── Missing      404, 410
├── Closed       401, 403 and the like: for those who are logged in
├── Failing      any other status, or an answer that breaks off
├── NotAPage     a picture, a document, an answer compressed in a way that cannot be undone
├── Tangled      a page too costly to take apart
└── Blank        a page without a title
"""

from __future__ import annotations

from typing import ClassVar


class Unreadable(Exception):
    """That page could not be read."""

    reason: ClassVar[str]


class BadAddress(Unreadable):
    """That does not look like a web address. It should start with http:// or https://"""

    reason = "page.address"


class Forbidden(Unreadable):
    """That address is not on the public web, so Cercle does not open it."""

    reason = "page.forbidden"


class Unreachable(Unreadable):
    """No site answers at that address. Is it spelt as you meant it?"""

    reason = "page.unreachable"


class TooSlow(Unreadable):
    """That page took too long to answer."""

    reason = "page.slow"


class TooBig(Unreadable):
    """That page is too heavy to be read."""

    reason = "page.big"


class Astray(Unreadable):
    """That page sends its visitors from one address to the next without end."""

    reason = "page.astray"


class Missing(Unreadable):
    """There is no page at that address, or there is none any more."""

    reason = "page.missing"


class Closed(Unreadable):
    """That site shows this page only to those it knows."""

    reason = "page.closed"


class Failing(Unreadable):
    """That site is having trouble just now."""

    reason = "page.failing"


class NotAPage(Unreadable):
    """There is a file at that address, not a page."""

    reason = "page.file"


class Tangled(Unreadable):
    """That page is built in a way that cannot be read."""

    reason = "page.tangled"


class Blank(Unreadable):
    """That page says nothing about itself: no title, no description."""

    reason = "page.blank"
