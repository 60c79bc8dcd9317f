"""Which tests `make quick` leaves out: the one place that says so."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

FOLDERS = frozenset({"bench", "e2e", "torture", "versions"})
"""Processes that are started, attacks, measurements, and databases that are restored."""
FILES = frozenset(
    {
        "test_backup.py",
        "test_cli.py",
        "test_contracts.py",
        "test_doctor.py",
        "test_generate.py",
        "test_http.py",
        "test_machine.py",
        "test_migrations.py",
        "test_packaging.py",
        "test_pictures.py",
        "test_poll_races.py",
        "test_poll_secrecy.py",
        "test_preview.py",
        "test_promises.py",
        "test_queue.py",
        "test_races.py",
        "test_recap.py",
        "test_shutdown.py",
        "test_year.py",
    }
)
"""Process starts, hostile pages, weeks that are played, many people at once."""
NAMES = (
    "test_any_bytes_are_read_without_an_error",
    "test_each_recorded_reply_is_read_by_nobody_else",
    "test_each_sample_of_each_feature_is_read_by_nobody_else",
    "test_fifty_thousand_elsewhere_delay_nobody_by_a_second",
    "test_nobody_is_disturbed_while_away",
    "test_one_token_and_no_thread_serve_five_hundred_sends",
    "test_the_next_moment_is_the_first_one_at_work",
    "test_two_pumps_send_each_of_two_thousand_once",
    "test_what_answers_a_click_passes_before_the_many",
)
"""Single tests with thousands of messages or examples."""


def mark(items: Iterable[pytest.Item]) -> None:
    """Mark the tests that take long, or that need a browser or a PostgreSQL server."""
    for item in items:
        if _is_slow(item):
            item.add_marker(pytest.mark.slow)


def _is_slow(item: pytest.Item) -> bool:
    path = item.path
    return (
        not FOLDERS.isdisjoint(path.parts)
        or path.name in FILES
        or item.name.startswith(NAMES)
        or "postgres" in path.name
        or "postgres" in item.name
        or item.get_closest_marker("browser") is not None
    )
