"""Policy topics: tags of documents and proposals."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from domain.members import Viewer
from domain.pages import Page, Slice


@dataclass(frozen=True, slots=True)
class PolicyTopic:
    id: int
    title: str


def topic_key(title: str) -> str:
    """What two spellings of one topic share: case, width and punctuation do not count."""
    text = unicodedata.normalize("NFKC", title).casefold()
    return " ".join(re.findall(r"\w+", text))


class Topics(Protocol):
    """Topics inside one transaction."""

    def ensure(self, titles: Sequence[str]) -> tuple[int, ...]:
        """Their ids, made where they are new; the first spelling stays."""


class TopicReads(Protocol):
    """Topics of what the viewer may read: others' titles would tell what private documents are about."""

    async def by_ids(self, viewer: Viewer, ids: list[int]) -> dict[int, PolicyTopic]: ...
    async def page(self, viewer: Viewer, wanted: Slice) -> Page[PolicyTopic]: ...

    async def all_by_ids(self, ids: list[int]) -> dict[int, PolicyTopic]:
        """For projections only."""
