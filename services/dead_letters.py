"""Dead letters: work that was given up, driven again by an ADMIN or the operator."""

from collections.abc import Callable, Mapping
from contextlib import suppress

from domain.audits import Act, Subject, given_reason
from domain.dead_letters import DeadLetter
from domain.errors import Conflict, Forbidden, NotFound
from domain.events import DeadLetterRedriven
from domain.members import Role, Viewer
from domain.transactions import Ids, Once, Transact, Work
from services.documents import revive_document
from services.replies import revive_reply

REVIVALS: Mapping[str, Callable[[Work, int], None]] = {"ingest": revive_document, "reply": revive_reply}
"""What its member was told had failed waits again, by the job's name."""


class DeadLetters:
    def __init__(self, transact: Transact) -> None:
        self._transact = transact

    async def redrive(self, viewer: Viewer, letter_id: int, reason: str, *, once: Once | None = None) -> Ids:
        """Raises Forbidden, BadInput, NotFound, Conflict."""

        def command(work: Work) -> Ids:
            if viewer.role is not Role.ADMIN:
                raise Forbidden("Only an ADMIN drives dead letters again.")
            return _redrive(work, letter_id, given_reason(reason), by=viewer.member_id)

        return await self._transact.once(once, command)

    async def redrive_by_operator(self, letter_id: int, reason: str) -> None:
        """Raises BadInput, NotFound, Conflict."""
        said = given_reason(reason)
        await self._transact(lambda work: _redrive(work, letter_id, said, by=None))


def _redrive(work: Work, letter_id: int, reason: str, *, by: int | None) -> Ids:
    letter, now = work.dead_letters.locked(letter_id), work.now()
    if letter.driven_at is not None:
        raise Conflict(
            "This letter has been driven already; should its work fail again, that is a new letter.", field=("id",)
        )
    _revive(work, letter)
    work.dead_letters.drive(letter, at=now)
    subject = Subject("DeadLetter", letter_id)
    work.audits.note(Act.DEAD_LETTER_REDRIVEN, by=by, reason=reason, at=now, subject=subject)
    work.emit(DeadLetterRedriven(letter_id))
    return {"dead_letter": letter_id}


def _revive(work: Work, letter: DeadLetter) -> None:
    """What was deleted meanwhile needs nothing: its job finds that out and ends. Raises Conflict."""
    revive = REVIVALS.get(letter.task)
    if revive is not None:
        with suppress(NotFound):
            revive(work, *letter.payload["args"])
