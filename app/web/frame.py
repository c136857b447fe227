"""What stands around every answer: security headers, the browser's cookie, one log line without secrets."""

import asyncio
import secrets
import time
from http.cookies import SimpleCookie

import structlog
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.addresses import accept_private
from app.live import Switchboard
from app.settings import Settings
from app.web.browser import YEAR, cookie_name

# No form and no callback needs more: a description is a thousand characters.
LARGEST_BODY = 64_000
# A list of a thousand hosts, a logo.
LARGEST_UPLOAD = 300_000
# A file of payments has 5 MB at most; the form around it is not much. `app.web.csrf` refuses by what a form says of
# its own length, this by what really comes.
LARGEST_FILE = 6_000_000
PAYMENTS = "/ledger/imports"
# What BBB reports of a meeting of hundreds is larger; its route looks who asks before it reads.
LARGEST_REPORT = 4_000_000

# In the scope of a request that asked for the headers only and is answered like GET.
HEAD = "guildhall.head"

log = structlog.get_logger()


def security_headers(settings: Settings) -> dict[str, str]:
    """The same for every answer. Nothing inline, nothing from another host, no frame around us."""
    forms = " ".join(["'self'", *settings.bbb_origins])
    headers = {
        "content-security-policy": (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
            f"manifest-src 'self'; form-action {forms}; frame-ancestors 'none'; base-uri 'none'"
        ),
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        # A room's address is a key to it: no other host learns where its visitors came from.
        "referrer-policy": "same-origin",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "permissions-policy": "camera=(), microphone=(), geolocation=(), browsing-topics=()",
    }
    if settings.secure:
        headers["strict-transport-security"] = "max-age=31536000; includeSubDomains"
    return headers


class Frame:
    """ASGI middleware around the whole site."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.settings = settings
        self.headers = security_headers(settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()
        # Our own, and no other's: what a browser sends is not to end up in every line of the log.
        request_id = scope.setdefault("state", {})["request_id"] = secrets.token_hex(8)
        accept_private(on=self.settings.private_addresses)
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        status = 500
        has_begun = False
        size = 0
        largest = largest_body(scope["path"])

        async def receive_some() -> Message:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            if size > largest:
                # Answered as a page by `app.web.errors`, before more of it fills memory or disk.
                raise HTTPException(413)
            return message

        async def send_framed(message: Message) -> None:
            nonlocal status, has_begun
            if message["type"] == "http.response.start":
                status, has_begun = message["status"], True
                self._dress(MutableHeaders(scope=message), scope)
            await send(message)

        if scope["method"] == "HEAD":
            scope = {**scope, "method": "GET", HEAD: True}
            send = _headers_only(send)
        try:
            await self.app(scope, receive_some, send_framed)
        except asyncio.CancelledError:
            if not _is_closing(scope):
                raise
            # The process stops and has waited for this one as long as it may.
            log.warning("request.cut_off", route=_route(scope))
            if not has_begun:
                await _turn_away(send_framed)
        finally:
            self._log(scope, status, began)

    def _dress(self, headers: MutableHeaders, scope: Scope) -> None:
        for name, value in self.headers.items():
            headers.setdefault(name, value)
        headers.setdefault("cache-control", "private, no-cache")
        headers["x-request-id"] = scope["state"]["request_id"]
        if _is_closing(scope):
            # Who holds the connection open asks somebody else next time.
            headers["connection"] = "close"
        if scope["state"].get("new_browser"):
            headers.append("set-cookie", self._browser_cookie(scope["state"]["browser_id"]))

    def _browser_cookie(self, value: str) -> str:
        cookie: SimpleCookie = SimpleCookie()
        name = cookie_name(self.settings, "browser")
        cookie[name] = value
        for key, setting in {"max-age": str(YEAR), "path": "/", "samesite": "lax", "httponly": "yes"}.items():
            cookie[name][key] = setting
        if self.settings.secure:
            cookie[name]["secure"] = "yes"
        return cookie[name].OutputString()

    def _log(self, scope: Scope, status: int, began: float) -> None:
        route = scope.get("route")
        if scope["path"].startswith("/static/"):
            return
        # The route's pattern, never the path or the query: those carry tokens and signed addresses.
        log.info(
            "request",
            method="HEAD" if HEAD in scope else scope["method"],
            route=getattr(route, "path", "?"),
            status=status,
            ms=round((time.perf_counter() - began) * 1000, 1),
        )


def _headers_only(send: Send) -> Send:
    """What HEAD gets: the answer to GET without its body, whatever route gives it."""
    complete = False

    async def send_headers(message: Message) -> None:
        nonlocal complete
        if message["type"] == "http.response.start":
            await send(message)
        elif not complete:
            complete = True
            await send({"type": "http.response.body", "body": b""})

    return send_headers


def _is_closing(scope: Scope) -> bool:
    switchboard: Switchboard = scope["app"].state.switchboard
    return switchboard.is_closing


def _route(scope: Scope) -> str:
    """The route's pattern, never the path or the query: those carry tokens and signed addresses."""
    return str(getattr(scope.get("route"), "path", "?"))


async def _turn_away(send: Send) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"retry-after", b"1")]
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    await send({"type": "http.response.body", "body": b"This server is being restarted. Send it again.\n"})


def largest_body(path: str) -> int:
    """How many bytes may be sent to a path; the proxy has to let them through (deploy/nginx.conf, Caddyfile)."""
    if path.startswith("/callbacks/") and path.endswith("/analytics"):
        return LARGEST_REPORT
    if path == PAYMENTS:
        return LARGEST_FILE
    is_upload = path.startswith("/organisations/") and path.endswith(
        ("/invitations", "/send", "/change", "/logo")
    )
    return LARGEST_UPLOAD if is_upload else LARGEST_BODY
