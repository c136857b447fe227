"""Whom a request comes from: what a proxy that is believed says, and an alert if a proxy does not fit."""

from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from app.alerts import Alerts, Kind
from app.settings import LOOPBACK, Settings

FORWARDED = {b"x-forwarded-for", b"forwarded"}


class Proxies:
    """ASGI middleware around everything else: limits on tries go by the address that it finds."""

    def __init__(self, app: ASGIApp, settings: Settings, alerts: Alerts) -> None:
        # The same class that uvicorn puts there itself, were it asked to: here it also serves the tests.
        self._believe = ProxyHeadersMiddleware(app, settings.proxies)  # type: ignore[arg-type]  # two names of one type
        self._alerts = alerts
        self._host = urlsplit(settings.public_url).netloc.encode()
        self._is_public = urlsplit(settings.public_url).hostname not in LOOPBACK

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Look at one request, and hand it on."""
        if scope["type"] == "http" and scope.get("client"):
            self._look(scope, scope["client"][0])
        await self._believe(scope, receive, send)  # type: ignore[arg-type]  # as above

    def _look(self, scope: Scope, peer: str) -> None:
        names = {name for name, _ in scope["headers"]}
        if peer not in self._believe.trusted_hosts:
            if names & FORWARDED:
                self._alerts.note(Kind.PROXY, peer)
        elif self._is_public and not names & FORWARDED and (b"host", self._host) in scope["headers"]:
            # Visitors who come through it would all count as one.
            self._alerts.note(Kind.PROXY_SILENT, peer)
