"""Members come by logging in; handles are unique; roles are the token's."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select

from adapters.sql.members import MemberRow, SqlMemberReads
from adapters.sql.pages import rows_of
from adapters.sql.transactions import SqlTransact
from domain.errors import BadInput, NotFound
from domain.members import SEEN_EVERY, Admission, Claims, Member, Role, Viewer
from evals.hall import Hall, hall
from services.members import Members
from tests.contracts.sql.times import T0, Clock

EXPIRY = T0 + timedelta(hours=1)


def claims(subject: str, handle: str = "ada", role: Role = Role.MEMBER) -> Claims:
    return Claims(subject, handle, role, EXPIRY)


def service(database: Hall, clock: Clock, admission: Admission = Admission.OPEN) -> Members:
    reads = SqlMemberReads(database.reader)
    return Members(SqlTransact(database.writer, clock=clock), reads, admission=admission, now=lambda: clock.at)


async def test_a_first_login_makes_a_member(database: Hall, clock: Clock) -> None:
    viewer = await service(database, clock).login(claims("s|1"))
    assert viewer == Viewer(viewer.member_id, Role.MEMBER, EXPIRY)
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
