"""Policies: rules of the DAO in words, in force for a period, each version a row of its own."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.pages import Page, Slice


@dataclass(frozen=True, slots=True)
class Policy:
    """In force in [in_force_from, in_force_to). `replaces_id` is the version before it."""

    id: int
    title: str
    body: str
    version: int
    in_force_from: datetime
    in_force_to: datetime | None
    enacted_by_id: int | None
    replaces_id: int | None
    topic_ids: tuple[int, ...]
    transaction_id: str

    def in_force(self, *, at: datetime) -> bool:
        return self.in_force_from <= at and (self.in_force_to is None or at < self.in_force_to)


class Policies(Protocol):
    """Policies inside one transaction."""

    def locked(self, policy_id: int) -> Policy | None:
        """The policy, held until the transaction ends."""

    def enact(self, policy: Policy) -> Policy:
        """A new row; `policy.id` is not read."""

    def close(self, policy: Policy, *, at: datetime) -> None:
        """No longer in force from `at` on."""


class PolicyReads(Protocol):
    async def by_ids(self, ids: list[int]) -> dict[int, Policy]: ...

    async def of_topics(self, topic_ids: list[int], *, at: datetime) -> dict[int, list[Policy]]:
        """Those in force, by topic."""

    async def page(self, wanted: Slice, *, at: datetime, topic_id: int | None = None) -> Page[Policy]:
        """Those in force at a moment, by title."""
