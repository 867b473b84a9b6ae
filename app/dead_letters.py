"""Dead letters on the command line."""

from app.container import Container
from app.settings import Settings
from domain.dead_letters import DeadLetter
from domain.errors import BadInput, Conflict
from domain.pages import slice_of
from schema.ids import MAX_ROW, row_id

PAGE = 100
NONE = "no work was given up"


async def listed(settings: Settings) -> list[str]:
    """A line a letter that waits, newest first."""
    async with Container(settings) as container:
        return [line_of(letter) for letter in await waiting(container)] or [NONE]


async def redriven(settings: Settings, given: str | None, reason: str) -> list[str]:
    """Drive one letter again, or with None all that wait: a line each. Raises BadInput, NotFound, Conflict."""
    async with Container(settings) as container:
        if given is not None:
            await container.services.dead_letters.redrive_by_operator(number_of(given), reason)
            return [f"{given} is in line again"]
        return [await driven(container, letter, reason) for letter in await waiting(container)] or [NONE]


async def driven(container: Container, letter: DeadLetter, reason: str) -> str:
    try:
        await container.services.dead_letters.redrive_by_operator(letter.id, reason)
    except Conflict as refusal:
        return f"{letter.id} waits on: {refusal}"
    return f"{letter.id} is in line again"


async def waiting(container: Container) -> list[DeadLetter]:
    letters: list[DeadLetter] = []
    after = None
    while True:
        page = await container.reads.dead_letters.page(slice_of(PAGE, after, None, None))
        letters += page.rows
        if not page.has_next:
            return letters
        after = page.keys[-1]


def number_of(given: str) -> int:
    """As `list` shows it, or as the API names it. Raises BadInput."""
    if given.isdecimal() and int(given) <= MAX_ROW:
        return int(given)
    try:
        return row_id("DeadLetter", given)
    except BadInput:
        raise BadInput(f"{given!r} is no dead letter: take an id from `frontier dead-letters`.") from None


def line_of(letter: DeadLetter) -> str:
    at = letter.last_failed_at.isoformat(timespec="seconds")
    return (
        f"{letter.id}  {letter.task} {letter.payload}  {letter.code}  {letter.attempts} attempts until {at}  "
        f"transaction {letter.transaction_id}  {letter.message}"
    )
