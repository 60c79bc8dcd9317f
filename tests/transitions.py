"""Triggers that hold every UPDATE of a message's state in a test database against `TRANSITIONS`, and the
diagram of the same table."""

from __future__ import annotations

from sqlalchemy import Engine, create_engine, text

from bot.domain.message import TRANSITIONS, State

NAME = "check_state"
REFUSAL = "forbidden transition"
DIAGRAM = "stateDiagram-v2"


def permitted() -> dict[State, frozenset[State]]:
    """Return the states to which a message in each state may move."""
    return {state: frozenset(t.target for t in TRANSITIONS if t.source is state) for state in State}


def path(source: State, target: State) -> tuple[State, ...]:
    """Return the states through which a message gets from one state to another, the last one included."""
    ways: dict[State, tuple[State, ...]] = {source: ()}
    reached = [source]
    for state in reached:
        for following in permitted()[state] - set(ways):
            ways[following] = (*ways[state], following)
            reached.append(following)
    return ways[target]


def guard(url: str) -> None:
    """Have the database refuse every change of `message.state` that is not in the table."""
    _run(url, _SQLITE if url.startswith("sqlite") else _POSTGRESQL)


def unguard(url: str) -> None:
    """Remove the trigger, for measurements."""
    on = "" if url.startswith("sqlite") else " ON message"
    _run(url, (f"DROP TRIGGER IF EXISTS {NAME}{on}",))


def diagram() -> str:
    """Return the table as a Mermaid state diagram."""
    arrows = (f"    {t.source} --> {t.target}: {t.by} {t.why}" for t in TRANSITIONS)
    return "\n".join([DIAGRAM, f"    [*] --> {State.WAITING}: a feature requests it", *arrows])


def _run(url: str, statements: tuple[str, ...]) -> None:
    engine: Engine = create_engine(url)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


_pairs = ", ".join(f"'{source} {target}'" for source, targets in permitted().items() for target in targets)
_forbidden = f"OLD.state <> NEW.state AND (OLD.state || ' ' || NEW.state) NOT IN ({_pairs})"

_SQLITE = (
    f"""CREATE TRIGGER {NAME} BEFORE UPDATE OF state ON message WHEN {_forbidden}
    BEGIN SELECT RAISE(ABORT, '{REFUSAL} of a message'); END""",
)
_POSTGRESQL = (
    f"""CREATE FUNCTION {NAME}() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION '{REFUSAL} of message %: % to %', OLD.id, OLD.state, NEW.state; END $$""",
    f"""CREATE TRIGGER {NAME} BEFORE UPDATE OF state ON message FOR EACH ROW WHEN ({_forbidden})
    EXECUTE FUNCTION {NAME}()""",
)
