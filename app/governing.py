"""Commands about how the DAO counts: rules, weights, receipts, vectors. Only click is imported at first."""

import sys
from pathlib import Path

import click

from app.options import data_dir_option, settings_of


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@data_dir_option
def rules(file: Path, data_dir: Path | None) -> None:
    """Set the DAO's rules, before its first resolution.

    FILE is JSON with the fields to set, named as in VotingRules; the rest stays. After the first
    resolution only a passed SET_RULES changes them. An audit row says what was set.

    \b
    Example:
      echo '{"quorumPercent": 50, "minimumDiscussionMinutes": 1440}' > rules.json
      frontier rules rules.json
    """
    import asyncio

    from app.house_rules import set_rules

    click.echo(asyncio.run(set_rules(settings_of(data_dir), file)))


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@data_dir_option
def weights(file: Path, data_dir: Path | None) -> None:
    """Set the formula that weighs members.

    FILE is JSON: {"base": 1, "each": {"hours": {"times": 1, "per": 10}}, "floor": 1, "cap": 50}. A
    member's weight is the base and each attribute's value times `times`, divided by `per` and rounded
    down, raised to the floor and cut at the cap. Weights set by hand stay. It counts for votes that
    start from now on; an audit row says that it was set.

    \b
    Example:
      frontier weights weights.json
    """
    import asyncio

    from app.house_rules import set_formula

    click.echo(asyncio.run(set_formula(settings_of(data_dir), file)))


@click.command()
@click.argument("receipts", metavar="FILE|ID...", nargs=-1, required=True)
@click.option("--key", help="The DAO's public key, as its members know it: verifyKey of the query `dao`.")
@data_dir_option
def verify(receipts: tuple[str, ...], key: str | None, data_dir: Path | None) -> None:
    """Count receipts again, offline.

    FILE is a receipt.json or a folder of them: its form, hash, signature and outcome are checked, and
    of several the chain. ID is a resolution's number or id: its receipt is read from the database.
    Exit code 0: all valid. 1: one is not. 2: there is no such file or resolution.

    \b
    Examples:
      frontier verify receipt.json --key 11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo
      frontier verify receipts/
      frontier verify 0
    """
    from app.verify import contents, lines, verified

    results = verified(contents(receipts, settings_of(data_dir)), key=key)
    click.echo("\n".join(lines(results)))
    sys.exit(0 if all(result.valid for result in results.values()) else 1)


@click.group("eval")
def evaluate() -> None:
    """Hold the product against answers that are known.

    \b
    Example:
      frontier eval vectors shared/vectors
    """


@evaluate.command()
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
def vectors(paths: tuple[Path, ...]) -> None:
    """Run other systems' test vectors against our counting.

    PATH is a vector file, or a folder of them; a file's format is told by its content. Prints for each
    file what passed, failed and was skipped, with the reason. Needs no network, key or running system.
    Exit code 0: nothing failed. 1: something did. 2: a file of no known format.

    \b
    Examples:
      frontier eval vectors shared/vectors
      frontier eval vectors aragon-majority.json cosmos-tally.json
    """
    from domain.errors import BadInput
    from evals.vectors import reports, runs

    done, unknown = [], False
    for file in runs.files(paths):
        try:
            done.append(runs.run(file))
        except BadInput as error:
            unknown = True
            click.echo(f"Error: {error}", err=True)
        else:
            click.echo("\n".join(reports.lines(done[-1])))
    if done:
        click.echo(reports.total(done))
    sys.exit(1 if any(run.of("failed") for run in done) else 2 * unknown)
