"""Logging in, which creates member and twin, and profiles."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from domain.events import MemberJoined, MemberRenamed
from domain.members import SEEN_EVERY, Admission, Claims, Member, MemberReads, Viewer, checked_name
from domain.transactions import Ids, Once, Transact, Work


class Members:
    """`now` is the wall clock: it only decides whether `last_seen` is due."""

    def __init__(
        self, transact: Transact, reads: MemberReads, *, admission: Admission, now: Callable[[], datetime]
    ) -> None:
        self._transact = transact
        self._reads = reads
        self._admission = admission
        self._now = now

    async def login(self, claims: Claims) -> Viewer:
        """The token's bearer as a viewer; a first login creates member and twin."""
        member = await self._reads.by_subject(claims.subject)
        if member is None or member.role != claims.role or self._now() - member.last_seen >= SEEN_EVERY:
            member = await self._transact(lambda work: self._entered(work, claims))
        return Viewer(member.id, claims.role, claims.expires_at)

    async def update_profile(self, viewer: Viewer, display_name: str | None, *, once: Once | None = None) -> Ids:
        """Raises BadInput."""

        def command(work: Work) -> Ids:
            member = work.members.by_id(viewer.member_id)
            if display_name is not None:
                work.members.save(replace(member, display_name=checked_name(display_name)))
                work.emit(MemberRenamed(member.id))
            return {"member": member.id}

        return await self._transact.once(once, command)

    def _entered(self, work: Work, claims: Claims) -> Member:
        now, known = work.now(), work.members.by_subject(claims.subject)
        if known is not None:
            seen = replace(known, role=claims.role, last_seen=now)
            work.members.save(seen)
            return seen
        admitted = self._admission is Admission.OPEN
        member = work.members.add(claims, handle=free_handle(work, claims.handle), admitted=admitted, at=now)
        work.emit(MemberJoined(member.id))
        return member


def free_handle(work: Work, wanted: str) -> str:
    """The handle, suffixed when another member has it."""
    handle, number = wanted, 1
    while work.members.handle_taken(handle):
        number += 1
        handle = f"{wanted}-{number}"
    return handle
