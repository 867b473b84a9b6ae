"""The first of the settings: where a process keeps its data and serves, and how it reaches its database."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, NoDecode

from adapters.sql.pooling import Pooling
from app.addresses import check_origin


class Foundation(BaseSettings):
    """Part of `Settings`, which reads them."""

    data_dir: Path = Field(
        default=Path(".data"), description="Folder of the database, the files, the key and the engines."
    )
    host: str = Field(default="127.0.0.1", description="Address to serve on; AUTH=local allows loopback only.")
    port: int = Field(default=8000, ge=1, le=65535, description="Port to serve on.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="How much is logged.")
    cors_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="Origins of other sites whose pages may call the API, separated by commas."
    )
    database_url: str = Field(
        default="", repr=False, description="Empty: SQLite in the data folder. postgresql+asyncpg://..."
    )
    database_pool: int = Field(default=10, ge=1, le=200, description="Connections to Postgres that a process keeps.")
    database_overflow: int = Field(
        default=0, ge=0, le=200, description="Further ones while all of them are busy, closed after use."
    )
    database_pool_seconds: float = Field(
        default=10.0, gt=0, le=60, description="How long an operation waits for a free connection."
    )
    database_connect_seconds: float = Field(
        default=5.0, gt=0, le=60, description="How long connecting to Postgres may take."
    )
    database_statement_seconds: float = Field(
        default=15.0, ge=1, le=600, description="How long one statement may take, waiting for locks included."
    )

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(filter(None, map(str.strip, value.split(",")))) if isinstance(value, str) else value

    @field_validator("cors_origins")
    @classmethod
    def _are_origins(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        for origin in origins:
            check_origin(origin)
        return origins

    @field_validator("data_dir")
    @classmethod
    def _is_a_folder(cls, path: Path) -> Path:
        if path.exists() and not path.is_dir():
            raise ValueError(f"{path} is no folder: name one, or one that can be made")
        return path

    @property
    def pooling(self) -> Pooling:
        return Pooling(
            self.database_pool,
            self.database_overflow,
            wait_seconds=self.database_pool_seconds,
            connect_seconds=self.database_connect_seconds,
            statement_seconds=self.database_statement_seconds,
        )

    @property
    def fake_cloud_file(self) -> Path:
        """Where `frontier up --fake-cloud` writes the port of the Mem0 Cloud for trying."""
        return self.data_dir / "mem0.port"

    @property
    def embedded_folder(self) -> Path:
        return self.data_dir / "redis"

    @property
    def port_file(self) -> Path:
        """Where `frontier up` writes the embedded server's port."""
        return self.data_dir / "redis.port"

    @property
    def seeded_file(self) -> Path:
        """Stands when the demo DAO was planted from this folder, so that a warm start need not look."""
        return self.data_dir / "seeded"

    @property
    def token_key(self) -> Path:
        return self.data_dir / "token.key"

    @property
    def receipt_key(self) -> Path:
        """The DAO's private key: it signs ballots' acknowledgements and receipts."""
        return self.data_dir / "dao.key"

    @property
    def blob_folder(self) -> Path:
        return self.data_dir / "blobs"
