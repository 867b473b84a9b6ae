"""Forged and damaged tokens by families: a name, what the refusal must say, and how it is made."""

import math
from collections.abc import Callable, Iterable, Iterator

from joserfc.jwk import ECKey

from fakes.issuer import AUDIENCE, NAMESPACE
from tests.contracts.forging import (
    STRANGE_KEYS,
    STRANGER,
    Forgery,
    altered,
    another_signature,
    changed,
    confused,
    damaged,
    doubled,
    headed,
    holding,
    issued_by,
    jwk_of,
    other,
    saying,
    signed_by,
    signed_with,
    under,
    unsigned,
)

type Family = Iterator[tuple[str, str, Forgery]]

MALFORMED, ELSEWHERE, SIGNATURE = "malformed", "not issued for this server", "signature is not that of its issuer"
UNPUBLISHED, EXPIRED, EARLY = "does not publish", "expired at", "not valid yet"
ROLES = f"{NAMESPACE}roles"
FUTURE = 2**33
"""In the year 2242."""
NO_TIMES: tuple[object, ...] = (
    None,
    "now",
    "9999999999",
    True,
    False,
    [],
    {},
    1.5,
    9e9,
    -1,
    10**40,
    2**36,
    math.inf,
    math.nan,
)

SHAPES = {
    "empty": "",
    "a word": "nonsense",
    "two parts": "a.b",
    "four parts": "a.b.c.d",
    "five parts": "a.b.c.d.e",
    "dots": "..",
    "null": "null",
    "a blank": "a.b.c d",
    "an accent": "é.é.é",
    "a line break": "a.b\n.c",
    "a NUL": "a.b.\x00",
    "half a surrogate pair": "\ud800.a.b",
    "JSON": '{"payload":"e30","signatures":[]}',
    "one letter a part": "a.a.a",
    "too long": "a" * 8193,
    "too long in three parts": f"{'a' * 4000}.{'a' * 4000}.{'a' * 4000}",
}
DAMAGES: dict[str, tuple[str, Callable[[str, str, str], str]]] = {
    "without header": (MALFORMED, lambda h, p, s: f".{p}.{s}"),
    "without payload": (MALFORMED, lambda h, p, s: f"{h}..{s}"),
    "without signature": (MALFORMED, lambda h, p, s: f"{h}.{p}."),
    "without signature and dot": (MALFORMED, lambda h, p, s: f"{h}.{p}"),
    "cut in half": (MALFORMED, lambda h, p, s: f"{h}.{p}"[: len(h) + len(p) // 2]),
    "signature four bytes short": (SIGNATURE, lambda h, p, s: f"{h}.{p}.{s[:336]}"),
    "half a signature": (SIGNATURE, lambda h, p, s: f"{h}.{p}.{s[:172]}"),
    "signature of one byte": (SIGNATURE, lambda h, p, s: f"{h}.{p}.AA"),
    "signature twice": (SIGNATURE, lambda h, p, s: f"{h}.{p}.{s[:340]}{s[:340]}"),
    "signature of zeros": (SIGNATURE, lambda h, p, s: f"{h}.{p}.{'A' * 342}"),
    "signature too long": (MALFORMED, lambda h, p, s: f"{h}.{p}.{'A' * 2000}"),
    "first letter of the signature": (SIGNATURE, lambda h, p, s: f"{h}.{p}.{other(s[0])}{s[1:]}"),
    "middle letter of the signature": (SIGNATURE, lambda h, p, s: f"{h}.{p}.{s[:170]}{other(s[170])}{s[171:]}"),
    "last letter spelt otherwise": (MALFORMED, lambda h, p, s: f"{h}.{p}.{s[:-1]}{chr(ord(s[-1]) + 1)}"),
    "padded": (MALFORMED, lambda h, p, s: f"{h}.{p}.{s}=="),
    "a star among the letters": (MALFORMED, lambda h, p, s: f"{h}.{p}.{s[:9]}*{s[9:]}"),
    "plus and slash": (MALFORMED, lambda h, p, s: f"{h}.{p}.{s[:-2]}+/"),
    "a dot behind": (MALFORMED, lambda h, p, s: f"{h}.{p}.{s}."),
    "parts turned round": (MALFORMED, lambda h, p, s: f"{s}.{p}.{h}"),
    "payload as header": (MALFORMED, lambda h, p, s: f"{p}.{p}.{s}"),
    "upper case": (MALFORMED, lambda h, p, s: f"{h}.{p}.{s}".upper()),
    "another subject": (SIGNATURE, lambda h, p, s: f"{h}.{altered(p, sub='auth0|boss')}.{s}"),
    "another role": (SIGNATURE, lambda h, p, s: f"{h}.{altered(p, **{ROLES: ['ADMIN']})}.{s}"),
    "a longer life": (SIGNATURE, lambda h, p, s: f"{h}.{altered(p, exp=FUTURE)}.{s}"),
    "another type": (SIGNATURE, lambda h, p, s: f"{altered(h, typ='at+jwt')}.{p}.{s}"),
}
ALGORITHMS = ("none", "None", "NONE", "nOnE", "", "rs256", "RS256 ", "RS256\x00", "HS256", "PS256", "ES256", "EdDSA")
HEADERS: dict[str, tuple[object, ...]] = {
    "alg": (None, 256, True, ["RS256"], {"RS256": 1}, "RS512", "none"),
    "crit": (["b64"], [], ["exp"], 5, "exp", None, [[1]], {}, True),
    "b64": (False, True, 0),
    "jwk": (5, {}),
    "typ": (5, None, [], "", "JWE", "logout+jwt", "secevent+jwt", "JWT "),
    "kid": (None, 5, True, [], ["key-1"], {"key-1": 1}, "", " key-1", "k" * 256, "kéy", "key-1\x00", "key\n1"),
    "cty": ("JWT",),
    "enc": ("A256GCM",),
    "zip": ("DEF",),
}
UNKNOWN_KEYS = ("key-999", "../../etc/passwd", "' OR 1=1 --", "KEY-1")
EVIL: dict[str, object] = {"jku": "https://evil.example/jwks.json", "x5u": "https://evil.example/x", "x5c": ["MIIB"]}
JSONS = {
    "no JSON": b"nonsense",
    "a list": b'["alg"]',
    "a text": b'"alg"',
    "a number": b"5",
    "null": b"null",
    "true": b"true",
    "no member": b"{}",
    "half an object": b'{"alg":"RS256"',
    "a comma too many": b'{"alg":"RS256",}',
    "a byte order mark": b'\xef\xbb\xbf{"alg":"RS256"}',
    "no UTF-8": b'{"alg":"\xff"}',
    "UTF-16": '{"alg":"RS256"}'.encode("utf-16"),
    "a deep list": b"[" * 2500 + b"]" * 2500,
    "deep in an object": b'{"alg":' + b"[" * 2500 + b"]" * 2500 + b"}",
    "a number past all floats": b'{"alg":1e999}',
    "a number of 5,000 digits": b'{"exp":' + b"9" * 5000 + b"}",
    "two objects": b'{"alg":"RS256"}{}',
}
ISSUERS: dict[str, Callable[[str], str]] = {
    "without slash": lambda url: url.rstrip("/"),
    "with two": lambda url: f"{url}/",
    "in upper case": lambda url: url.upper(),
    "with https": lambda url: url.replace("http:", "https:"),
    "as a prefix": lambda url: f"{url}evil",
    "with a blank": lambda url: f"{url} ",
}


def shapes() -> Family:
    """Texts that are no token at all."""
    for name, text in SHAPES.items():
        yield name, MALFORMED, saying(text)


def damages() -> Family:
    """An honest token that lost or changed some of its letters."""
    for name, (said, change) in DAMAGES.items():
        yield name, said, damaged(change)
    yield "another token's signature", SIGNATURE, another_signature


def algorithms() -> Family:
    """Signed in another way, or said to be."""
    for name in ALGORITHMS:
        yield f"unsigned {name!r}", MALFORMED, unsigned(name)
    for name in ("RS384", "RS512", "PS256", "PS384"):
        yield f"its own key with {name}", MALFORMED, signed_with(name)
    yield "ES256", MALFORMED, signed_with("ES256", ECKey.generate_key("P-256"))
    for name, digest in (("HS256", "sha256"), ("HS384", "sha384"), ("HS512", "sha512")):
        yield f"public key in PEM as secret of {name}", MALFORMED, confused(name, digest, pem=True)
        yield f"public key in DER as secret of {name}", MALFORMED, confused(name, digest, pem=False)


def headers() -> Family:
    """Signed by the issuer under a header that asks for something else."""
    for name, values in HEADERS.items():
        for value in values:
            yield f"{name} is {shown(value)}", MALFORMED, headed({name: value})
    for text in UNKNOWN_KEYS:
        yield f"unknown kid {text}", UNPUBLISHED, headed({"kid": text})
    yield "no alg", MALFORMED, under(b'{"kid":"key-1"}')
    yield "no kid", MALFORMED, under(b'{"alg":"RS256"}')
    for name, head in JSONS.items():
        yield f"header: {name}", MALFORMED, under(head)
    yield "header: two kids", MALFORMED, under(b'{"alg":"RS256","kid":"evil","kid":"key-1"}')
    yield "header: two algs", MALFORMED, under(b'{"alg":"none","alg":"RS256","kid":"key-1"}')


def strangers() -> Family:
    """Signed by somebody else, or with keys that the issuer publishes for something else."""
    yield "stranger", SIGNATURE, headed({}, by=STRANGER)
    yield "stranger's jwk", MALFORMED, headed({"jwk": jwk_of(STRANGER, "own")}, by=STRANGER)
    for name, value in EVIL.items():
        yield f"stranger's {name}", MALFORMED, headed({name: value}, by=STRANGER)
    for kid in STRANGE_KEYS:
        yield f"key {kid}", UNPUBLISHED, signed_by(kid)
    yield "key that was taken back", UNPUBLISHED, signed_by("revoked")


def claims() -> Family:
    """Signed by the issuer, but not for us, not now or not for anybody."""
    ours = AUDIENCE
    yield from wrong("sub", MALFORMED, ("", None, 7, True, [], ["auth0|ana"], {"a": 1}, "x" * 256, " ", "ana "))
    yield from wrong("sub", MALFORMED, ("a\nb", "a\x00b", "\ud800", "ána", "😀"))
    yield from wrong("iss", ELSEWHERE, ("https://evil.example/", "", 5, True, ["x"], {"iss": 1}, None))
    for name, change in ISSUERS.items():
        yield f"iss {name}", ELSEWHERE, issued_by(change)
    yield from wrong("aud", ELSEWHERE, ("elsewhere", "", [], ["elsewhere"], f"{ours}/", ours[:-1], ours.upper(), "*"))
    yield from wrong("aud", MALFORMED, (None, 5, True, {ours: 1}, [ours, 5], [[ours]], [None, ours]))
    yield from wrong("azp", MALFORMED, (5, True, [], ["client"], {"client": 1}))
    yield from wrong("exp", EXPIRED, (0, 1, 1_700_000_000))
    yield from wrong("exp", MALFORMED, NO_TIMES)
    for name in ("nbf", "iat"):
        yield from wrong(name, EARLY, (FUTURE,))
        yield from wrong(name, MALFORMED, NO_TIMES[1:])
    yield from wrong(ROLES, MALFORMED, ("ADMIN", 5, True, {"ADMIN": True}, [5], ["MEMBER", None], [["ADMIN"]]))


def payloads() -> Family:
    """Signed by the issuer over what is no set of claims."""
    for name, text in JSONS.items():
        yield f"payload: {name}", MALFORMED, holding(text)
    for name in ("sub", "exp", "aud", ROLES):
        yield f"payload: two of {name}", MALFORMED, doubled(name)


def wrong(name: str, said: str, values: Iterable[object]) -> Family:
    for value in values:
        yield f"{name} is {shown(value)}", said, changed(name, value)


def shown(value: object) -> str:
    """Short and ASCII, as the name of a test."""
    return ascii(value)[:40]


FORGERIES: dict[str, tuple[str, Forgery]] = {
    name: (said, forge)
    for family in (shapes, damages, algorithms, headers, strangers, claims, payloads)
    for name, said, forge in family()
}
