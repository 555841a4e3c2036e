"""The environment: where Tierline runs. `TIERLINE_…`, nested with `__`; any of them also as a file:
`TIERLINE_DATABASE__URL_FILE` names a file that holds the value, for secrets mounted as files.

What the business decides stands in the workflow file (`shared/policy`), never here. Settings are read
once, in a composition root, and passed down as values.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)


class ConfigurationError(ValueError):
    """Tierline cannot run as it is told to; the message names the setting, never its value."""


class Section(BaseModel):
    """A nested group of settings; unknown names are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class DatabaseSettings(Section):
    """PostgreSQL. `url` is libpq style (`postgresql://user:pw@host/db`); a host that begins with `/`
    (or `?host=/dir`) is a socket folder.
    """

    url: SecretStr = Field(
        default=SecretStr("postgresql://localhost/tierline"), description="libpq style"
    )
    pool_size: int = Field(default=10, ge=2, description="connections a process")


class KafkaSecurity(Section):
    """How to speak to a broker that does not trust everybody."""

    protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        default="PLAINTEXT", description="PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL"
    )
    mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] | None = Field(
        default=None, description="PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512"
    )
    username: str | None = Field(default=None, description="of SASL")
    password: SecretStr | None = Field(default=None, description="of SASL")
    ca_file: Path | None = Field(default=None, description="certificates the broker is trusted by")


class KafkaSettings(Section):
    """The broker."""

    bootstrap_servers: str = Field(
        default="localhost:9092", description="host:port, comma-separated"
    )
    topic_prefix: str = Field(default="", description="before every topic and consumer group")
    idempotence: bool = Field(default=True, description="idempotent producer")
    fetch_max_wait_ms: int = Field(default=250, ge=1, description="floor of deadline lateness")
    compression: Literal["none", "gzip"] = Field(default="gzip", description="none or gzip")
    volatile: bool = Field(default=False, description="the broker forgets: rebuild topics at start")
    session_timeout_ms: int = Field(
        default=10_000, ge=1000, description="a member silent so long loses its partitions"
    )
    max_poll_interval_ms: int = Field(
        default=60_000, ge=1000, description="a batch may take 80 % of it"
    )
    request_timeout_seconds: float = Field(
        default=3.0, gt=0, description="limit of every broker call"
    )
    security: KafkaSecurity = KafkaSecurity()


class ConsumerSettings(Section):
    """The batch consumer."""

    max_records: int = Field(default=500, ge=1, description="batch size")
    stall_seconds: float = Field(default=60.0, gt=0, description="progress watchdog")


class DeadLetterSettings(Section):
    """When a consumer must stop instead of parking more."""

    max_in_a_row: int = Field(default=5, ge=1, description="more halt the consumer")
    max_ratio: float = Field(default=0.01, gt=0, le=1, description="over 10 minutes; more halts it")
    keep_days: int = Field(default=30, ge=1, description="released ones are kept so long")


class OutboxSettings(Section):
    """How long published events are kept for a rebuild."""

    keep_days: int = Field(default=7, ge=1, description="what a rebuild can send again")


class ApiKey(Section):
    """A caller: the SHA-256 (hex) of its key and what it may do."""

    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    scopes: frozenset[str]


#: Calls in a time, such as 600/minute.
Rate = Annotated[str, Field(pattern="^[1-9][0-9]{0,8}/(second|minute|hour|day)$")]


class HttpSettings(Section):
    """The HTTP server."""

    host: str = Field(default="127.0.0.1", description="address to listen on")
    port: int = Field(default=8080, ge=0, le=65535, description="one a service")
    max_body_bytes: int = Field(default=1024 * 1024, ge=1024, description="413 above it")
    max_concurrency: int = Field(default=512, ge=1, description="503 with Retry-After above it")
    max_bytes_in_hand: int = Field(
        default=32 * 1024 * 1024, ge=1024 * 1024, description="of all bodies; 503 above it"
    )
    head_seconds: float = Field(
        default=10.0, gt=0, description="a caller has for a request's headers; 408 after it"
    )
    body_seconds: float = Field(
        default=30.0, gt=0, description="a caller has for a body; 408 after it"
    )
    rate: Rate | None = Field(
        default=None, description="calls of one API key, such as 600/minute; 429 above it"
    )


class LogSettings(Section):
    """Logs go to stdout."""

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="DEBUG, INFO, WARNING or ERROR"
    )
    format: Literal["json", "text"] = Field(default="json", description="json or text")


class OtelSettings(Section):
    """Traces (docs/traces.md). The standard OTEL_… variables hold as well."""

    endpoint: str | None = Field(
        default=None,
        pattern="^https?://",
        description="a collector's OTLP/HTTP address, such as http://collector:4318; none: no traces",
    )


#: Settings that are file names themselves.
_FILES: Final = ("workflow_file", "ca_file")


class _EnvironmentOrFile(EnvSettingsSource):
    """The environment, in which `NAME_FILE` stands for `NAME` with the file's content."""

    def _load_env_vars(self) -> Mapping[str, str | None]:
        found = dict(super()._load_env_vars())
        named = {name: path for name, path in found.items() if path and _names_a_file(name)}
        for name, path in named.items():
            found.setdefault(name.removesuffix("_file"), _content(Path(path)))
        return {name: value for name, value in found.items() if name not in named}


def named(environment: Mapping[str, str], variable: str) -> str | None:
    """What `environment` says for `variable`, itself or in the file that `variable`_FILE names.

    Raises SettingsFileError when that file cannot be read.
    """
    path = environment.get(f"{variable}_FILE")
    return environment.get(variable) or (_content(Path(path)) if path else None)


def _names_a_file(variable: str) -> bool:
    ours = variable.startswith("tierline_") and variable.endswith("_file")
    return ours and not variable.endswith(_FILES)


def _content(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError as error:
        raise SettingsFileError(f"{path}: {error.strerror}") from error


class SettingsFileError(ConfigurationError):
    """A file that a setting stands in cannot be read."""


class ServiceSettings(BaseSettings):
    """What every service needs; each service's `config.py` adds its own section."""

    model_config = SettingsConfigDict(
        env_prefix="TIERLINE_",
        env_nested_delimiter="__",
        nested_model_default_partial_update=True,
        frozen=True,
        extra="ignore",
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Values given in code, then the environment; nothing else."""
        del env_settings, dotenv_settings, file_secret_settings
        return init_settings, _EnvironmentOrFile(settings_cls)

    database: DatabaseSettings = DatabaseSettings()
    kafka: KafkaSettings = KafkaSettings()
    consumer: ConsumerSettings = ConsumerSettings()
    dead_letters: DeadLetterSettings = DeadLetterSettings()
    outbox: OutboxSettings = OutboxSettings()
    http: HttpSettings = HttpSettings()
    log: LogSettings = LogSettings()
    otel: OtelSettings = OtelSettings()
    api_keys: dict[str, ApiKey] = Field(default_factory=dict, description="callers by name")
    key_store: Path | None = Field(
        default=None, description="the file that `tierline keys` edits; read again when it changes"
    )
    workflow_file: Path | None = Field(default=None, description="default: the packaged workflow")


S = TypeVar("S", bound=ServiceSettings)


def read(kind: type[S]) -> S:
    """The settings of the environment. Raises ConfigurationError, which names every wrong variable."""
    try:
        return kind()
    except ValidationError as error:
        told = "; ".join(f"{_variable(e['loc'])}: {e['msg']}" for e in error.errors())
        raise ConfigurationError(told) from None
    except SettingsError as error:
        raise ConfigurationError(f"{str(error).partition(' from source')[0]}: not JSON") from None


def _variable(place: tuple[int | str, ...]) -> str:
    return "TIERLINE_" + "__".join(str(part).upper() for part in place)
