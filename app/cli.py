"""`frontier`: the command line. Only click is imported here; everything else when its command runs."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from app import governing, upkeep
from app.options import data_dir_option

if TYPE_CHECKING:
    from app.settings import Settings

HELP = {"help_option_names": ["-h", "--help"], "max_content_width": 100}

host_option = click.option("--host", help="Address to serve on; loopback only with AUTH=local. [default: 127.0.0.1]")
port_option = click.option("--port", type=click.IntRange(1, 65535), help="Port to serve on. [default: 8000]")


@click.group(context_settings=HELP)
def frontier() -> None:
    """The backend with which members and their digital twins govern together.

    \b
    A first round:
      frontier up                    start everything; prints a URL and a token
      frontier doctor                look at every engine
      frontier token ben             a bearer token for the member ben
      frontier ingest notes --as ben hand a folder of documents to ben's twin

    Settings come from options, the environment and .env; .env.example names them all.
    Every command explains itself: frontier COMMAND --help
    """


@frontier.command()
@data_dir_option
@host_option
@port_option
@click.option("--no-seed", is_flag=True, help="Start without the demo DAO.")
@click.option("--fake-cloud", is_flag=True, help="Keep memories in a fake Mem0 Cloud, started too, to try that way.")
def up(data_dir: Path | None, host: str | None, port: int | None, no_seed: bool, fake_cloud: bool) -> None:
    """Start everything, in the foreground.

    Redis with FalkorDB, the database, API and worker. Ctrl-C ends all of it; a part that dies is
    started again. The first start plants a demo DAO of twelve members.

    \b
    Examples:
      frontier up
      frontier up --port 9000 --data-dir /tmp/trial --no-seed
      frontier up --fake-cloud --data-dir /tmp/cloud
    """
    import asyncio

    from app.up import Up

    asyncio.run(Up(_settings(data_dir, host=host, port=port), seed=not no_seed, fake_cloud=fake_cloud).run())


@frontier.command()
@data_dir_option
@host_option
@port_option
def api(data_dir: Path | None, host: str | None, port: int | None) -> None:
    """Serve GraphQL, uploads and GraphiQL.

    `frontier up` runs this for you. Alone, this one process needs a migrated database and a Redis.

    \b
    Example:
      REDIS_URL=redis://127.0.0.1:6379 frontier api --port 8000
    """
    import asyncio

    settings = _settings(data_dir, host=host, port=port)

    from app.api import create_app
    from app.crashes import arm_crashes
    from app.http.server import serve
    from app.migrated import check_database
    from app.telemetry import configure_logs
    from app.up import check_port

    check_port(settings.host, settings.port)
    configure_logs(settings, "api")
    asyncio.run(check_database(settings))
    arm_crashes(settings.crash_at)
    serve(create_app(settings), settings)


@frontier.command()
@data_dir_option
def worker(data_dir: Path | None) -> None:
    """Run jobs: ingestion, replies, deadlines, projections.

    `frontier up` runs this for you. Several workers may share one Redis.
    """
    settings = _settings(data_dir)

    import uvloop

    from app.crashes import arm_crashes
    from app.telemetry import configure_logs
    from app.worker import run

    configure_logs(settings, "worker")
    arm_crashes(settings.crash_at)
    uvloop.run(run(settings))


@frontier.command()
@data_dir_option
@click.option("--check", is_flag=True, help="Change nothing; fail when the models have what no migration brings.")
def migrate(data_dir: Path | None, check: bool) -> None:
    """Bring the database to its newest version.

    Nothing happens when it is there already; `frontier up` does it at every start.

    \b
    Examples:
      frontier migrate
      DATABASE_URL=postgresql+asyncpg://user:password@127.0.0.1/frontier frontier migrate
    """
    import asyncio

    settings = _settings(data_dir)

    from adapters.sql import migrations
    from app.migrated import check_database, reached

    async def compare() -> None:
        await check_database(settings)
        await migrations.check(settings.database)

    with reached():
        asyncio.run(compare() if check else migrations.upgrade(settings.database))


@frontier.command()
@data_dir_option
@click.option("--renew", is_flag=True, help="Make the demo young again: its running votes start anew.")
def seed(data_dir: Path | None, renew: bool) -> None:
    """Plant the demo DAO.

    Twelve members, their documents and chats, four proposals. Seeding twice changes nothing.

    \b
    Examples:
      frontier seed
      frontier seed --renew
    """
    import asyncio

    from app.demo.seed import seed as plant

    settings = _settings(data_dir)

    async def show() -> None:
        async for line in plant(settings, renew=renew):
            click.echo(f"  demo: {line}")

    asyncio.run(show())
    settings.seeded_file.touch()


@frontier.command()
@click.argument("handle")
@data_dir_option
@click.option("--admin", is_flag=True, help="The bearer acts as ADMIN.")
@click.option("--days", type=click.IntRange(1, 3650), default=30, show_default=True, help="How long it is valid.")
def token(handle: str, data_dir: Path | None, admin: bool, days: int) -> None:
    """Print a bearer token for the member HANDLE.

    The member comes into being when the token is first used, as at a first login.

    \b
    Examples:
      frontier token ana
      curl -H "Authorization: Bearer $(frontier token ana)" -H "Content-Type: application/json" \\
           -d '{"query": "{ viewer { handle } }"}' http://127.0.0.1:8000/graphql
    """
    from datetime import timedelta

    from adapters.auth.local import LocalTokens
    from domain.members import Role

    issuer = LocalTokens(_settings(data_dir).token_key)
    click.echo(issuer.issue(handle, role=Role.ADMIN if admin else Role.MEMBER, lifetime=timedelta(days=days)))


@frontier.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--as", "handle", required=True, help="Handle of the member whose documents these are.")
@click.option("--dao", is_flag=True, help="Give them to the DAO: every member and twin may read them.")
@data_dir_option
def ingest(folder: Path, handle: str, dao: bool, data_dir: Path | None) -> None:
    """Hand a folder of documents to a member's twin.

    PDF, Markdown and text files of up to 20 MiB below FOLDER, sent to the running server. Its
    worker reads them; what is already known is not read again.

    \b
    Examples:
      frontier ingest notes --as ana
      frontier ingest bylaws --as ana --dao
    """
    import asyncio

    from app.ingest import ingest as run

    refused = asyncio.run(run(_settings(data_dir), folder, handle=handle, dao=dao, say=click.echo))
    sys.exit(1 if refused else 0)


@frontier.command()
@data_dir_option
def doctor(data_dir: Path | None) -> None:
    """Look at every engine and say what to do.

    What is chosen, whether it answers, its version, and the remedy if it does not.
    Exit code 0: all well. 1: something needs a hand.
    """
    import asyncio

    from app.doctor import diagnose, table

    probes = asyncio.run(diagnose(_settings(data_dir)))
    click.echo(table(probes))
    sys.exit(0 if all(probe.well for probe in probes) else 1)


@frontier.command()
@data_dir_option
def schema(data_dir: Path | None) -> None:
    """Print the served GraphQL schema.

    \b
    Example:
      frontier schema > schema/schema.graphql
    """
    from app.graphql.schema import sdl

    _settings(data_dir)
    click.echo(sdl())


frontier.add_command(governing.evaluate)
frontier.add_command(governing.rules)
frontier.add_command(governing.verify)
frontier.add_command(governing.weights)
frontier.add_command(upkeep.dead_letters)
frontier.add_command(upkeep.reconcile)
frontier.add_command(upkeep.trace)


def _settings(data_dir: Path | None, *, host: str | None = None, port: int | None = None) -> "Settings":
    from app.settings import load_settings

    return load_settings(data_dir=data_dir, host=host, port=port)


def main() -> None:
    """The program. What its user can mend is one line on stderr and exit code 2, never a traceback."""
    try:
        frontier(standalone_mode=False)
    except click.exceptions.Exit as done:
        sys.exit(done.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    except Exception as error:
        if not _mendable(error):
            raise
        click.echo(f"Error: {error}", err=True)
        sys.exit(2)


def _mendable(error: Exception) -> bool:
    from app.settings import BadSettings
    from app.up import StartFailed
    from domain.errors import DomainError

    return isinstance(error, BadSettings | StartFailed | DomainError)


if __name__ == "__main__":
    main()
