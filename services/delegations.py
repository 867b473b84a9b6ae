"""Giving one's weight to another, taking it back, and declining it. It counts for votes that start from now on."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from domain.delegations import Delegation, closes_cycle
from domain.errors import BadInput, Conflict, DelegationCycle, Forbidden, NotFound
from domain.members import Role, Viewer
from domain.transactions import Ids, Once, Transact, Work


@dataclass(frozen=True, slots=True)
class Mandate:
    """What a member gives: `to` None means nobody, at this level or below; `scope_id` None means everywhere."""

    to: int | None
    scope_id: int | None = None
    when_inactive: bool = False
    accepts_twin: bool = True
    expires_at: datetime | None = None


class Delegations:
    def __init__(self, transact: Transact) -> None:
        self._transact = transact

    async def give(self, viewer: Viewer, mandate: Mandate, *, once: Once | None = None) -> Ids:
        """A new one, which revokes the one in its place. Raises BadInput, NotFound, Forbidden, DelegationCycle."""

        def command(work: Work) -> Ids:
            work.daos.locked()  # one after another: two at once must neither both stay nor close a cycle
            now = work.now()
            new = _checked(work, viewer, mandate, now)
            if closes_cycle(new, _ahead(work, new, now), at=now):
                raise DelegationCycle(
                    "That member's weight comes back to you: choose another, or ask it to vote itself.", field=("to",)
                )
            for old in work.delegations.live_of(viewer.member_id, new.scope_id, at=now):
                if old.when_inactive == new.when_inactive:
                    work.delegations.save(old._replace(revoked_at=now))
            return {"delegation": work.delegations.add(new).id}

        return await self._transact.once(once, command)

    async def revoke(self, viewer: Viewer, delegation_id: int, *, once: Once | None = None) -> Ids:
        """By its giver. Raises NotFound, Forbidden, Conflict."""

        def command(work: Work) -> Ids:
            work.daos.locked()  # no electorate is being frozen that would not see it
            delegation = _seen(work, viewer, delegation_id)
            if delegation.giver_id != viewer.member_id:
                raise Forbidden("Only its giver may revoke a delegation.", field=("delegationId",))
            _check_live(delegation, work.now())
            work.delegations.save(delegation._replace(revoked_at=work.now()))
            return {"delegation": delegation_id}

        return await self._transact.once(once, command)

    async def decline(self, viewer: Viewer, delegation_id: int, *, once: Once | None = None) -> Ids:
        """By its receiver. Raises NotFound, Forbidden, Conflict."""

        def command(work: Work) -> Ids:
            work.daos.locked()
            delegation = _seen(work, viewer, delegation_id)
            if delegation.receiver_id != viewer.member_id:
                raise Forbidden("Only its receiver may decline a delegation.", field=("delegationId",))
            _check_live(delegation, work.now())
            work.delegations.save(delegation._replace(declined_at=work.now()))
            return {"delegation": delegation_id}

        return await self._transact.once(once, command)


def _checked(work: Work, viewer: Viewer, mandate: Mandate, now: datetime) -> Delegation:
    if not work.members.by_id(viewer.member_id).admitted:
        raise Forbidden("You are not admitted yet: an ADMIN or a vote admits you.")
    if mandate.to == viewer.member_id:
        raise BadInput("Your weight is yours already: name another member, or null for nobody.", field=("to",))
    if mandate.to is not None:
        _check_receiver(work, mandate.to)
    if mandate.scope_id is not None:
        scope = work.topics.by_id(mandate.scope_id)
        if scope is None or not scope.delegable:
            raise BadInput("scope must be a topic that an ADMIN marked delegable, or left out.", field=("scope",))
    if mandate.expires_at is not None and mandate.expires_at <= now:
        raise BadInput("expiresAt must lie in the future.", field=("expiresAt",))
    return Delegation(
        id=0,
        giver_id=viewer.member_id,
        receiver_id=mandate.to,
        scope_id=mandate.scope_id,
        created_at=now,
        when_inactive=mandate.when_inactive,
        accepts_twin=mandate.accepts_twin,
        expires_at=mandate.expires_at,
    )


def _check_receiver(work: Work, member_id: int) -> None:
    try:
        receiver = work.members.by_id(member_id)
    except NotFound:
        raise NotFound("There is no such member.", field=("to",)) from None
    if not receiver.admitted:
        raise Conflict("That member is not admitted, so it cannot vote for you: name another.", field=("to",))


def _ahead(work: Work, new: Delegation, now: datetime) -> Iterator[Delegation]:
    """Delegations in the new one's scope from its receiver on, until they end or come round."""
    seen: set[int] = set()
    member = new.receiver_id
    while member is not None and member not in seen:
        seen.add(member)
        given = [row for row in work.delegations.live_of(member, new.scope_id, at=now) if not row.when_inactive]
        yield from given
        member = given[-1].receiver_id if given else None


def _seen(work: Work, viewer: Viewer, delegation_id: int) -> Delegation:
    delegation = work.delegations.by_id(delegation_id)
    involved = viewer.member_id in (delegation.giver_id, delegation.receiver_id)
    if not involved and viewer.role is not Role.ADMIN:
        raise NotFound("There is no such delegation, or you may not see it.", field=("delegationId",))
    return delegation


def _check_live(delegation: Delegation, now: datetime) -> None:
    if not delegation.live(at=now):
        raise Conflict("That delegation has ended already.", field=("delegationId",))
