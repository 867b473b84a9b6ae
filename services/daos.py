"""The DAO's rules and formula before its first resolution, and the DAO at a glance."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import datetime

from domain.audits import Act, Subject
from domain.bus import Bus
from domain.daos import DaoReads, Glance
from domain.errors import Conflict
from domain.events import DaoChanged, MemberWeighed
from domain.rules import Rules, RulesChoice, amended
from domain.transactions import Transact, Work
from domain.weights import Formula, check_total
from services.watching import Watched, watch

LEAST_SECONDS = 1.0
"""Between two states of the DAO that a subscriber gets."""


class Daos:
    """`now` is the wall clock: it only dates what is shown."""

    def __init__(self, transact: Transact, reads: DaoReads, bus: Bus, *, now: Callable[[], datetime]) -> None:
        self._transact = transact
        self._reads = reads
        self._bus = bus
        self._now = now

    async def glance(self) -> Glance:
        return await self._reads.glance(at=self._now())

    async def set_rules(self, choice: RulesChoice) -> Rules:
        """By whoever runs it, until the first resolution; then only a vote does. Raises BadInput, Conflict."""

        def command(work: Work) -> Rules:
            dao = work.daos.locked()
            if dao.resolutions:
                raise Conflict("This DAO has decided already: from then on only a passed SET_RULES changes its rules.")
            rules = amended(dao.rules, choice)
            work.daos.save(replace(dao, rules=rules))
            said = ", ".join(f"{name} {value}" for name, value in sorted(choice.given.items()))
            _note(work, Act.RULES_SET, dao.id, f"Set from a file by the operator: {said}.")
            work.emit(DaoChanged(dao.id))
            return rules

        return await self._transact(command)

    async def set_formula(self, formula: Formula) -> int:
        """Weigh all members anew whose weight is not set by hand; how many changed. Raises Conflict."""

        def command(work: Work) -> int:
            dao = work.daos.locked()
            work.daos.save(replace(dao, formula=formula))
            changed = 0
            for member in work.members.by_formula():
                after = member.weighed(formula)
                if after != member:
                    work.members.save(after)
                    work.emit(MemberWeighed(member.id))
                    changed += 1
            check_total(work.members.total_weight())
            _note(work, Act.WEIGHTS_SET, dao.id, f"Formula set from a file by the operator; {changed} weights changed.")
            return changed

        return await self._transact(command)

    async def watch(self) -> AsyncIterator[Watched[Glance]]:
        """The present state, then newer ones, at most one a second."""
        async for watched in watch(self._bus, "dao", self.glance, lambda glance: glance.seq):
            yield watched
            await asyncio.sleep(LEAST_SECONDS)


def _note(work: Work, act: Act, dao_id: int, reason: str) -> None:
    work.audits.note(act, by=None, reason=reason, at=work.now(), subject=Subject("Dao", dao_id))
