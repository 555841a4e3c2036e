"""Whether spans are recorded, and by whom: decided once, where a process starts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from shared.settings import ConfigurationError, OtelSettings

from .spans import OFF, Tracer

#: What turns traces on, in the order in which it counts. All but the second are a collector's address, to
#: which the path is added; what else there is of OTEL_… is read by the SDK itself.
OURS: Final = "TIERLINE_OTEL__ENDPOINT"
EXACT: Final = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
STANDARD: Final = "OTEL_EXPORTER_OTLP_ENDPOINT"

_PATH: Final = "/v1/traces"

#: The one protocol the extra brings.
PROTOCOL: Final = "http/protobuf"

_PROTOCOLS: Final = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")


def tracer_of(
    settings: OtelSettings, environ: Mapping[str, str], *, service: str, version: str
) -> Tracer:
    """The tracer of a process: OFF unless an endpoint is named, by our setting or by OpenTelemetry's own.

    Raises ConfigurationError, which says what to do, when one is and the extra `otel` is not installed, or
    when another protocol or exporter is asked for than we have.
    """
    found = _endpoint(settings, environ)
    if found is None or _is_switched_off(environ):
        return OFF
    asked, url = found
    _check(environ)
    try:
        from . import otel
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            f"{asked} asks for traces, and {error.name} is not installed: "
            "`pip install 'tierline[otel]'`, or take the variable away"
        ) from error
    named = "OTEL_SERVICE_NAME" in environ or "service.name=" in environ.get(
        "OTEL_RESOURCE_ATTRIBUTES", ""
    )
    return otel.over_http(otel.resource_of(service, version, named=named), url)


def _endpoint(settings: OtelSettings, environ: Mapping[str, str]) -> tuple[str, str] | None:
    """Which variable says where spans are sent, and where that is; None where none does."""
    if settings.endpoint:
        return OURS, settings.endpoint.rstrip("/") + _PATH
    if exact := environ.get(EXACT):
        return EXACT, exact
    if base := environ.get(STANDARD):
        return STANDARD, base.rstrip("/") + _PATH
    return None


def _is_switched_off(environ: Mapping[str, str]) -> bool:
    disabled = environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"
    return disabled or environ.get("OTEL_TRACES_EXPORTER") == "none"


def _check(environ: Mapping[str, str]) -> None:
    exporter = environ.get("OTEL_TRACES_EXPORTER") or "otlp"
    if exporter != "otlp":
        raise ConfigurationError(f"OTEL_TRACES_EXPORTER: {exporter!r} is none of otlp, none")
    for name in _PROTOCOLS:
        if (environ.get(name) or PROTOCOL) != PROTOCOL:
            raise ConfigurationError(f"{name}: traces are sent as {PROTOCOL} only")
