"""Many values in one question: each arrives as it was, on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Integer, Text, bindparam, create_engine, func, select
from sqlalchemy.exc import StatementError

from storage import tables
from storage.rows import _Array, among, put_all
from tests.storage.rows import NOW

TEXTS = st.sets(
    st.one_of(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30),
        st.sampled_from(['"', "\\", '\\"', "{}", "{a,b}", "a,b", "NULL", "", " ", "'", "\n", "%s"]),
    ),
    max_size=12,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=TEXTS, others=TEXTS)
def test_whatever_the_text_it_is_found_among_others(
    tx: Connection, texts: set[str], others: set[str]
) -> None:
    tx.execute(tables.bucket.delete())
    free_at = {text: NOW + timedelta(microseconds=number) for number, text in enumerate(sorted(texts))}
    put_all(tx, tables.bucket, ("key",), [{"key": key, "free_at": free_at[key]} for key in free_at])
    asked = select(tables.bucket).where(among(tables.bucket.c.key, "keys"))
    for wanted in (texts, texts | others, others):
        found = {row.key: row.free_at for row in tx.execute(asked, {"keys": wanted})}
        assert found == {text: free_at[text] for text in texts & wanted}


def test_sqlite_does_not_cut_a_text_off_at_a_nul() -> None:
    """PostgreSQL's sessions have a rule of their own (storage.engines.postgres)."""
    engine = create_engine("sqlite://")
    tables.metadata.create_all(engine)
    with engine.connect() as tx:
        rows = [{"key": "a\0b", "free_at": NOW}, {"key": "\\u0000", "free_at": NOW}]
        put_all(tx, tables.bucket, ("key",), rows)
        assert {row.key for row in tx.execute(select(tables.bucket))} == {"a\ufffdb", "\\u0000"}
    engine.dispose()


def test_half_a_character_is_refused(tx: Connection) -> None:
    with pytest.raises((UnicodeEncodeError, StatementError)):
        put_all(tx, tables.bucket, ("key",), [{"key": "half \ud83d", "free_at": NOW}])


def test_an_instant_and_nothing_arrive_as_they_were(postgres_url: str) -> None:
    """In PostgreSQL's arrays, which we write ourselves."""
    engine = create_engine(postgres_url)
    with engine.connect() as tx:
        for of, values in ((tables.Instant(), [NOW, None]), (Text(), [None, "NULL"]), (Integer(), [7, None])):
            each = func.unnest(bindparam("values", type_=_Array(of)), type_=of)
            assert list(tx.execute(select(each), {"values": values}).scalars()) == values
    engine.dispose()
