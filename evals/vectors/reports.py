"""What came of vector files, in plain text."""

from collections.abc import Iterator, Sequence

from evals.vectors.outcomes import Status
from evals.vectors.runs import Run

STATUSES: tuple[Status, ...] = ("passed", "failed", "skipped")


def lines(run: Run) -> Iterator[str]:
    """One for the file, and one for each case that did not pass, with its reason."""
    yield f"{run.file} ({run.format}): {counts([run])}"
    for status in STATUSES[1:]:
        for outcome in run.of(status):
            yield f"  {status}: {outcome.name}: {outcome.detail}"


def total(runs: Sequence[Run]) -> str:
    cases = sum(len(run.outcomes) for run in runs)
    skipped = sum(len(run.of("skipped")) for run in runs)
    share = 100 * skipped / cases if cases else 0.0
    return f"{len(runs)} files, {cases} cases: {counts(runs)} ({share:.1f} % skipped)"


def counts(runs: Sequence[Run]) -> str:
    return ", ".join(f"{sum(len(run.of(status)) for run in runs)} {status}" for status in STATUSES)
