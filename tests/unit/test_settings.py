from pathlib import Path

import pytest

from adapters.sql.pooling import Pooling
from app.addresses import is_loopback
from app.settings import BadSettings, load_settings
from domain.members import Admission


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No .env but what a test writes."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_defaults_are_embedded_and_on_loopback(empty_folder: Path) -> None:
    settings = load_settings()
    assert settings.database == f"sqlite+aiosqlite:///{empty_folder}/.data/frontier.db"
    assert (settings.host, settings.port, settings.admission) == ("127.0.0.1", 8000, Admission.OPEN)
    assert settings.needs_embedded_server


def test_embedded_urls_follow_the_port_that_up_wrote(empty_folder: Path) -> None:
    settings = load_settings(data_dir=empty_folder)
    settings.port_file.write_text("7001\n")
    assert settings.redis == "redis://127.0.0.1:7001"
    assert settings.graph == settings.memory == "falkordb://127.0.0.1:7001"


def test_embedded_redis_that_does_not_run_says_how_to_start_it(empty_folder: Path) -> None:
    with pytest.raises(BadSettings, match="start `frontier up`, or set REDIS_URL"):
        _ = load_settings(data_dir=empty_folder).redis


def test_option_wins_over_environment_and_environment_over_file(
    empty_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (empty_folder / ".env").write_text("PORT=1111\nLOG_LEVEL=WARNING\nOPENAI_MODEL=\n")
    monkeypatch.setenv("PORT", "2222")
    settings = load_settings()
    assert (settings.port, settings.log_level, settings.openai_model) == (2222, "warning", "gpt-4o-mini")
    assert load_settings(port=3333).port == 3333


def test_origins_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CORS_ORIGINS", "https://a.example, https://b.example")
    assert load_settings().cors_origins == ("https://a.example", "https://b.example")


@pytest.mark.parametrize("url", ["postgresql+asyncpg://localhost/frontier", "postgresql+asyncpg://ana@localhost/x"])
def test_server_without_credentials_is_refused(url: str) -> None:
    with pytest.raises(BadSettings) as refused:
        load_settings(database_url=url)
    assert str(refused.value) == (
        "DATABASE_URL: give the credentials in the URL: postgresql+asyncpg://user:password@host/..."
    )


@pytest.mark.parametrize(
    ("url", "account"),
    [
        ("mem0://", ("m0-env", "https://api.mem0.ai")),
        ("mem0://m0-url%2F@mem0.example:8443", ("m0-url/", "https://mem0.example:8443")),
        ("mem0://m0-url@127.0.0.1:8103", ("m0-url", "http://127.0.0.1:8103")),
        ("mem0://m0-url@[::1]:8103", ("m0-url", "http://[::1]:8103")),
        ("mem0://127.0.0.1.example", ("m0-env", "https://127.0.0.1.example")),
    ],
)
def test_mem0_cloud_is_plain_on_loopback_only(url: str, account: tuple[str, str]) -> None:
    assert load_settings(memory_url=url, mem0_api_key="m0-env").mem0_account == account


@pytest.mark.parametrize("url", ["mem0://", "mem0://api.mem0.ai"])
def test_mem0_cloud_without_a_key_is_refused(url: str) -> None:
    with pytest.raises(BadSettings, match="MEMORY_URL=mem0:// needs MEM0_API_KEY"):
        load_settings(memory_url=url)


@pytest.mark.parametrize(
    ("given", "lacks"), [({"ner": "gemini"}, "GEMINI_API_KEY"), ({"embeddings": "openai"}, "OPENAI")]
)
def test_paid_engines_without_their_key_are_refused(given: dict[str, str], lacks: str) -> None:
    with pytest.raises(BadSettings, match=f"needs {lacks}"):
        load_settings(**given)


def test_the_cloud_for_trying_is_found_by_its_port(empty_folder: Path) -> None:
    settings = load_settings(data_dir=empty_folder)
    settings.fake_cloud_file.write_text("8103\n")
    assert settings.memory == "mem0://m0-trial@127.0.0.1:8103"
    assert load_settings(data_dir=empty_folder, memory_url="falkordb://h").memory == "falkordb://h"


def test_unknown_setting_in_the_file_is_refused(empty_folder: Path) -> None:
    (empty_folder / ".env").write_text("REDDIS_URL=redis://127.0.0.1\n")
    with pytest.raises(BadSettings, match=r"REDDIS_URL: is no setting: \.env\.example names them all"):
        load_settings()


def test_local_tokens_stay_on_loopback() -> None:
    with pytest.raises(BadSettings, match="AUTH=local serves on loopback only"):
        load_settings(host="0.0.0.0")  # noqa: S104  # that it is refused is the point


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "[::1]", "localhost"])
def test_loopback_is_known(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.4", "localhost.example", ""])  # noqa: S104  # refused
def test_network_is_not_loopback(host: str) -> None:
    assert not is_loopback(host)


def test_secrets_do_not_show() -> None:
    shown = repr(load_settings(openai_api_key="sk-secret", database_url="postgresql+asyncpg://ana:hidden@h/x"))
    assert "sk-secret" not in shown
    assert "hidden" not in shown


def test_bad_value_is_named_and_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "hunter2")
    with pytest.raises(BadSettings) as refused:
        load_settings()
    assert str(refused.value) == "PORT: Input should be a valid integer, unable to parse string as an integer"


AUTH0 = {"auth": "auth0", "auth0_domain": "tenant.eu.auth0.com", "auth0_audience": "https://api.example"}


@pytest.mark.parametrize(
    "domain", ["tenant.eu.auth0.com", "https://tenant.eu.auth0.com", "https://tenant.eu.auth0.com/"]
)
def test_issuer_of_a_domain_ends_with_a_slash(domain: str) -> None:
    settings = load_settings(**AUTH0 | {"auth0_domain": domain})
    assert settings.auth0_issuer == "https://tenant.eu.auth0.com/"
    assert settings.auth0_keys == "https://tenant.eu.auth0.com/.well-known/jwks.json"


@pytest.mark.parametrize("domain", ["http://127.0.0.1:8102/", "http://localhost:8102", "http://[::1]:8102/"])
def test_issuer_on_loopback_may_be_http(domain: str) -> None:
    assert load_settings(**AUTH0 | {"auth0_domain": domain}).auth0_issuer == f"{domain.rstrip('/')}/"


@pytest.mark.parametrize(
    ("domain", "said"),
    [
        ("http://tenant.eu.auth0.com", "must be https"),
        ("ftp://tenant.eu.auth0.com", "must be https"),
        ("https://", "give a domain"),
        ("https://tenant.eu.auth0.com/path", "give a domain"),
        ("tenant.eu.auth0.com/?a=1", "give a domain"),
        ("tenant.eu.auth0.com#a", "give a domain"),
        ("user:password@tenant.eu.auth0.com", "without a user name"),
        ("tenant eu", "blanks"),
    ],
)
def test_issuer_that_is_none_is_refused_by_name(domain: str, said: str) -> None:
    with pytest.raises(BadSettings) as refused:
        load_settings(**AUTH0 | {"auth0_domain": domain})
    assert str(refused.value).startswith("AUTH0_DOMAIN: ")
    assert said in str(refused.value)


@pytest.mark.parametrize("name", ["auth0_domain", "auth0_audience"])
def test_auth0_without_its_settings_names_what_is_missing(name: str) -> None:
    with pytest.raises(BadSettings, match=f"^AUTH=auth0 needs {name.upper()}: docs/howto/auth0.md"):
        load_settings(**{key: value for key, value in AUTH0.items() if key != name})


def test_newcomers_wait_with_auth0_unless_the_setting_says_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings(**AUTH0).admission is Admission.APPROVE
    assert load_settings(**AUTH0, admission="open").admission is Admission.OPEN
    assert load_settings(admission="approve").admission is Admission.APPROVE
    monkeypatch.setenv("ADMISSION", "")
    assert load_settings(**AUTH0).admission is Admission.APPROVE


def test_auth0_may_serve_the_network() -> None:
    assert load_settings(**AUTH0, host="0.0.0.0").host == "0.0.0.0"  # noqa: S104  # that it may is the point


def test_connections_to_postgres_are_as_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"POOL": "4", "OVERFLOW": "2", "POOL_SECONDS": "1.5", "CONNECT_SECONDS": "2"}.items():
        monkeypatch.setenv(f"DATABASE_{name}", value)
    pooling = load_settings(database_statement_seconds=20).pooling
    assert pooling == Pooling(4, 2, wait_seconds=1.5, connect_seconds=2.0, statement_seconds=20.0)


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("database_pool", 0, "greater than or equal to 1"),
        ("database_overflow", 201, "less than or equal to 200"),
        ("database_pool_seconds", 0, "greater than 0"),
        ("database_connect_seconds", 61, "less than or equal to 60"),
        ("database_statement_seconds", 0.5, "greater than or equal to 1"),
    ],
)
def test_connections_to_postgres_have_bounds(name: str, value: float, why: str) -> None:
    with pytest.raises(BadSettings) as refused:
        load_settings(**{name: value})
    assert str(refused.value) == f"{name.upper()}: Input should be {why}"


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        ("database_url", "postgres://ana:x@h/x", "give a URL of sqlite+aiosqlite or postgresql+asyncpg; not postgres"),
        (
            "database_url",
            "frontier.db",
            "give a URL of sqlite+aiosqlite or postgresql+asyncpg; not one without",
        ),
        ("database_url", "postgresql+asyncpg://ana:x@h:port/x", "the port must be a number from 1 to 65535"),
        ("database_url", "postgresql+asyncpg://ana:x@h/x?sslmode=require", "asyncpg knows ?ssl=require, not ?sslmode="),
        ("database_url", "sqlite+aiosqlite://", "name a file, with three slashes before its path"),
        ("database_url", "sqlite+aiosqlite:///:memory:", "name a file, with three slashes before its path"),
        ("database_url", "sqlite+aiosqlite://folder/x.db", "name a file, with three slashes before its path"),
        ("redis_url", "127.0.0.1:6379", "give a URL of redis or rediss; not one without a scheme"),
        ("redis_url", "unix:///tmp/redis.sock", "give a URL of redis or rediss; not unix"),
        ("redis_url", "redis://h:70000", "the port must be a number from 1 to 65535"),
        ("redis_url", "redis://h/cache", "give the database by its number: redis://host:port/0"),
        ("graph_url", "http://h:7474", "give a URL of falkordb or bolt or bolt+s"),
        ("graph_url", "bolt://h", "give the credentials in the URL: bolt://user:password@host/..."),
        ("graph_url", "falkordb://", "name the host: falkordb://host:port"),
        ("graph_url", "falkordb://[::1:6379", "Invalid IPv6 URL"),
        ("memory_url", "redis://h", "give a URL of falkordb or postgresql or mem0; not redis"),
        ("memory_url", "mem0://k@h:0", "the port must be a number from 1 to 65535"),
        ("openai_base_url", "api.openai.com", "give a URL of http or https, such as https://host/v1"),
        ("gemini_base_url", "ftp://h", "give a URL of http or https, such as https://host/v1"),
        ("openai_api_key", "sk-x\n", "a key has neither blanks, line ends nor letters beyond ASCII: copy it again"),
        ("cors_origins", "app.example", "give origins such as https://app.example, or *; not app.example"),
        ("cors_origins", "https://app.example/", "give origins such as https://app.example, or *; not https://app"),
        ("search_seconds", "inf", "Input should be less than or equal to 3600"),
        ("data_dir", "/etc/hosts", "/etc/hosts is no folder: name one, or one that can be made"),
    ],
)
def test_setting_that_nothing_could_be_made_of_is_refused(setting: str, value: str, said: str) -> None:
    with pytest.raises(BadSettings) as refused:
        load_settings(**{setting: value})
    assert str(refused.value).startswith(f"{setting.upper()}: {said}")


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("database_url", "postgresql+asyncpg://ana:x@[::1]:5432/x?ssl=require"),
        ("redis_url", "redis://"),
        ("redis_url", "rediss://:secret@h:6380/3"),
        ("graph_url", "neo4j+s://neo4j:x@h"),
        ("cors_origins", "*"),
    ],
)
def test_setting_of_an_unusual_form_is_taken(setting: str, value: str) -> None:
    taken = getattr(load_settings(**{setting: value}), setting)
    assert taken == (("*",) if setting == "cors_origins" else value)
