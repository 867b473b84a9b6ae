"""How tokens are forged: each tool takes the issuer that is imitated and makes one text."""

import hmac
import json
from base64 import urlsafe_b64decode
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from adapters.auth.auth0 import Auth0Tokens
from domain.errors import Unauthenticated
from fakes.issuer import FakeIssuer, encoded

type Forgery = Callable[[FakeIssuer], str]

STRANGER = generate_private_key(65537, 2048)


def raw(value: object) -> bytes:
    return json.dumps(value).encode()


def header(issuer: FakeIssuer) -> bytes:
    return raw({"alg": "RS256", "typ": "JWT", "kid": issuer.kid})


def saying(text: str) -> Forgery:
    return lambda _: text


def damaged(change: Callable[[str, str, str], str]) -> Forgery:
    """An honest token whose three parts were changed."""
    return lambda issuer: change(*issuer.token().split("."))


def altered(part: str, **changes: object) -> str:
    """A part of a token with these values changed, its signature no longer fitting."""
    return encoded(raw(json.loads(urlsafe_b64decode(part + "==")) | changes))


def other(letter: str) -> str:
    return "B" if letter == "A" else "A"


def another_signature(issuer: FakeIssuer) -> str:
    content, _, _ = issuer.token("auth0|ana").rpartition(".")
    return f"{content}.{issuer.token('auth0|ben').rpartition('.')[2]}"


def unsigned(alg: object) -> Forgery:
    """One byte stands for the signature."""
    return lambda issuer: f"{encoded(raw({'kid': issuer.kid, 'alg': alg}))}.{encoded(raw(issuer.claims()))}.AA"


def signed_with(algorithm: str, key: ECKey | None = None) -> Forgery:
    """By the issuer's own key unless another is given."""

    def forge(issuer: FakeIssuer) -> str:
        own = RSAKey.import_key(issuer.keys[-1].as_pem(private=True))
        return jwt.encode({"alg": algorithm, "kid": issuer.kid}, issuer.claims(), key or own, algorithms=[algorithm])

    return forge


def confused(algorithm: str, digest: str, *, pem: bool) -> Forgery:
    """The public key taken for a shared secret."""

    def forge(issuer: FakeIssuer) -> str:
        key = issuer.keys[-1]
        public = key.as_pem(private=False) if pem else key.as_der(private=False)
        covered = f"{encoded(raw({'alg': algorithm, 'kid': issuer.kid}))}.{encoded(raw(issuer.claims()))}"
        return f"{covered}.{encoded(hmac.digest(public, covered.encode(), digest))}"

    return forge


def headed(more: dict[str, object], *, by: RSAPrivateKey | None = None) -> Forgery:
    """Honest claims under a header with these values, signed by the issuer unless `by` is given."""

    def forge(issuer: FakeIssuer) -> str:
        head = raw({"alg": "RS256", "kid": issuer.kid} | more)
        return issuer.signed_raw(head, raw(issuer.claims()), key=by)

    return forge


def under(head: bytes) -> Forgery:
    return lambda issuer: issuer.signed_raw(head, raw(issuer.claims()))


def holding(payload: bytes) -> Forgery:
    return lambda issuer: issuer.signed_raw(header(issuer), payload)


def changed(name: str, value: object) -> Forgery:
    """A claim has this value; None: it is missing."""

    def forge(issuer: FakeIssuer) -> str:
        claims = {key: each for key, each in issuer.claims().items() if key != name}
        return issuer.signed_raw(header(issuer), raw(claims if value is None else claims | {name: value}))

    return forge


def doubled(name: str) -> Forgery:
    """A claim twice: readers differ in which of them counts."""
    first = b'{"%s": "auth0|boss", ' % name.encode()
    return lambda issuer: issuer.signed_raw(header(issuer), first + raw(issuer.claims())[1:])


def issued_by(change: Callable[[str], str]) -> Forgery:
    return lambda issuer: issuer.token(iss=change(issuer.url))


def jwk_of(key: RSAPrivateKey, kid: str) -> dict[str, object]:
    numbers = key.public_key().public_numbers()
    n, e = (encoded(number.to_bytes((number.bit_length() + 7) // 8)) for number in (numbers.n, numbers.e))
    return {"kty": "RSA", "kid": kid, "use": "sig", "alg": "RS256", "n": n, "e": e}


STRANGE_KEYS: dict[str, tuple[RSAPrivateKey, dict[str, object]]] = {
    "of 1,024 bits": (generate_private_key(65537, 1024), {}),  # noqa: S505  # that it is weak is the point
    "for encryption": (STRANGER, {"use": "enc"}),
    "for PS256": (STRANGER, {"alg": "PS256"}),
    "for wrapping": (STRANGER, {"key_ops": ["wrapKey"]}),
    "whose operations are a text": (STRANGER, {"key_ops": "verify"}),
    "with exponent 3": (generate_private_key(3, 2048), {}),
    "of a curve": (STRANGER, {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}),
    "that is a secret": (STRANGER, {"kty": "oct", "k": "c2VjcmV0"}),
    "whose modulus is a number": (STRANGER, {"n": 65537}),
    "whose modulus is no base64url": (STRANGER, {"n": "*"}),
}
"""By id: keys that an issuer may publish beside those that sign, and what makes each unfit."""


def publish_strange_keys(issuer: FakeIssuer) -> None:
    """And an honest id a second time, and what is no key at all."""
    issuer.published += [jwk_of(key, kid) | changes for kid, (key, changes) in STRANGE_KEYS.items()]
    issuer.published += [jwk_of(STRANGER, issuer.kid), {}, {"kid": "bare"}, {"kid": ["list"], "kty": "RSA"}]
    issuer.published += ["no key", None, 5, []]


def signed_by(kid: str) -> Forgery:
    """By a strange key, or by one that is not published."""
    key, _ = STRANGE_KEYS.get(kid, (STRANGER, {}))
    return headed({"kid": kid}, by=key)


async def refused(tokens: Auth0Tokens, token: str, said: str) -> None:
    """Asserts that it is, in these words and without repeating anything of it."""
    with pytest.raises(Unauthenticated) as why:
        await tokens.verify(token)
    assert said in why.value.message
    assert len(why.value.message) < 200
    for part in token.split("."):
        assert len(part) < 12 or part not in why.value.message
