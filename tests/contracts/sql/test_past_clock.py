"""Who tells a past, as the demo does, leaves work that has not waited since then."""

from datetime import UTC, datetime, timedelta

from adapters.sql.clock import PastClock
from adapters.sql.members import SqlMemberReads
from adapters.sql.outbox import SqlOutbox
from domain.members import Claims, Role
from domain.rules import Rules
from evals.hall import hall


class LongAgo(PastClock):
    at = datetime(2020, 1, 1, tzinfo=UTC)

    def __call__(self, _session: object) -> datetime:
        return self.at


async def test_an_event_of_the_past_waits_from_when_it_was_recorded(url: str) -> None:
    async with hall(url, clock=LongAgo()) as teller:
        await teller.found(Rules())
        viewer = await teller.members.login(Claims("local|ana", "ana", Role.MEMBER, datetime.now(UTC)))
        outbox = SqlOutbox(teller.reader, teller.writer)
        [event] = await outbox.projectable(limit=9)
        assert abs(event.created_at - datetime.now(UTC)) < timedelta(minutes=5)
        assert await outbox.stalled(seconds=600, limit=9) == []
        assert [entry.id for entry in await outbox.claim_events(limit=9, lease_seconds=1)] == [event.id]
        [ana] = (await SqlMemberReads(teller.reader).by_ids([viewer.member_id])).values()
        assert ana.joined_at == LongAgo.at
