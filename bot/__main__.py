"""The `cercle` command."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from bot.settings import Settings, SettingsError, load

cli = typer.Typer(
    help="Cercle: a circle of volunteer ambassadors, inside Slack and Microsoft Teams.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
manifests = typer.Typer(help="Build what Slack and Teams need to know the app.", no_args_is_help=True)
cli.add_typer(manifests, name="manifest")


def fail(lines: str) -> NoReturn:
    for line in lines.splitlines():
        typer.secho(line, fg="red", err=True)
    raise typer.Exit(2)


def environment() -> Settings:
    try:
        return load(os.environ)
    except SettingsError as error:
        fail(str(error))


@cli.command()
def serve() -> None:
    """Run the bot: HTTP, pump and clock, until it is told to stop."""
    gc.disable()  # importing leaves nothing to collect; serving enables it
    settings = complete()
    from bot import serving

    run(serving.serve(settings))


@cli.command()
def worker() -> None:
    """Run beside `cercle serve` on one PostgreSQL, letting nobody in; as many as there is work for."""
    gc.disable()
    settings = complete()
    from bot import serving

    run(serving.work(settings))


def complete() -> Settings:
    """Return the settings, or end with what is missing, before the seconds that importing the bot takes."""
    settings = environment()
    if faults := settings.faults():
        fail("\n".join(faults))
    return settings


def run(bot: Coroutine[Any, Any, None]) -> None:
    import uvloop

    from storage.engines.database import Unavailable

    try:
        uvloop.run(bot)
    except Unavailable as error:
        fail(str(error))


@cli.command()
def migrate() -> None:
    """Bring the database to today's shape. Starting does the same."""
    from scheduler.engine import upgrade
    from storage.engines.database import Unavailable

    try:
        upgrade(environment().cercle_database_url)
    except Unavailable as error:
        fail(str(error))
    typer.echo("The database is up to date.")


@cli.command()
def backup(file: Annotated[Path, typer.Argument(help="Where to; nothing is overwritten.")]) -> None:
    """Copy the database to a file, also while Cercle works with it."""
    from storage import backup as copies
    from storage.engines.database import Unavailable

    try:
        with pages_done(f"to {file}") as progress:
            copies.backup(environment().cercle_database_url, file, progress)
    except Unavailable as error:
        fail(str(error))
    typer.echo(f"{file} holds the whole database, checked ({file.stat().st_size / 1e6:.1f} MB).")


@cli.command()
def restore(
    file: Annotated[Path, typer.Argument(help="What `cercle backup` wrote.")],
    yes: Annotated[bool, typer.Option("--yes", help="Replace the database that is there.")] = False,
) -> None:
    """Put a backup in the place of the database. Cercle has to be stopped."""
    from storage import backup as copies
    from storage.engines.database import Unavailable

    try:
        with pages_done(f"from {file}") as progress:
            kept = copies.restore(environment().cercle_database_url, file, progress, replace=yes)
    except Unavailable as error:
        fail(str(error))
    typer.echo(f"{file} is the database now, checked and up to date.")
    if kept is not None:
        typer.echo(f"The one before is kept as {kept}")


@contextmanager
def pages_done(what: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar, where somebody watches."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task(what)
        yield lambda done, pages: bar.update(task, completed=done, total=pages)


@cli.command()
def doctor() -> None:
    """Check settings, database and reachability, and say how to mend what is wrong."""
    from bot import doctor

    raise typer.Exit(doctor.examine(environment(), typer.echo))


@cli.command()
def demo(
    headless: Annotated[bool, typer.Option(help="Play one month in the terminal, then exit.")] = False,
    port: Annotated[int, typer.Option(help="Where to listen on 127.0.0.1; 0 for any free port.")] = 8000,
) -> None:
    """The whole bot with the playground, on a database of its own. No account is needed."""
    from bot import demo, month

    raise typer.Exit(month.headless() if headless else demo.playground(port))


@manifests.command("slack")
def slack(
    out: Annotated[Path | None, typer.Argument(help="A file; the terminal without one.")] = None,
) -> None:
    """The app manifest to paste at api.slack.com/apps."""
    from bot.app import VERBS
    from bot.platforms.slack import manifest

    try:
        text = manifest.text(environment().cercle_base_url, VERBS)
    except ValueError as error:
        fail(str(error))
    if out is None:
        typer.echo(text, nl=False)
    else:
        out.write_text(text, encoding="utf-8")


@manifests.command("teams")
def teams(out: Annotated[Path, typer.Argument(help="The zip to write.")] = Path("cercle-teams.zip")) -> None:
    """The app package to upload in the Teams admin centre."""
    from bot.app import VERBS, words
    from bot.platforms.teams.manifest import package

    settings = environment()
    if not settings.microsoft_app_id:
        fail("MICROSOFT_APP_ID is missing: the app registration in Microsoft Entra")
    try:
        out.write_bytes(package(settings.cercle_base_url, settings.microsoft_app_id, VERBS, words))
    except ValueError as error:
        fail(str(error))
    typer.echo(f"{out} is ready to be uploaded.")


def main() -> None:
    cli(prog_name="cercle")


if __name__ == "__main__":
    main()
