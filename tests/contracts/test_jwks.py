"""The keys of an issuer: when they are fetched, over real HTTP, and what happens when they cannot be."""

import asyncio
import logging
from collections.abc import Callable, Iterator

import httpx
import pytest

from adapters.auth.auth0 import Auth0Tokens
from adapters.auth.jwks import FRESH, HELD, PAUSE, STALE, Jwks, keys_of
from domain.errors import SyncFailed, Unauthenticated
from domain.members import Claims
from fakes.issuer import AUDIENCE, NAMESPACE, FakeIssuer, serving
from tests.contracts.forging import STRANGER, jwk_of, publish_strange_keys, raw, refused

KEYS = ".well-known/jwks.json"


class Clock:
    """Seconds that only grow."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return self.ahead


@pytest.fixture
def issuer() -> Iterator[FakeIssuer]:
    with serving(FakeIssuer()) as issuer:
        yield issuer


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tokens(issuer: FakeIssuer, clock: Clock) -> Auth0Tokens:
    keys = Jwks(issuer.url + KEYS, deadline=2.0, clock=clock)
    return Auth0Tokens(keys, issuer.url, AUDIENCE, namespace=NAMESPACE)


async def test_keys_are_fetched_once(tokens: Auth0Tokens, issuer: FakeIssuer) -> None:
    for number in range(20):
        await tokens.verify(issuer.token(f"auth0|m{number}"))
    assert issuer.fetches == 1


async def test_many_that_wait_for_keys_share_one_fetch(tokens: Auth0Tokens, issuer: FakeIssuer) -> None:
    verified = await asyncio.gather(*(tokens.verify(issuer.token(f"auth0|m{number}")) for number in range(50)))
    assert len({claims.subject for claims in verified}) == 50
    assert issuer.fetches == 1


async def test_new_keys_count_at_once_however_often_they_change(tokens: Auth0Tokens, issuer: FakeIssuer) -> None:
    await tokens.verify(issuer.token())
    for number in range(1, 4):
        issuer.rotate()
        await tokens.verify(issuer.token())
        assert issuer.fetches == 1 + number


async def test_old_key_counts_while_it_is_published(tokens: Auth0Tokens, issuer: FakeIssuer) -> None:
    old = issuer.token("auth0|old")
    issuer.rotate()
    assert (await tokens.verify(issuer.token("auth0|new"))).subject == "auth0|new"
    assert (await tokens.verify(old)).subject == "auth0|old"
    assert issuer.fetches == 1


def unknown(issuer: FakeIssuer, number: int) -> str:
    return issuer.signed_raw(raw({"alg": "RS256", "kid": f"random-{number}"}), raw(issuer.claims()), key=STRANGER)


async def test_flood_of_unknown_keys_costs_one_fetch_a_pause(
    tokens: Auth0Tokens, issuer: FakeIssuer, clock: Clock
) -> None:
    await tokens.verify(issuer.token())
    for pause in range(1, 4):
        for number in range(30):
            await refused(tokens, unknown(issuer, number), "does not publish")
        assert issuer.fetches == 1 + pause
        clock.ahead += PAUSE


async def test_flood_at_once_costs_two_fetches_with_the_first(tokens: Auth0Tokens, issuer: FakeIssuer) -> None:
    """Of those that came while the first keys were on their way, one looks again."""
    flood = [tokens.verify(unknown(issuer, number)) for number in range(50)]
    answers = await asyncio.gather(tokens.verify(issuer.token()), *flood, return_exceptions=True)
    assert isinstance(answers[0], Claims)
    assert {type(answer) for answer in answers[1:]} == {Unauthenticated}
    assert issuer.fetches == 2


async def test_new_key_counts_a_pause_after_a_flood_at_the_latest(
    tokens: Auth0Tokens, issuer: FakeIssuer, clock: Clock
) -> None:
    await tokens.verify(issuer.token())
    await refused(tokens, unknown(issuer, 0), "does not publish")
    issuer.rotate()
    await refused(tokens, issuer.token(), "try again in 10 s")
    clock.ahead += PAUSE
    await refused(tokens, unknown(issuer, 1), "does not publish")
    await tokens.verify(issuer.token())
    assert issuer.fetches == 3


async def test_new_key_is_looked_for_behind_a_fetch_that_began_before_it(
    tokens: Auth0Tokens, issuer: FakeIssuer
) -> None:
    issuer.mood = "late"
    first = asyncio.create_task(tokens.verify(issuer.token("auth0|first")))
    await until(lambda: issuer.fetches == 1)
    issuer.rotate()
    issuer.mood = "ok"
    second = asyncio.create_task(tokens.verify(issuer.token("auth0|second")))
    assert [claims.subject for claims in await asyncio.gather(first, second)] == ["auth0|first", "auth0|second"]
    assert issuer.fetches == 2


async def renewed(issuer: FakeIssuer, fetches: int) -> None:
    """Waits until the background has fetched so often, and has put it to use."""
    await until(lambda: issuer.fetches == fetches and len(asyncio.all_tasks()) == 1)


async def until(met: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not met():  # noqa: ASYNC110  # the issuer counts in a thread of its own
            await asyncio.sleep(0.01)


async def test_revoked_key_is_refused_after_the_next_fetch(
    tokens: Auth0Tokens, issuer: FakeIssuer, clock: Clock
) -> None:
    revoked = issuer.token()
    await tokens.verify(revoked)
    issuer.rotate()
    issuer.revoke("key-1")
    clock.ahead += FRESH - 1
    await tokens.verify(revoked)
    assert issuer.fetches == 1
    clock.ahead += 1
    await tokens.verify(revoked)  # the last time: it starts the fetch
    await renewed(issuer, 2)
    await refused(tokens, revoked, "does not publish")


async def test_revoked_key_is_refused_at_once_when_the_keys_are_stale(
    tokens: Auth0Tokens, issuer: FakeIssuer, clock: Clock
) -> None:
    revoked = issuer.token()
    await tokens.verify(revoked)
    issuer.revoke("key-1")
    clock.ahead += STALE
    await refused(tokens, revoked, "does not publish")


async def test_an_empty_set_of_keys_refuses_all(tokens: Auth0Tokens, issuer: FakeIssuer) -> None:
    issuer.revoke("key-1")
    await refused(tokens, issuer.token(), "does not publish")


@pytest.mark.parametrize("mood", ["down", "html", "list", "huge", "packed", "moved", "cut"])
async def test_keys_in_hand_outlive_an_outage_for_an_hour(
    tokens: Auth0Tokens, issuer: FakeIssuer, clock: Clock, mood: str
) -> None:
    await tokens.verify(issuer.token())
    issuer.mood = mood
    clock.ahead = HELD - 1
    await tokens.verify(issuer.token())
    clock.ahead = HELD + PAUSE
    with pytest.raises(SyncFailed, match="does not answer"):
        await tokens.verify(issuer.token())
    issuer.mood = "ok"
    clock.ahead += PAUSE
    await tokens.verify(issuer.token())


async def test_outage_does_not_refuse_a_key_that_it_hides(
    tokens: Auth0Tokens, issuer: FakeIssuer, clock: Clock
) -> None:
    """Neither accepted nor said to be bad: nobody knows."""
    await tokens.verify(issuer.token())
    issuer.mood = "down"
    issuer.rotate()
    for _ in range(10):
        with pytest.raises(SyncFailed, match="Try again"):
            await tokens.verify(issuer.token())
    assert issuer.fetches == 2
    issuer.mood = "ok"
    clock.ahead += PAUSE
    await tokens.verify(issuer.token())
    assert issuer.fetches == 3


async def test_outage_from_the_start_costs_one_fetch_a_pause(
    tokens: Auth0Tokens, issuer: FakeIssuer, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    issuer.mood = "down"
    token = issuer.token()
    with caplog.at_level(logging.WARNING):
        for _ in range(10):
            with pytest.raises(SyncFailed):
                await tokens.verify(token)
    assert issuer.fetches == 1
    assert caplog.messages == [f"The issuer's keys at {issuer.url}{KEYS} could not be read: HTTP 503."]
    issuer.mood = "ok"
    clock.ahead += PAUSE
    await tokens.verify(token)


async def test_known_keys_do_not_wait_for_an_issuer_that_is_known_to_be_down(
    tokens: Auth0Tokens, issuer: FakeIssuer, clock: Clock
) -> None:
    await tokens.verify(issuer.token())
    issuer.mood = "down"
    clock.ahead = STALE
    await tokens.verify(issuer.token())
    issuer.mood = "hang"
    clock.ahead += PAUSE
    async with asyncio.timeout(1.5):  # half a second less than the fetch may take
        await tokens.verify(issuer.token())
    await renewed(issuer, 3)


async def test_issuer_that_hangs_is_given_up(issuer: FakeIssuer) -> None:
    issuer.mood = "hang"
    keys = Jwks(issuer.url + KEYS, deadline=0.2)
    with pytest.raises(SyncFailed, match=r"no whole answer within 0\.2 s|could not be read"):
        await keys.ids()


async def test_issuer_that_is_not_there_is_told() -> None:
    with pytest.raises(SyncFailed, match=r"keys at http://127\.0\.0\.1:9/jwks could not be read"):
        await Jwks("http://127.0.0.1:9/jwks").ids()


async def test_who_leaves_does_not_end_the_fetch_of_others(tokens: Auth0Tokens, issuer: FakeIssuer) -> None:
    issuer.mood = "late"
    first = asyncio.create_task(tokens.verify(issuer.token("auth0|first")))
    second = asyncio.create_task(tokens.verify(issuer.token("auth0|second")))
    await until(lambda: issuer.fetches == 1)
    first.cancel()
    assert (await second).subject == "auth0|second"
    assert issuer.fetches == 1


async def test_closing_ends_the_fetch_under_way(issuer: FakeIssuer) -> None:
    issuer.mood = "hang"
    keys = Jwks(issuer.url + KEYS)
    waiting = asyncio.create_task(keys.key("any"))
    await until(lambda: issuer.fetches == 1)
    await keys.aclose()
    with pytest.raises(SyncFailed):
        await waiting
    assert issuer.fetches == 1
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_closing_what_was_never_used_does_nothing() -> None:
    await Jwks("http://127.0.0.1:9/jwks").aclose()


async def test_only_usable_keys_are_kept(issuer: FakeIssuer) -> None:
    publish_strange_keys(issuer)
    assert await Jwks(issuer.url + KEYS).ids() == ["key-1"]


@pytest.mark.parametrize("left_out", ["use", "alg"])
def test_key_may_leave_out_what_it_is_for(left_out: str) -> None:
    jwk = {name: value for name, value in jwk_of(STRANGER, "k").items() if name != left_out}
    assert list(keys_of(raw({"keys": [jwk]}))) == ["k"]


def test_private_half_of_a_published_key_is_left_alone() -> None:
    [key] = keys_of(raw({"keys": [jwk_of(STRANGER, "k") | {"d": "AQAB"}]})).values()
    assert not key.is_private


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"keys":5}', b'{"keys":{}}', b'{"keys":[],"keys":[]}', b"\xff"])
def test_what_is_no_set_of_keys_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match="it "):
        keys_of(body)


async def test_discovery_names_the_keys_that_are_read(issuer: FakeIssuer) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        found = (await client.get(f"{issuer.url}.well-known/openid-configuration")).json()
    assert (found["issuer"], found["jwks_uri"]) == (issuer.url, issuer.url + KEYS)
