"""The API that the Python client speaks to is that of tests/api."""

from tests.api.conftest import api, settings

__all__ = ["api", "settings"]
