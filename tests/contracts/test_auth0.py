"""The port Tokens on Auth0's kind of issuer, over real HTTP."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.auth.auth0 import Auth0Tokens, as_handle, handle_of
from adapters.auth.jwks import Jwks
from adapters.auth.local import HANDLE
from domain.errors import Unauthenticated
from domain.members import Claims, Role
from fakes.issuer import AUDIENCE, NAMESPACE, FakeIssuer, serving
from tests.contracts.forgeries import FORGERIES
from tests.contracts.forging import holding, publish_strange_keys, raw, refused

KEYS = ".well-known/jwks.json"


@pytest.fixture(scope="module")
def standing() -> Iterator[FakeIssuer]:
    """One for all tests that change nothing about it."""
    issuer = FakeIssuer()
    publish_strange_keys(issuer)
    with serving(issuer):
        yield issuer


@pytest.fixture(scope="module")
def checked(standing: FakeIssuer) -> Auth0Tokens:
    return Auth0Tokens(Jwks(standing.url + KEYS), standing.url, AUDIENCE, namespace=NAMESPACE)


@pytest.mark.parametrize("name", FORGERIES)
async def test_forged_or_damaged_token_is_refused(checked: Auth0Tokens, standing: FakeIssuer, name: str) -> None:
    said, forge = FORGERIES[name]
    await refused(checked, forge(standing), said)


def test_forgeries_are_more_than_117() -> None:
    assert len(FORGERIES) >= 117


@given(text=st.text(max_size=300))
async def test_no_text_breaks_the_reader(checked: Auth0Tokens, text: str) -> None:
    with pytest.raises(Unauthenticated):
        await checked.verify(text)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda inner: st.lists(inner, max_size=3)
)
claim_names = st.sampled_from(["iss", "sub", "aud", "exp", "nbf", "iat", f"{NAMESPACE}roles", "nickname", "email"])


@given(changes=st.dictionaries(claim_names, json_values, min_size=1))
async def test_no_claims_break_the_reader(
    checked: Auth0Tokens, standing: FakeIssuer, changes: dict[str, object]
) -> None:
    """Whatever the issuer signs: claims as they must be, or Unauthenticated."""
    token = holding(raw(standing.claims() | changes))(standing)
    try:
        claims = await checked.verify(token)
    except Unauthenticated:
        return
    assert HANDLE.fullmatch(claims.handle)
    assert claims.expires_at > datetime.now(UTC)
    assert claims.role is (Role.ADMIN if "ADMIN" in str(changes.get(f"{NAMESPACE}roles")) else Role.MEMBER)


@given(position=st.integers(0, 10_000), letter=st.sampled_from("AZaz09-_.=*"))
async def test_no_changed_letter_is_accepted(
    checked: Auth0Tokens, standing: FakeIssuer, position: int, letter: str
) -> None:
    honest = standing.token()
    at = position % len(honest)
    token = honest[:at] + letter + honest[at + 1 :]
    if token != honest:
        with pytest.raises(Unauthenticated):
            await checked.verify(token)


async def test_token_names_its_bearer(checked: Auth0Tokens, standing: FakeIssuer) -> None:
    token = standing.token("auth0|ana", exp=4_000_000_000)
    until = datetime.fromtimestamp(4_000_000_000, UTC)
    assert await checked.verify(token) == Claims("auth0|ana", "ana", Role.MEMBER, until)


HONEST: dict[str, dict[str, Any]] = {
    "one audience": {"aud": AUDIENCE},
    "ours last of many": {"aud": ["a", "b", AUDIENCE]},
    "no roles": {f"{NAMESPACE}roles": None},
    "other roles": {f"{NAMESPACE}roles": ["editor", "admin"]},
    "no iat": {"iat": None},
    "a subject of 255 letters": {"sub": "x" * 255},
    "a subject with blanks": {"sub": "samlp|acme|Ana Lima"},
    "claims that nobody knows": {"https://elsewhere/x": {"deep": [1, None]}, "permissions": ["read:all"]},
    "text beyond ASCII": {"name": "Ána 😀"},
}


@pytest.mark.parametrize("name", HONEST)
async def test_honest_token_is_accepted(checked: Auth0Tokens, standing: FakeIssuer, name: str) -> None:
    changes = dict(HONEST[name])
    subject = changes.pop("sub", "auth0|ana")
    claims = await checked.verify(standing.token(subject, **changes))
    assert (claims.subject, claims.role) == (subject, Role.MEMBER)


@pytest.mark.parametrize(
    "header",
    [
        {"typ": "JWT"},
        {"typ": "jwt"},
        {"typ": "at+jwt"},
        {"typ": "application/at+jwt"},
        {"x5t": "abc", "x5t#S256": "abc"},
        {"unheard-of": [1]},
    ],
)
async def test_honest_header_is_accepted(checked: Auth0Tokens, standing: FakeIssuer, header: dict[str, object]) -> None:
    head = raw({"alg": "RS256", "kid": standing.kid} | header)
    claims = await checked.verify(standing.signed_raw(head, raw(standing.claims())))
    assert claims.subject == "auth0|ana"


async def test_admin_is_who_has_the_role(checked: Auth0Tokens, standing: FakeIssuer) -> None:
    claims = await checked.verify(standing.token(**{f"{NAMESPACE}roles": ["editor", "ADMIN"]}))
    assert claims.role is Role.ADMIN
    claims = await checked.verify(standing.token(roles=["ADMIN"], **{"https://elsewhere/roles": ["ADMIN"]}))
    assert claims.role is Role.MEMBER


NOW = 1_790_000_000


def at(issuer: FakeIssuer, now: float) -> Auth0Tokens:
    return Auth0Tokens(Jwks(issuer.url + KEYS), issuer.url, AUDIENCE, namespace=NAMESPACE, clock=lambda: now)


@pytest.mark.parametrize("name", ["nbf", "iat"])
async def test_the_issuers_clock_may_be_a_minute_ahead(standing: FakeIssuer, name: str) -> None:
    usual = {"iat": NOW, "exp": NOW + 600}
    await at(standing, NOW).verify(standing.token(**(usual | {name: NOW + 60})))
    await refused(at(standing, NOW), standing.token(**(usual | {name: NOW + 61})), f"its `{name}` lies ahead")


async def test_expiry_has_no_leeway(standing: FakeIssuer) -> None:
    token = standing.token(iat=NOW, exp=NOW + 60)
    claims = await at(standing, NOW + 59.9).verify(token)
    assert claims.expires_at == datetime.fromtimestamp(NOW + 60, UTC)
    await refused(at(standing, NOW + 60), token, "The token expired at 2026-09-21 14:14 UTC. Log in again.")


@pytest.mark.parametrize(
    ("claims", "handle"),
    [
        ({"nickname": "ana"}, "ana"),
        ({"nickname": "Ána Lima"}, "ana-lima"),
        ({"nickname": "@ana.lima"}, "ana-lima"),
        ({"nickname": "--Ana__x--"}, "ana__x"),
        ({"nickname": "a" * 60}, "a" * 26),
        ({"nickname": "日本", "preferred_username": "ben"}, "ben"),
        ({"nickname": 5, "email": "cleo.b+dao@example.org"}, "cleo-b-dao"),
        ({"preferred_username": "dan", "email": "x@example.org"}, "dan"),
        ({"nickname": "plain", f"{NAMESPACE}nickname": "named"}, "named"),
        ({f"{NAMESPACE}email": "eve@example.org"}, "eve"),
        ({}, "member-6a8244c3"),
        ({"nickname": "", "email": "@"}, "member-6a8244c3"),
    ],
)
def test_handle_comes_from_the_first_claim_that_has_one(claims: dict[str, object], handle: str) -> None:
    assert handle_of({"sub": "auth0|ana", **claims}, NAMESPACE) == handle


@given(st.text(max_size=60))
def test_handle_is_one_or_nothing(name: str) -> None:
    handle = as_handle(name)
    assert handle == "" or HANDLE.fullmatch(handle)
