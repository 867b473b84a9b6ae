"""Commands with which an operator looks after what runs. Only click is imported; the rest when its command runs."""

from pathlib import Path

import click

from app.options import data_dir_option, settings_of


@click.command("dead-letters")
@click.argument("action", type=click.Choice(["list", "redrive"]), default="list")
@click.argument("letter", metavar="[ID]", required=False)
@click.option("--all", "every", is_flag=True, help="Drive all that wait.")
@click.option("--reason", help="Why, for the audit log: redrive needs one.")
@data_dir_option
def dead_letters(action: str, letter: str | None, every: bool, reason: str | None, data_dir: Path | None) -> None:
    """Show work that was given up, or drive it again.

    A job or a projection that failed for good is kept with its error. Once what ailed it is mended,
    redrive puts it back in line as if it had never been tried; an audit row says why. What a member
    was told had failed, a document or a reply, waits again.

    \b
    Examples:
      frontier dead-letters
      frontier dead-letters redrive 12 --reason "The graph has room again."
      frontier dead-letters redrive --all --reason "Deployed the fix of #71."
    """
    import asyncio

    from app.dead_letters import listed, redriven

    settings = settings_of(data_dir)
    if action == "list":
        if letter or every or reason:
            raise click.UsageError("list takes no ID, --all or --reason: did you mean redrive?")
        click.echo("\n".join(asyncio.run(listed(settings))))
        return
    if every == bool(letter):
        raise click.UsageError("Give the ID of one letter, or --all.")
    if not reason:
        raise click.UsageError("Give a --reason: it stands in the audit log.")
    click.echo("\n".join(asyncio.run(redriven(settings, letter, reason))))


@click.command()
@click.argument("given", metavar="ID")
@data_dir_option
def trace(given: str, data_dir: Path | None) -> None:
    """Show what one operation left in every store.

    ID is a transaction's, as audit entries, resolutions and dead letters name it, or a node's, such as
    a proposal's: then the newest transactions that made it. Prints ids, times and states of rows,
    outbox, graph, memory index and blobs, never anybody's text. A job's work carries the id of the
    transaction that wanted it.

    \b
    Examples:
      frontier trace 7d0d2b1c-4a5e-4f0e-9b1a-2f6f2f1d9c3e
      frontier trace UHJvcG9zYWw6Mw
    """
    import asyncio

    from app.trace import lineage_of

    click.echo("\n".join(asyncio.run(lineage_of(settings_of(data_dir), given))))


@click.command()
@data_dir_option
@click.option("--dry-run", is_flag=True, help="Count what differs and change nothing.")
@click.option("--store", type=click.Choice(["blobs", "memories", "graph"]), help="One store only; all by default.")
@click.option("--verbose", is_flag=True, help="Name some of what differs, on stderr.")
def reconcile(data_dir: Path | None, dry_run: bool, store: str | None, verbose: bool) -> None:
    """Compare the other stores with the database, and mend them.

    What is missing or differs is written again from the database, what nothing stands for is removed;
    what is just being written is left to the worker, which does the same every hour. Safe beside it.
    Ends with 1 when something differs still (found by --dry-run, or a file that nothing can make again) or was
    not compared.

    \b
    Examples:
      frontier reconcile --dry-run --verbose
      frontier reconcile --store graph
    """
    import asyncio

    from app.crashes import arm_crashes
    from app.reconcile import reconcile as run
    from app.telemetry import configure_logs
    from domain.reconciliation import Store

    settings, stores = settings_of(data_dir), [Store(store)] if store else list(Store)
    arm_crashes(settings.crash_at)
    if verbose:
        configure_logs(settings, "reconcile")
    lines, whole = asyncio.run(run(settings, stores, dry_run=dry_run))
    click.echo("\n".join(lines))
    if not whole:
        raise SystemExit(1)
