"""Logging in, which creates member and twin; profiles; and what an ADMIN does to members."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from domain.audits import Act, Subject, given_reason
from domain.errors import Conflict, Forbidden, NotFound
from domain.events import MemberJoined, MemberRenamed, MemberWeighed
from domain.members import SEEN_EVERY, Admission, Claims, Member, MemberReads, Role, Viewer, checked_name
from domain.transactions import Ids, Once, Transact, Work
from domain.weights import MAX_TOTAL, check_total, checked_attributes, checked_weight


@dataclass(frozen=True, slots=True)
class Weighing:
    """`weight` None returns to the DAO's formula; `attributes` None keeps them."""

    weight: int | None
    attributes: object = None


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
        return Viewer(member.id, claims.role, claims.expires_at, member.handle)

    async def update_profile(self, viewer: Viewer, display_name: str | None, *, once: Once | None = None) -> Ids:
        """Raises BadInput."""

        def command(work: Work) -> Ids:
            member = work.members.by_id(viewer.member_id)
            if display_name is not None:
                work.members.save(replace(member, display_name=checked_name(display_name)))
                work.emit(MemberRenamed(member.id))
            return {"member": member.id}

        return await self._transact.once(once, command)

    async def admit(
        self, viewer: Viewer, member_id: int, weight: int | None, reason: str, *, once: Once | None = None
    ) -> Ids:
        """With this weight, or the formula's. Raises Forbidden, NotFound, Conflict, BadInput."""

        def change(member: Member, work: Work) -> Member:
            if member.admitted:
                raise Conflict("That member is admitted already.", field=("memberId",))
            fixed = None if weight is None else checked_weight(weight, "weight")
            return member.weighed(work.daos.current().formula, admitted=True, fixed_weight=fixed)

        return await self._administered(viewer, member_id, Act.MEMBER_ADMITTED, reason, change, once)

    async def weigh(
        self, viewer: Viewer, member_id: int, weighing: Weighing, reason: str, *, once: Once | None = None
    ) -> Ids:
        """For votes that start from now on. Raises Forbidden, NotFound, Conflict, BadInput."""

        def change(member: Member, work: Work) -> Member:
            if not member.admitted:
                raise Conflict("That member is not admitted: admit it first.", field=("memberId",))
            changes: dict[str, Any] = {"fixed_weight": None}
            if weighing.weight is not None:
                changes["fixed_weight"] = checked_weight(weighing.weight, "weight")
            if weighing.attributes is not None:
                changes["attributes"] = checked_attributes(weighing.attributes)
            return member.weighed(work.daos.current().formula, **changes)

        return await self._administered(viewer, member_id, Act.MEMBER_WEIGHED, reason, change, once)

    async def deactivate(self, viewer: Viewer, member_id: int, reason: str, *, once: Once | None = None) -> Ids:
        """It keeps its place in votes that run. Raises Forbidden, NotFound, Conflict, BadInput."""

        def change(member: Member, work: Work) -> Member:
            if not member.admitted:
                raise Conflict("That member is not admitted.", field=("memberId",))
            return member.weighed(work.daos.current().formula, admitted=False)

        return await self._administered(viewer, member_id, Act.MEMBER_DEACTIVATED, reason, change, once)

    async def _administered(
        self,
        viewer: Viewer,
        member_id: int,
        act: Act,
        reason: str,
        change: Callable[[Member, Work], Member],
        once: Once | None,
    ) -> Ids:
        """An ADMIN's act on a member, with its reason in the audit log."""

        def command(work: Work) -> Ids:
            if viewer.role is not Role.ADMIN:
                raise Forbidden("Only an ADMIN may do that.")
            work.daos.locked()
            before = known(work, member_id)
            after = change(before, work)
            check_total(work.members.total_weight() - before.weight + after.weight)
            work.members.save(after)
            subject = Subject("Member", member_id)
            work.audits.note(act, by=viewer.member_id, reason=given_reason(reason), at=work.now(), subject=subject)
            work.emit(MemberWeighed(member_id))
            return {"member": member_id}

        return await self._transact.once(once, command)

    def _entered(self, work: Work, claims: Claims) -> Member:
        now, known = work.now(), work.members.by_subject(claims.subject)
        if known is not None:
            seen = replace(known, role=claims.role, last_seen=now)
            work.members.save(seen)
            return seen
        member = work.members.add(claims, handle=free_handle(work, claims.handle), at=now)
        work.emit(MemberJoined(member.id))
        admitted = member.weighed(work.daos.current().formula, admitted=True)
        if self._admission is Admission.OPEN and work.members.total_weight() + admitted.weight <= MAX_TOTAL:
            work.members.save(admitted)
            return admitted
        return member


def known(work: Work, member_id: int) -> Member:
    """Raises NotFound."""
    try:
        return work.members.by_id(member_id)
    except NotFound:
        raise NotFound("There is no such member.", field=("memberId",)) from None


def free_handle(work: Work, wanted: str) -> str:
    """The handle, suffixed when another member has it."""
    handle, number = wanted, 1
    while work.members.handle_taken(handle):
        number += 1
        handle = f"{wanted}-{number}"
    return handle
