"""What commands of several modules share."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from app.settings import Settings

data_dir_option = click.option(
    "--data-dir", type=click.Path(path_type=Path, file_okay=False), help="Folder of all data. [default: .data]"
)


def settings_of(data_dir: Path | None) -> "Settings":
    from app.settings import load_settings

    return load_settings(data_dir=data_dir)
