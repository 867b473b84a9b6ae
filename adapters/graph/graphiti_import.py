"""Graphiti as a guest: imported without its side effects."""

import os
import warnings
from types import ModuleType


def imported_driver() -> ModuleType:
    """Our driver module, with Graphiti behind it: one to two seconds the first time, and about 120 MB.

    Graphiti reads a .env of the working directory into our environment and tells its makers about each start; both off.
    """
    os.environ.setdefault("GRAPHITI_TELEMETRY_ENABLED", "false")
    before = os.environ.get("PYTHON_DOTENV_DISABLED")
    os.environ["PYTHON_DOTENV_DISABLED"] = "1"
    try:
        with warnings.catch_warnings():
            # Graphiti 0.31.1 still writes `class Config` in its SearchInterface; only its own import may warn so.
            warnings.filterwarnings("ignore", message="Support for class-based `config`", category=DeprecationWarning)
            from adapters.graph import falkordb_driver
    finally:
        _restore("PYTHON_DOTENV_DISABLED", before)
    return falkordb_driver


def _restore(name: str, value: str | None) -> None:
    if value is None:
        os.environ.pop(name, None)
    else:
        os.environ[name] = value
