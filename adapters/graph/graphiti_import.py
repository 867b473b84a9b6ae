"""Graphiti as a guest: imported without its side effects."""

import os
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType

IMPORTING = threading.Lock()


def imported(name: str) -> ModuleType:
    """A driver module of ours, with Graphiti behind it: one to two seconds the first time, and about 120 MB.

    Graphiti reads a .env of the working directory into our environment and tells its makers about each start; both off.
    """
    os.environ.setdefault("GRAPHITI_TELEMETRY_ENABLED", "false")
    with as_guest("PYTHON_DOTENV_DISABLED", "1"):
        # Graphiti 0.31.1 still writes `class Config` in its SearchInterface; only its own import may warn so.
        warnings.filterwarnings("ignore", message="Support for class-based `config`", category=DeprecationWarning)
        return import_module(f"adapters.graph.{name}")


@contextmanager
def as_guest(name: str, value: str) -> Iterator[None]:
    """An import with this variable, whose changes to the filters of warnings are taken back: one at a time, because
    filters belong to the process and Mem0's import, in another thread, would put its own before ours."""
    with IMPORTING, environment(name, value), warnings.catch_warnings():
        yield


@contextmanager
def environment(name: str, value: str) -> Iterator[None]:
    """A variable for as long as an import lasts."""
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        os.environ.pop(name)
        if before is not None:
            os.environ[name] = before
