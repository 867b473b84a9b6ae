"""What a receipt is checked for: its form, its hash, its signature, its place in the chain, and its outcome."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from domain.canonical import Misread, read
from domain.receipt_forms import ReceiptFile, receipt_bytes
from domain.receipts import Verifier, receipt_hash
from domain.recounts import mismatches

TRUSTED = "Signed by the key in the file; give the DAO's key to know that it is the DAO's."


@dataclass(frozen=True, slots=True)
class Verification:
    """`computed`: the hash of what was read, empty when it could not be read; `stored`: the hash that it claims.

    `remarks` do not make it invalid. `seq` and `previous` are the receipt's own.
    """

    computed: str
    stored: str | None
    mismatches: tuple[str, ...]
    remarks: tuple[str, ...] = ()
    seq: int | None = None
    previous: str | None = None

    @property
    def valid(self) -> bool:
        return not self.mismatches

    def but(self, *found: str) -> "Verification":
        """With more that is wrong."""
        return replace(self, mismatches=(*self.mismatches, *found))


def verify(content: bytes, verifier: Verifier, *, key: str | None = None, previous: str | None = None) -> Verification:
    """A receipt.json. Nothing in it raises; all that is wrong is a mismatch.

    `key`: the DAO's public key; without it the file's own is trusted, and a remark says so. `previous`: the hash of the
    receipt before it, if known.
    """
    try:
        file = ReceiptFile.of(read(content))
    except Misread as error:
        return Verification("", None, (str(error),))
    body = receipt_bytes(file.receipt)
    found = checked(file, body, verifier, key=key, previous=previous)
    return found.but(*_form(content, file.to_bytes(body)))


def checked(
    file: ReceiptFile, body: bytes, verifier: Verifier, *, key: str | None = None, previous: str | None = None
) -> Verification:
    """A receipt whose canonical bytes are `body`."""
    computed = receipt_hash(body)
    wrong = [*_seal(file, body, computed, verifier), *mismatches(file.receipt)]
    if key is not None and key != file.key:
        wrong.append("The receipt is signed by another key than the given one.")
    if previous is not None and previous != file.receipt.previous:
        wrong.append(f"The chain is broken: it names {file.receipt.previous} as the one before, not {previous}.")
    remarks = (TRUSTED,) if key is None else ()
    return Verification(computed, file.hash, tuple(wrong), remarks, file.receipt.seq, file.receipt.previous)


def _seal(file: ReceiptFile, body: bytes, computed: str, verifier: Verifier) -> Iterator[str]:
    if computed != file.hash:
        yield f"The hash is {file.hash}, but the receipt's is {computed}."
    if not verifier.verify(body, file.signature, file.key):
        yield "The signature is not that of the key over this receipt."


def _form(content: bytes, canonical: bytes) -> Iterator[str]:
    if content == canonical:
        return
    at = next((at for at, (one, other) in enumerate(zip(content, canonical, strict=False)) if one != other), None)
    where = min(len(content), len(canonical)) if at is None else at
    yield f"The file is not in canonical form: it departs from it at byte {where}."


def chained(files: Mapping[str, Verification]) -> dict[str, Verification]:
    """The same, in the order of their seq, each but the first held against the one before; the unreadable ones last."""
    read_ = {name: found for name, found in files.items() if found.seq is not None}
    linked: dict[str, Verification] = {}
    before: Verification | None = None
    for name, found in sorted(read_.items(), key=lambda pair: pair[1].seq or 0):
        linked[name] = found.but(*(_links(before, found) if before else ()))
        before = found
    return linked | {name: found for name, found in files.items() if found.seq is None}


def _links(before: Verification, found: Verification) -> Iterator[str]:
    expected = (before.seq or 0) + 1
    if found.seq != expected:
        yield f"The chain is broken: after seq {before.seq} comes seq {found.seq}, not {expected}."
    elif found.previous != before.computed:
        yield f"The chain is broken: it names {found.previous} as the one before, whose hash is {before.computed}."
