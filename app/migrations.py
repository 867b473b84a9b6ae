"""Migrations of the database, through alembic."""

import os
from pathlib import Path

from app.settings import Settings

ROOT = Path(__file__).parent.parent


def migrate(settings: Settings) -> None:
    """Upgrade to the newest version. Alembic's env.py reads DATA_DIR and DATABASE_URL like everybody else."""
    from alembic import command
    from alembic.config import Config

    settings.data_dir.mkdir(parents=True, exist_ok=True)
    os.environ["DATABASE_URL"] = settings.database
    command.upgrade(Config(ROOT / "alembic.ini"), "head")
