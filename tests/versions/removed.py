"""What later versions no longer have, with the reason.

An action that got another verb needs no line: it names the old one in `formerly`. Nor does what a migration
renames: a kind, a log key, a table.
"""

from __future__ import annotations

from collections.abc import Mapping

ACTIONS: Mapping[str, str] = {}
"""Verbs whose buttons still stand in the chats, and are answered with ButtonGone."""

KINDS: Mapping[str, str] = {}
"""Kinds of stored messages that nothing draws any more."""

RECURRING: Mapping[str, str] = {}
"""Kinds of recurring things that are stored and that nothing keeps any more."""

LOG_KEYS: Mapping[str, str] = {}
"""Keys of stored log entries that the catalogue no longer has."""

ROWS: Mapping[str, str] = {}
"""Tables that lost rows in a migration, and where those rows are now."""
