"""Receipts from outside: which one somebody means, and whether the DAO's key is the one that signed them."""

import asyncio
from pathlib import Path

from adapters.auth.ed25519 import Ed25519Signer, Ed25519Verifier
from app.settings import BadSettings
from domain.receipt_forms import receipt_bytes
from domain.receipts import Receipt, ReceiptReads, Sealed, receipt_hash
from schema.ids import row_id
from services.receipts import Receipts

REMEDY = "put the DAO's key back from a backup, or mount the data folder that has it"


async def resolution_of(receipts: Receipts, given: str) -> int | None:
    """None when there is no resolution with this number. Raises BadInput for what is neither number nor id."""
    if given.isascii() and given.isdigit() and len(given) < 10:
        return await receipts.resolution_at(int(given))
    return row_id("Resolution", given, "id")


async def check_key(path: Path, reads: ReceiptReads) -> str | None:
    """The public key in `path`, held against the newest receipt; None while there is neither.

    Before a signer is made, for that makes a key where there is none: with another key no receipt before is the DAO's
    any more. A receipt that was changed in the record proves nothing here; `verifyResolution` finds it. Raises
    BadSettings, BadInput.
    """
    newest = await reads.last()
    receipt = await reads.receipt(newest.resolution_id, previous=newest.previous) if newest else None
    return await asyncio.to_thread(_checked, path, newest, receipt)


def _checked(path: Path, newest: Sealed | None, receipt: Receipt | None) -> str | None:
    if not path.exists():
        if newest is None:
            return None
        raise BadSettings(f"{path} is missing, and receipts up to {newest.seq} are signed with it: {REMEDY}.")
    key = Ed25519Signer(path).key
    body = receipt_bytes(receipt) if receipt else b""
    if newest is None or receipt_hash(body) != newest.hash:
        return key
    if not Ed25519Verifier().verify(body, newest.signature, key):
        raise BadSettings(f"{path} is not the key that signed receipt {newest.seq}: {REMEDY}.")
    return key
