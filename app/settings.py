"""Every setting, one class. Names are those of the environment and of `.env`; `.env.example` lists them all."""

import re
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import unquote, urlsplit

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_settings import SettingsConfigDict

from app.addresses import ENGINES, bracketed, check_engine, check_issuer, check_web, is_loopback
from app.foundation import Foundation
from domain.crashes import planned_in
from domain.members import Admission

MEM0_HOST = "api.mem0.ai"
FAKE_KEY = "m0-trial"
"""Of the Mem0 Cloud that `frontier up --fake-cloud` starts: it takes any."""


class BadSettings(Exception):
    """What is wrong and what to do, in one line."""


class Settings(Foundation):
    """Read from arguments, then the environment, then `.env`. An empty value means the default."""

    model_config = SettingsConfigDict(
        env_file=".env",
        env_ignore_empty=True,
        frozen=True,
        hide_input_in_errors=True,
        validate_default=True,
    )

    redis_url: str = Field(
        default="", repr=False, description="Empty: the Redis that `frontier up` starts. redis://..."
    )
    graph_url: str = Field(
        default="",
        repr=False,
        description="Empty: the FalkorDB that `frontier up` starts. falkordb://... or bolt://...",
    )
    memory_url: str = Field(
        default="",
        repr=False,
        description="Empty: Mem0 in process, vectors in that FalkorDB; postgresql://: pgvector; mem0://: Mem0 Cloud.",
    )
    mem0_api_key: SecretStr | None = Field(
        default=None, description="Of Mem0 Cloud, for MEMORY_URL=mem0://; the URL may hold it instead."
    )
    openai_api_key: SecretStr | None = Field(
        default=None, description="Empty: the built-in answerer; a key: the model below."
    )
    openai_base_url: str = Field(
        default="https://api.openai.com/v1", description="The server; any other that speaks the OpenAI protocol."
    )
    openai_model: str = Field(default="gpt-4o-mini", description="The model that answers when there is a key.")
    openai_small_model: str = Field(
        default="", description="The model that answers when the main one fails; empty: the built-in answerer does."
    )
    llm_first_seconds: float = Field(
        default=10.0, gt=0, le=3600, description="How long a model may take to its first words, all retries included."
    )
    llm_seconds: float = Field(default=30.0, gt=0, le=3600, description="How long a model's whole answer may take.")
    search_seconds: float = Field(
        default=10.0, gt=0, le=3600, description="How long one read of graph or memory index may take in all."
    )
    sync_seconds: float = Field(
        default=120.0, gt=0, le=3600, description="How long one write to graph or memory index may take in all."
    )
    breaker_seconds: float = Field(
        default=2.0,
        gt=0,
        le=3600,
        description="How long an engine that fails is left alone before one call tries it again.",
    )
    free_mib: int = Field(
        default=256, ge=0, description="MiB that stay free on the disk of the data folder: below, uploads are refused."
    )
    metrics: Literal["loopback", "all"] = Field(
        default="loopback", description="Who may read /metrics: loopback: this machine; all: whoever reaches the port."
    )
    worker_port: int = Field(
        default=0, ge=0, le=65535, description="Port on HOST for the worker's own health and metrics; 0: none."
    )
    embeddings: Literal["local", "openai"] = Field(
        default="local", description="local: MiniLM on this machine; openai: the model below, at OPENAI_BASE_URL."
    )
    openai_embedding_model: str = Field(default="text-embedding-3-small", description="The model of EMBEDDINGS=openai.")
    openai_embedding_dimensions: int = Field(
        default=1536, ge=16, le=2000, description="Floats of its vectors; 2000 is the most that pgvector indexes."
    )
    ner: Literal["spacy", "gemini"] = Field(
        default="spacy",
        description="spacy: named entities found on this machine; gemini: by Google's, spaCy if it fails.",
    )
    gemini_api_key: SecretStr | None = Field(default=None, description="For NER=gemini.")
    gemini_model: str = Field(default="gemini-2.5-flash", description="The model that names entities.")
    gemini_base_url: str = Field(
        default="https://generativelanguage.googleapis.com", description="The server; its scheme says whether TLS."
    )
    auth: Literal["local", "auth0"] = Field(
        default="local",
        description="local: tokens of `frontier token`, signed with a key here; auth0: those of the tenant below.",
    )
    auth0_domain: str = Field(
        default="", description="The tenant's domain, tenant.eu.auth0.com, or its issuer's URL; needed with AUTH=auth0."
    )
    auth0_audience: str = Field(
        default="", description="The API's identifier in the tenant, `aud` of its tokens; needed with AUTH=auth0."
    )
    auth0_namespace: str = Field(
        default="https://frontier/",
        min_length=1,
        description="What the names of custom claims begin with: roles are read from this + `roles`.",
    )
    blobs: Literal["disk"] = Field(default="disk", description="disk: uploaded files in the data folder.")
    admission: Admission = Field(  # type: ignore[assignment]  # never None: _admits fills it in
        default=None,
        description="open: a newcomer has weight 1; approve: it waits for an ADMIN. "
        "Empty: open with AUTH=local, approve with auth0, so that logins do not make votes.",
    )
    profile: Literal["demo", "deployment"] = Field(
        default="demo",
        description="demo: votes may begin and end at once; deployment: a day of discussion, a sponsor and a day of "
        "voting at least. Read when the DAO is founded.",
    )
    public: bool = Field(
        default=False, description="true: anybody reads the ERC-4824 documents and the view for Snapshot's clients."
    )
    introspection: bool = Field(  # type: ignore[assignment]  # never None: _serves fills it in
        default=None,
        description="true: clients may read the schema, and errors suggest its names. Empty: true with AUTH=local and "
        "PROFILE=demo, else false.",
    )
    trusted_documents: Path | None = Field(
        default=None, description="A manifest of GraphQL documents; no other runs then. Empty: any, and APQ."
    )
    operation_seconds: float = Field(default=30.0, gt=0, le=3600, description="How long a query or mutation may take.")
    rate_member: int = Field(  # type: ignore[assignment]  # never None: _serves fills it in
        default=None,
        ge=0,
        description="Operations a minute of one member; 0: no limit. Empty: 0 with AUTH=local, else 1200.",
    )
    rate_address: int = Field(  # type: ignore[assignment]  # never None: _serves fills it in
        default=None,
        ge=0,
        description="Operations a minute from one address; 0: no limit. Empty: 0 with AUTH=local, else 6000.",
    )
    sockets_member: int = Field(
        default=1000, ge=1, description="WebSockets and GraphQL streams of one member at one process."
    )
    crash_at: str = Field(
        default="",
        description="For tests: where a process kills itself, point:n for the n-th pass, several separated by commas; "
        "docs/consistency.md lists the points.",
    )

    @model_validator(mode="before")
    @classmethod
    def _admits(cls, given: dict[str, Any]) -> dict[str, Any]:
        usual = Admission.APPROVE if given.get("auth") == "auth0" else Admission.OPEN
        return {"admission": usual, **given}

    @model_validator(mode="before")
    @classmethod
    def _serves(cls, given: dict[str, Any]) -> dict[str, Any]:
        """On loopback nothing is kept from whom develops; a server for others protects itself."""
        is_local = given.get("auth", "local") == "local"
        usual = {
            "introspection": is_local and given.get("profile", "demo") == "demo",
            "rate_member": 0 if is_local else 1_200,
            "rate_address": 0 if is_local else 6_000,
        }
        return {**usual, **given}

    @field_validator("log_level", mode="before")
    @classmethod
    def _lowercase(cls, value: object) -> object:
        return value.lower() if isinstance(value, str) else value

    @field_validator("database_url", "redis_url", "graph_url", "memory_url")
    @classmethod
    def _is_an_engine(cls, url: str, info: ValidationInfo) -> str:
        if url:
            check_engine(url, ENGINES[info.field_name or ""])
        return url

    @field_validator("openai_base_url", "gemini_base_url")
    @classmethod
    def _is_on_the_web(cls, url: str) -> str:
        check_web(url)
        return url

    @field_validator("mem0_api_key", "openai_api_key", "gemini_api_key")
    @classmethod
    def _fits_a_header(cls, key: SecretStr | None) -> SecretStr | None:
        if key and not re.fullmatch(r"[\x21-\x7e]+", key.get_secret_value()):
            raise ValueError("a key has neither blanks, line ends nor letters beyond ASCII: copy it again")
        return key

    @field_validator("crash_at")
    @classmethod
    def _names_points(cls, text: str) -> str:
        planned_in(text)
        return text

    @field_validator("auth0_domain")
    @classmethod
    def _is_an_issuer(cls, domain: str) -> str:
        """A domain alone, or an issuer's URL: `iss` is compared with it letter by letter."""
        if domain:
            check_issuer(domain if "://" in domain else f"https://{domain}")
        return domain

    @model_validator(mode="after")
    def _knows_its_issuer(self) -> Self:
        if self.auth == "auth0":
            for name in ("auth0_domain", "auth0_audience"):
                if not getattr(self, name):
                    raise ValueError(f"AUTH=auth0 needs {name.upper()}: docs/howto/auth0.md says where it stands.")
        return self

    @model_validator(mode="after")
    def _has_keys(self) -> Self:
        if self.embeddings == "openai" and self.openai_api_key is None:
            raise ValueError("EMBEDDINGS=openai needs OPENAI_API_KEY")
        if self.ner == "gemini" and self.gemini_api_key is None:
            raise ValueError("NER=gemini needs GEMINI_API_KEY")
        return self

    @model_validator(mode="after")
    def _has_a_key_for_mem0(self) -> Self:
        if urlsplit(self.memory_url).scheme == "mem0" and not self.mem0_account[0]:
            raise ValueError("MEMORY_URL=mem0:// needs MEM0_API_KEY, or the key in the URL: mem0://KEY@api.mem0.ai")
        return self

    @model_validator(mode="after")
    def _stays_on_loopback(self) -> Self:
        if self.auth == "local" and not is_loopback(self.host):
            raise ValueError(f"AUTH=local serves on loopback only: set HOST=127.0.0.1, not {self.host}")
        return self

    @property
    def needs_embedded_server(self) -> bool:
        """Whether `frontier up` has to start the embedded Redis and FalkorDB."""
        return not (self.redis_url and self.graph_url and self.memory_url)

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite+aiosqlite:///{self.data_dir.absolute() / 'frontier.db'}"

    @property
    def redis(self) -> str:
        return self.redis_url or self._embedded("redis")

    @property
    def graph(self) -> str:
        return self.graph_url or self._embedded("falkordb")

    @property
    def memory(self) -> str:
        if self.memory_url:
            return self.memory_url
        if self.fake_cloud_file.exists():
            return f"mem0://{FAKE_KEY}@127.0.0.1:{int(self.fake_cloud_file.read_text())}"
        return self._embedded("falkordb")

    @property
    def mem0_account(self) -> tuple[str, str]:
        """Key and address of Mem0 Cloud, an empty key if there is none. TLS, but for a server on loopback."""
        url = urlsplit(self.memory)
        given = self.mem0_api_key.get_secret_value() if self.mem0_api_key else ""
        host = url.hostname or MEM0_HOST
        scheme = "http" if is_loopback(host) else "https"
        port = f":{url.port}" if url.port else ""
        return unquote(url.username or "") or given, f"{scheme}://{bracketed(host)}{port}"

    @property
    def address_file(self) -> Path:
        """Where `frontier up` writes the URL it serves on."""
        return self.data_dir / "address"

    @property
    def address(self) -> str:
        """The URL of the API: where `frontier up` serves from this folder, else where it would."""
        if self.address_file.exists():
            return self.address_file.read_text().strip()
        return f"http://{bracketed(self.host)}:{self.port}"

    @property
    def auth0_issuer(self) -> str:
        """`iss` of its tokens; Auth0's ends with a slash."""
        url = self.auth0_domain if "://" in self.auth0_domain else f"https://{self.auth0_domain}"
        return f"{url.rstrip('/')}/"

    @property
    def auth0_keys(self) -> str:
        """Where the issuer publishes its keys."""
        return f"{self.auth0_issuer}.well-known/jwks.json"

    def _embedded(self, scheme: str) -> str:
        try:
            return f"{scheme}://127.0.0.1:{int(self.port_file.read_text())}"
        except FileNotFoundError:
            raise BadSettings(
                f"The embedded Redis of {self.data_dir} is not running: start `frontier up`, or set REDIS_URL."
            ) from None
        except ValueError:
            raise BadSettings(f"{self.port_file} holds no port: delete it and start `frontier up`.") from None


def load_settings(**given: Any) -> Settings:  # noqa: ANN401  # any field of Settings
    """The settings, with `given` before environment and `.env`; what is None in it is left out. Raises BadSettings."""
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        raise BadSettings("; ".join(_line(problem["loc"], problem["msg"]) for problem in error.errors())) from None


def _line(where: tuple[int | str, ...], message: str) -> str:
    name = ".".join(map(str, where)).upper()
    message = message.removeprefix("Value error, ")
    if message == "Extra inputs are not permitted":
        message = "is no setting: .env.example names them all"
    return f"{name}: {message}" if name else message
