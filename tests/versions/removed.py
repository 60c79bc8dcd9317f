"""What later versions no longer have, with the reason.

An action that got another verb needs no line: it names the old one in `formerly`. Nor does a message kind, a
log key or a table that a migration renames.
"""

from __future__ import annotations

from collections.abc import Mapping

ACTIONS: Mapping[str, str] = {}
"""Verbs whose buttons still stand in the chats, and are answered with ButtonGone."""

KINDS: Mapping[str, str] = {}
"""Kinds of stored messages that nothing draws any more."""

LOG_KEYS: Mapping[str, str] = {}
"""Keys of stored log entries that the catalogue no longer has."""

ROWS: Mapping[str, str] = {}
"""Tables that lost rows in a migration, and where those rows are now."""
