"""Alembic's entry: one connection to the address that `storage.engines.connect.upgrade` was given. Processes
that start together on PostgreSQL migrate one after the other."""

from __future__ import annotations

from alembic import context
from sqlalchemy import create_engine

from storage.rows import one_at_a_time
from storage.tables import metadata

engine = create_engine(context.config.attributes["url"], hide_parameters=True)
try:
    with engine.connect() as connection:
        context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
        with context.begin_transaction():
            one_at_a_time(connection, "migration")
            context.run_migrations()
finally:
    engine.dispose()
