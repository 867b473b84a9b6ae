"""Mem0 as a guest: imported without its side effects."""

import os
import tempfile
from importlib import import_module
from types import ModuleType

from adapters.graph.graphiti_import import as_guest


def imported(name: str) -> ModuleType:
    """Our module of that name, with Mem0 behind it: one to two seconds the first time, and about 60 MB.

    Mem0 reports to its makers unless told otherwise, writes an id into the home directory at its import (into a folder
    that is gone afterwards, here) and downloads a spaCy model with the first text: it is told that this has failed.
    """
    os.environ["MEM0_TELEMETRY"] = "False"
    with tempfile.TemporaryDirectory() as folder, as_guest("MEM0_DIR", folder):
        from mem0.utils import spacy_models

        module = import_module(f"adapters.memory.{name}")
    spacy_models._load_failed_full = spacy_models._load_failed_lemma = True
    return module
