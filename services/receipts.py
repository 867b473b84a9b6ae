"""Receipts: sealed after each decision, in the order of resolutions, and checked against the record."""

import asyncio
from functools import partial

from domain.crashes import passing
from domain.proposals import Proposal
from domain.receipt_forms import ReceiptFile, receipt_bytes
from domain.receipts import ReceiptReads, Sealed, Signer, Verifier, ballot_bytes, cast_of, receipt_hash
from domain.tally import CastBy
from domain.transactions import Transact, Work
from domain.verifications import Verification, checked
from domain.votes import Vote

UNSEALED = "It has no receipt yet: one is sealed some seconds after the decision."


class Receipts:
    def __init__(self, transact: Transact, reads: ReceiptReads, signer: Signer, verifier: Verifier) -> None:
        self._transact = transact
        self._reads = reads
        self._signer = signer
        self._verifier = verifier
        self._one_by_one = asyncio.Lock()

    @property
    def key(self) -> str:
        """The DAO's public key: base64url, without padding."""
        return self._signer.key

    async def seal(self) -> list[int]:
        """Seal every resolution that has no receipt yet, in the order of their seq; the ids of those sealed here.

        Harmless twice, and on several workers: what another has sealed meanwhile is left alone.
        """
        sealed: list[int] = []
        async with self._one_by_one:
            while waiting := await self._next():
                passing("seal.signed")
                if await self._transact(partial(_kept, sealed=waiting)):
                    sealed.append(waiting.resolution_id)
                    passing("seal.kept")
        return sealed

    async def _next(self) -> Sealed | None:
        """The receipt after the last one, made outside any transaction: what it holds changes no more."""
        last = await self._reads.last()
        seq, previous = (last.seq + 1, last.hash) if last else (0, None)
        resolution_id = await self._reads.resolution_at(seq)
        if resolution_id is None:
            return None
        body = await self._body(resolution_id, previous)
        signature = await asyncio.to_thread(self._signer.sign, body)
        return Sealed(resolution_id, seq, receipt_hash(body), previous, signature)

    async def verify(self, resolution_id: int) -> Verification | None:
        """Counted again from the record, and held against the hash, signature and chain that were kept, and against
        what is shown.

        None when there is no such resolution.
        """
        sealed = (await self._reads.by_resolutions([resolution_id])).get(resolution_id)
        receipt = await self._reads.receipt(resolution_id, previous=sealed.previous if sealed else None)
        if receipt is None:
            return None
        if sealed is None:
            return Verification(receipt_hash(receipt_bytes(receipt)), None, (UNSEALED,), seq=receipt.seq)
        before = await self._reads.by_seq(sealed.seq - 1)
        file, body = ReceiptFile(receipt, sealed.hash, sealed.signature, self.key), receipt_bytes(receipt)
        previous = before.hash if before else None
        found = await asyncio.to_thread(checked, file, body, self._verifier, key=self.key, previous=previous)
        return found.but(*await self._reads.departures(resolution_id))

    async def file(self, resolution_id: int) -> bytes | None:
        """receipt.json: None until it is sealed."""
        sealed = (await self._reads.by_resolutions([resolution_id])).get(resolution_id)
        receipt = await self._reads.receipt(resolution_id, previous=sealed.previous) if sealed else None
        if sealed is None or receipt is None:
            return None
        file = ReceiptFile(receipt, sealed.hash, sealed.signature, self.key)
        return await asyncio.to_thread(lambda: file.to_bytes(receipt_bytes(receipt)))

    async def resolution_at(self, seq: int) -> int | None:
        """The id of the resolution with this number."""
        return await self._reads.resolution_at(seq)

    def acknowledge(self, vote: Vote, proposal: Proposal) -> tuple[str, bytes] | None:
        """The DAO's signature over a ballot, and the canonical bytes that it signs; None for what a delegate said."""
        if vote.ballot.cast_by is CastBy.DELEGATE or proposal.salt is None:
            return None
        content = ballot_bytes(proposal, cast_of(vote, proposal.salt))
        return self._signer.sign(content), content

    async def _body(self, resolution_id: int, previous: str | None) -> bytes:
        receipt = await self._reads.receipt(resolution_id, previous=previous)
        if receipt is None:
            raise ValueError(f"Resolution {resolution_id} is gone.")
        return await asyncio.to_thread(receipt_bytes, receipt)


def _kept(work: Work, *, sealed: Sealed) -> bool:
    """Whether it is the next one still: the DAO's row is held, so that workers take turns."""
    work.daos.locked()
    last = work.receipts.last()
    if (last.seq + 1 if last else 0) != sealed.seq:
        return False
    work.receipts.add(sealed, at=work.now())
    return True
