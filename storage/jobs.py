"""The tables of Procrastinate, the engine on PostgreSQL, which stand beside ours.

They are a doorbell: whatever is lost with them stands in our own tables, where every pump looks by itself.
So nothing here locks, and one job that waits for a workspace stands for all that happened there. They stay
small: what is done is deleted, and what a process left that was killed is cleared when the next one starts.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import structlog
from sqlalchemy import Connection, bindparam, create_engine, text
from sqlalchemy.exc import DBAPIError

from storage.engines.database import Unavailable, reason
from storage.engines.postgres import Postgres
from storage.rows import one_at_a_time
from storage.transaction import Transaction

log = structlog.get_logger()

QUEUE = "cercle"
LOOK = "look"

_deferring = text("""
    INSERT INTO procrastinate_jobs (queue_name, task_name, args)
    SELECT :queue, :look, jsonb_build_object('workspace', workspace.id)
    FROM workspace
    WHERE workspace.circle_id = ANY(:circles) AND NOT EXISTS (
        SELECT FROM procrastinate_jobs AS job
        WHERE job.status = 'todo' AND job.task_name = :look AND job.args ->> 'workspace' = workspace.id
    )
""").bindparams(bindparam("queue", QUEUE), bindparam("look", LOOK))
"""A plain insert, which its triggers make a job of. Its functions change their names from version to version,
and while processes are exchanged two versions work side by side."""


def defer(tx: Transaction, circle_ids: Collection[str]) -> None:
    """Have some process look at the workspaces of these circles once `tx` is committed. A bell that is broken
    is no reason to stop what it would have rung for."""
    try:
        with tx.begin_nested():
            tx.execute(_deferring, {"circles": list(circle_ids)})
    except DBAPIError as error:
        if error.connection_invalidated:
            raise
        log.warning("jobs.not_deferred", reason=reason(error))


@dataclass(frozen=True, slots=True)
class Schema:
    """What Procrastinate brings along: the whole for an empty database, and the steps that led there, by
    names that sort."""

    whole: str
    steps: Mapping[str, str]

    @property
    def newest(self) -> str:
        return max(self.steps)

    def after(self, step: str) -> tuple[str, str] | None:
        """The next step, and what it says."""
        if not step:
            return self.newest, self.whole
        return min((item for item in self.steps.items() if item[0] > step), default=None)


def install(url: str, schema: Schema) -> None:
    """Bring its tables to the shape of `schema`, a transaction each step. Running it again changes nothing;
    processes that start together wait in line, as for our own migrations. Raises Unavailable."""
    engine = create_engine(Postgres.address(url), hide_parameters=True)
    try:
        more = True
        while more:
            with engine.begin() as tx:
                one_at_a_time(tx, "migration")
                more = _step(tx, schema)
    except DBAPIError as error:
        raise Unavailable(f"The database cannot be used: {reason(error)}") from None
    finally:
        engine.dispose()


def _step(tx: Connection, schema: Schema) -> bool:
    if (step := schema.after(installed(tx))) is None:
        return False
    name, script = step
    tx.execution_options(no_parameters=True).exec_driver_sql(script)
    tx.exec_driver_sql(f"COMMENT ON TABLE procrastinate_jobs IS '{name}'")
    return True


def installed(tx: Transaction) -> str:
    """The last step that was taken; empty where nothing stands. Procrastinate keeps no record of that."""
    comment = text("SELECT obj_description(to_regclass('procrastinate_jobs'), 'pg_class')")
    return tx.execute(comment).scalar() or ""
