"""Members come by logging in; handles are unique; roles are the token's."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from adapters.sql.audits import SqlAuditReads
from adapters.sql.members import MemberRow, SqlMemberReads
from adapters.sql.pages import rows_of
from adapters.sql.transactions import SqlTransact
from domain.audits import Act, Subject
from domain.errors import BadInput, Conflict, Forbidden, NotFound
from domain.members import SEEN_EVERY, Admission, Claims, Member, Role, Viewer
from domain.pages import Slice
from domain.transactions import Work
from domain.weights import MAX_TOTAL, MAX_WEIGHT, Formula
from evals.hall import Hall, hall
from services.members import Members, Weighing
from tests.contracts.sql.times import T0, Clock

EXPIRY = T0 + timedelta(hours=1)


def claims(subject: str, handle: str = "ada", role: Role = Role.MEMBER) -> Claims:
    return Claims(subject, handle, role, EXPIRY)


def service(database: Hall, clock: Clock, admission: Admission = Admission.OPEN) -> Members:
    reads = SqlMemberReads(database.reader)
    return Members(SqlTransact(database.writer, clock=clock), reads, admission=admission, now=lambda: clock.at)


async def test_a_first_login_makes_a_member(database: Hall, clock: Clock) -> None:
    viewer = await service(database, clock).login(claims("s|1"))
    assert viewer == Viewer(viewer.member_id, Role.MEMBER, EXPIRY, "ada")
    made = Member(viewer.member_id, "s|1", "ada", "ada", Role.MEMBER, 1, admitted=True, joined_at=T0, last_seen=T0)
    reads = SqlMemberReads(database.reader)
    assert await reads.by_subject("s|1") == await reads.by_handle("ada") == made
    assert await service(database, clock).login(claims("s|1")) == viewer


async def test_with_approval_a_newcomer_waits_without_weight(database: Hall, clock: Clock) -> None:
    viewer = await service(database, clock, Admission.APPROVE).login(claims("s|1"))
    member = (await SqlMemberReads(database.reader).by_ids([viewer.member_id]))[viewer.member_id]
    assert (member.admitted, member.weight) == (False, 0)


async def test_a_handle_that_is_taken_gets_a_number(database: Hall, clock: Clock) -> None:
    members = service(database, clock)
    for number in range(3):
        await members.login(claims(f"s|{number}"))
    rows = await rows_of(database.reader, select(MemberRow))
    assert sorted(row.handle for row in rows) == ["ada", "ada-2", "ada-3"]


async def test_first_logins_at_once_make_one_member_each(database: Hall, url: str, clock: Clock) -> None:
    async with hall(url, clock=clock) as other:
        services = service(database, clock), service(other, clock)
        logins = [services[number % 2].login(claims(f"s|{number % 4 // 2}")) for number in range(12)]
        viewers = await asyncio.gather(*logins)
    assert len({viewer.member_id for viewer in viewers}) == 2
    rows = await rows_of(database.reader, select(MemberRow))
    assert sorted(row.handle for row in rows) == ["ada", "ada-2"]


async def test_the_role_is_the_token_s(database: Hall, clock: Clock) -> None:
    members = service(database, clock)
    for role in (Role.MEMBER, Role.ADMIN, Role.MEMBER):
        viewer = await members.login(claims("s|1", role=role))
        found = (await SqlMemberReads(database.reader).by_ids([viewer.member_id]))[viewer.member_id]
        assert (viewer.role, found.role) == (role, role)


async def test_last_seen_is_written_once_an_hour(database: Hall, clock: Clock) -> None:
    members = service(database, clock)
    seen = []
    for step in (timedelta(), SEEN_EVERY - timedelta(milliseconds=1), timedelta(milliseconds=1)):
        clock.at += step
        viewer = await members.login(claims("s|1"))
        seen.append((await SqlMemberReads(database.reader).by_ids([viewer.member_id]))[viewer.member_id].last_seen)
    assert seen == [T0, T0, T0 + SEEN_EVERY]


async def test_a_profile_keeps_a_checked_name(database: Hall, clock: Clock) -> None:
    members = service(database, clock)
    viewer = await members.login(claims("s|1"))
    await members.update_profile(viewer, " Ada  L ")
    await members.update_profile(viewer, None)
    with pytest.raises(BadInput, match=r"^Give displayName in 1 to 80 characters.$"):
        await members.update_profile(viewer, " ")
    found = (await SqlMemberReads(database.reader).by_ids([viewer.member_id]))[viewer.member_id]
    assert (found.display_name, found.handle) == ("Ada L", "ada")


async def test_who_is_not_there_is_not_found(database: Hall) -> None:
    with pytest.raises(NotFound, match=r"^There is no such member.$"):
        await database.transact(lambda work: work.members.by_id(99))
    reads = SqlMemberReads(database.reader)
    assert (await reads.by_ids([99]), await reads.by_handle("x"), await reads.by_subject("x")) == ({}, None, None)


async def found(database: Hall, viewer: Viewer) -> Member:
    return (await SqlMemberReads(database.reader).by_ids([viewer.member_id]))[viewer.member_id]


async def test_an_admin_admits_weighs_and_deactivates_and_says_why(database: Hall, clock: Clock) -> None:
    (boss,) = await database.seat([1], prefix="boss")
    admin, members = Viewer(boss.member_id, Role.ADMIN), service(database, clock, Admission.APPROVE)
    formula = Formula(each={"shares": (1, 10)})
    await database.transact(lambda work: work.daos.save(replace(work.daos.current(), formula=formula)))
    ada = await members.login(claims("s|1"))
    await members.admit(admin, ada.member_id, None, "Known.")
    assert (await found(database, ada)).weight == 1
    await members.weigh(admin, ada.member_id, Weighing(None, {"shares": 25}), "Bought shares.")
    weighed = await found(database, ada)
    assert (weighed.weight, weighed.attributes, weighed.fixed_weight) == (3, {"shares": 25}, None)
    await members.weigh(admin, ada.member_id, Weighing(8), "By vote.")
    assert (await found(database, ada)) == replace(weighed, weight=8, fixed_weight=8)
    await members.deactivate(admin, ada.member_id, "Left.")
    gone = await found(database, ada)
    assert (gone.weight, gone.admitted, gone.fixed_weight) == (0, False, 8)
    rows = (await SqlAuditReads(database.reader).page(Slice())).rows
    assert [(row.act, row.reason, row.by_id, row.subject) for row in rows] == [
        (act, reason, boss.member_id, Subject("Member", ada.member_id))
        for act, reason in (
            (Act.MEMBER_DEACTIVATED, "Left."),
            (Act.MEMBER_WEIGHED, "By vote."),
            (Act.MEMBER_WEIGHED, "Bought shares."),
            (Act.MEMBER_ADMITTED, "Known."),
        )
    ]


async def test_what_is_not_an_admins_or_out_of_turn_is_refused(database: Hall, clock: Clock) -> None:
    ada, boss = await database.seat([1, 1])
    admin, members = Viewer(boss.member_id, Role.ADMIN), service(database, clock)
    with pytest.raises(Forbidden, match=r"^Only an ADMIN may do that.$"):
        await members.weigh(boss, ada.member_id, Weighing(9), "Mine.")
    with pytest.raises(Conflict, match=r"^That member is admitted already.$"):
        await members.admit(admin, ada.member_id, 1, "Again.")
    with pytest.raises(NotFound) as unknown:
        await members.weigh(admin, 99, Weighing(9), "Nobody.")
    assert unknown.value.field == ("memberId",)
    with pytest.raises(BadInput) as heavy:
        await members.weigh(admin, ada.member_id, Weighing(MAX_WEIGHT + 1), "Heavy.")
    assert heavy.value.field == ("weight",)
    with pytest.raises(BadInput) as silent:
        await members.weigh(admin, ada.member_id, Weighing(9), " ")
    assert silent.value.field == ("reason",)
    await members.deactivate(admin, ada.member_id, "Left.")
    for act in (members.deactivate(admin, ada.member_id, "Again."),):
        with pytest.raises(Conflict, match=r"^That member is not admitted.$"):
            await act
    with pytest.raises(Conflict, match=r"^That member is not admitted: admit it first.$"):
        await members.weigh(admin, ada.member_id, Weighing(9), "Late.")
    assert (await found(database, ada)).weight == 0


async def test_all_weights_together_keep_their_bound(database: Hall, clock: Clock) -> None:
    seated = await database.seat([MAX_WEIGHT] * (MAX_TOTAL // MAX_WEIGHT) + [0])
    admin = Viewer(seated[0].member_id, Role.ADMIN)
    with pytest.raises(Conflict, match=r"^The weights of all members together may be at most 2,000,000,000.$"):
        await service(database, clock).weigh(admin, seated[-1].member_id, Weighing(1), "One more.")

    def totals(work: Work) -> tuple[int, int]:
        return work.members.total_weight(), len(work.members.by_formula())

    assert await database.transact(totals) == (MAX_TOTAL, len(seated))
