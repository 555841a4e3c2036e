"""The router's environment: only what every service has, with its own port."""

from __future__ import annotations

from pydantic import Field

from shared.settings import HttpSettings, ServiceSettings

PORT = 8082


class RouterHttpSettings(HttpSettings):
    """The HTTP server, on the router's port."""

    port: int = Field(default=PORT, ge=0, le=65535)


class RouterSettings(ServiceSettings):
    """Where the router runs."""

    http: RouterHttpSettings = RouterHttpSettings()
