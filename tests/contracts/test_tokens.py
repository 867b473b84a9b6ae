"""The port Tokens: one suite for every issuer that is built."""

import base64
import json
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws, jwt
from joserfc.jwk import OctKey, RSAKey

from adapters.auth.local import HANDLE, LocalTokens, checked_handle, stored_key
from domain.errors import BadInput, Unauthenticated
from domain.members import Claims, Role
from fakes.issuer import FakeIssuer
from tests.contracts.forgeries import FORGERIES

NOW = 1_790_000_000
STRANGER = FakeIssuer()
GOOD: dict[str, Any] = {
    "iss": "frontier-local",
    "aud": "frontier",
    "sub": "local|ana",
    "handle": "ana",
    "role": "MEMBER",
    "exp": NOW + 60,
}


class Clock:
    def __init__(self) -> None:
        self.now = float(NOW)

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tokens(tmp_path: Path, clock: Clock) -> LocalTokens:
    return LocalTokens(tmp_path / "token.key", clock=clock)


def signed(tmp_path: Path, claims: dict[str, Any], header: dict[str, Any] | None = None) -> str:
    """A token with these claims, signed with the server's own key."""
    key = OctKey.import_key(stored_key(tmp_path / "token.key"))
    return jwt.encode({"alg": "HS256", **(header or {})}, claims, key)


def encoded(part: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


async def test_issued_token_names_its_bearer(tokens: LocalTokens) -> None:
    token = tokens.issue("ana", role=Role.ADMIN, lifetime=timedelta(hours=1))
    until = datetime.fromtimestamp(NOW + 3600, UTC)
    assert await tokens.verify(token) == Claims("local|ana", "ana", Role.ADMIN, until)


async def test_role_is_member_unless_said(tokens: LocalTokens) -> None:
    assert (await tokens.verify(tokens.issue("ana"))).role is Role.MEMBER


async def test_token_is_valid_until_its_last_second(tokens: LocalTokens, clock: Clock) -> None:
    token = tokens.issue("ana", lifetime=timedelta(seconds=60))
    clock.now = NOW + 59.9
    await tokens.verify(token)
    clock.now = NOW + 60.0
    with pytest.raises(Unauthenticated) as refused:
        await tokens.verify(token)
    assert refused.value.message == (
        "The token expired at 2026-09-21 14:14 UTC. Make a new one with `frontier token HANDLE`."
    )


async def test_another_key_is_refused(tokens: LocalTokens, tmp_path: Path, clock: Clock) -> None:
    stranger = LocalTokens(tmp_path / "other" / "token.key", clock=clock)
    with pytest.raises(Unauthenticated, match="not signed by this server's key"):
        await tokens.verify(stranger.issue("ana"))


async def test_changed_claims_are_refused(tokens: LocalTokens) -> None:
    header, _, signature = tokens.issue("ana").split(".")
    with pytest.raises(Unauthenticated, match="not signed by this server's key"):
        await tokens.verify(f"{header}.{encoded({**GOOD, 'role': 'ADMIN'})}.{signature}")


@pytest.mark.parametrize("text", ["", "a", "a.b", "a.b.c", "a.b.c.d", "..", "é.é.é", "null", "Bearer x", " "])
async def test_malformed_text_is_refused(tokens: LocalTokens, text: str) -> None:
    with pytest.raises(Unauthenticated, match="The token is malformed: it is no JWT signed with HS256"):
        await tokens.verify(text)


@pytest.mark.parametrize("name", [name for name in FORGERIES if name.startswith(("header: ", "crit is ", "b64 is "))])
async def test_header_that_is_none_is_refused(tokens: LocalTokens, name: str) -> None:
    forged = FORGERIES[name][1](STRANGER)
    with pytest.raises(Unauthenticated, match="malformed"):
        await tokens.verify(forged)


@given(text=st.text(max_size=200))
async def test_no_text_breaks_the_reader(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    tokens = LocalTokens(tmp_path_factory.getbasetemp() / "any.key")
    with pytest.raises(Unauthenticated):
        await tokens.verify(text)


async def test_oversized_token_is_refused_unread(tokens: LocalTokens) -> None:
    with pytest.raises(Unauthenticated, match="longer than 8192 bytes"):
        await tokens.verify("a" * 8193)


@pytest.mark.parametrize("algorithm", ["none", "None", "HS384", "RS256"])
async def test_only_one_algorithm_is_allowed(tokens: LocalTokens, tmp_path: Path, algorithm: str) -> None:
    if algorithm == "HS384":
        token = jwt.encode({"alg": algorithm}, GOOD, OctKey.import_key(stored_key(tmp_path / "token.key")), [algorithm])
    elif algorithm == "RS256":
        token = jwt.encode({"alg": algorithm}, GOOD, RSAKey.generate_key(2048), [algorithm])
    else:
        token = f"{encoded({'alg': algorithm})}.{encoded(GOOD)}."
    with pytest.raises(Unauthenticated, match="malformed"):
        await tokens.verify(token)


async def test_critical_header_is_refused(tokens: LocalTokens, tmp_path: Path) -> None:
    key = OctKey.import_key(stored_key(tmp_path / "token.key"))
    header = {"alg": "HS256", "b64": True, "crit": ["b64"]}
    with pytest.raises(Unauthenticated, match="malformed"):
        await tokens.verify(jws.serialize_compact(header, json.dumps(GOOD), key, registry=lenient()))


def lenient() -> jws.JWSRegistry:
    return jws.JWSRegistry(strict_check_header=False)


@pytest.mark.parametrize(
    ("claims", "said"),
    [
        ({"iss": "elsewhere"}, "not issued for this server"),
        ({"aud": "elsewhere"}, "not issued for this server"),
        ({"aud": ["frontier"]}, "not issued for this server"),
        ({"sub": ""}, "`sub`"),
        ({"sub": 7}, "`sub`"),
        ({"sub": None}, "`sub`"),
        ({"sub": ["local|ana"]}, "`sub`"),
        ({"sub": "x" * 256}, "`sub`"),
        ({"handle": "Ana"}, "`handle`"),
        ({"handle": "ana\n"}, "`handle`"),
        ({"handle": None}, "`handle`"),
        ({"role": "ROOT"}, "`role`"),
        ({"role": ["ADMIN"]}, "`role`"),
        ({"exp": "tomorrow"}, "`exp`"),
        ({"exp": None}, "`exp`"),
        ({"exp": True}, "`exp`"),
        ({"exp": 1e400}, "malformed"),
        ({"exp": 10**40}, "`exp`"),
        ({"nbf": NOW + 1}, "not valid yet"),
        ({"nbf": "now"}, "`nbf`"),
    ],
)
async def test_wrong_claim_is_named(tokens: LocalTokens, tmp_path: Path, claims: dict[str, Any], said: str) -> None:
    with pytest.raises(Unauthenticated, match=said):
        await tokens.verify(signed(tmp_path, GOOD | claims))


async def test_a_claim_that_stands_twice_is_refused(tokens: LocalTokens, tmp_path: Path) -> None:
    key = OctKey.import_key(stored_key(tmp_path / "token.key"))
    payload = json.dumps(GOOD).replace('"role": "MEMBER"', '"role": "MEMBER", "role": "ADMIN"')
    with pytest.raises(Unauthenticated, match="malformed"):
        await tokens.verify(jws.serialize_compact({"alg": "HS256"}, payload, key))


@pytest.mark.parametrize("missing", ["iss", "aud", "sub", "handle", "role", "exp"])
async def test_missing_claim_is_refused(tokens: LocalTokens, tmp_path: Path, missing: str) -> None:
    with pytest.raises(Unauthenticated):
        await tokens.verify(signed(tmp_path, {name: value for name, value in GOOD.items() if name != missing}))


async def test_wellformed_claims_are_accepted(tokens: LocalTokens, tmp_path: Path) -> None:
    assert (await tokens.verify(signed(tmp_path, GOOD))).handle == "ana"


@pytest.mark.parametrize("handle", ["", "Ana", "-ana", "_ana", "a" * 31, "ana ", "a/b", "ána", "ana\n"])
def test_bad_handle_is_refused(tokens: LocalTokens, handle: str) -> None:
    with pytest.raises(BadInput, match="A handle has 1 to 30 characters"):
        tokens.issue(handle)


@given(st.from_regex(HANDLE, fullmatch=True))
def test_good_handle_is_kept(handle: str) -> None:
    assert checked_handle(handle) == handle


@pytest.mark.parametrize("lifetime", [timedelta(), timedelta(days=-1), timedelta(days=3651)])
def test_lifetime_has_bounds(tokens: LocalTokens, lifetime: timedelta) -> None:
    with pytest.raises(BadInput, match="lives 1 to 3650 days"):
        tokens.issue("ana", lifetime=lifetime)


def test_key_is_its_owners_alone(tokens: LocalTokens, tmp_path: Path) -> None:
    assert stat.S_IMODE((tmp_path / "token.key").stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["token.key"]


def test_processes_that_start_together_agree_on_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        keys = set(pool.map(lambda _: stored_key(tmp_path / "token.key"), range(64)))
    assert len(keys) == 1
    assert os.listdir(tmp_path) == ["token.key"]


def test_damaged_key_is_refused(tmp_path: Path) -> None:
    (tmp_path / "token.key").write_bytes(b"")
    with pytest.raises(BadInput, match="is damaged: delete it"):
        LocalTokens(tmp_path / "token.key")
