"""A small OpenID Connect provider of its own, on a real socket, with real keys; it can be told to misbehave."""

import asyncio
import base64
import contextlib
import hashlib
import hmac
import html
import json
import secrets
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from app import clock

CLIENT, SECRET = "guildhall", "between us & the provider"
RSA, EC = RSAKey.generate_key(2048, {"kid": "r1"}), ECKey.generate_key("P-256", {"kid": "e1"})


@dataclass
class Provider:
    """Everyone who comes is `person`; `twist` changes the claims, `sign` how they are signed."""

    port: int = 0
    path: str = ""
    """of its issuer: providers for many have one each"""
    person: dict[str, Any] = field(default_factory=dict)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    twist: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    sign: Callable[[dict[str, Any]], str] | None = None
    code_once: bool = True
    userinfo: dict[str, Any] | None = None
    userinfo_signed: Callable[[dict[str, Any]], str] | None = None
    userinfo_kind: str = "application/jwt"
    keys: list[dict[str, Any]] | None = None
    answers: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    asks: bool = False
    """show a page with a button first, as people know it"""
    asked: list[str] = field(default_factory=list)
    hosts: list[str] = field(default_factory=list)
    extra: list[str] = field(default_factory=list)
    """more header lines of every answer"""

    @property
    def issuer(self) -> str:
        return f"{self.base}{self.path}"

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def discovery(self) -> dict[str, Any]:
        found = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.base}/authorize",
            "token_endpoint": f"{self.base}/token",
            "jwks_uri": f"{self.base}/keys",
            "id_token_signing_alg_values_supported": ["RS256", "ES256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        }
        if self.userinfo is not None:
            found["userinfo_endpoint"] = f"{self.base}/userinfo"
        return found | self.metadata

    def token(self, asked: dict[str, str]) -> str:
        now = int(clock.now().timestamp())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "nonce": asked["nonce"],
            "email_verified": True,
        }
        claims |= self.person | self.twist
        claims = {name: value for name, value in claims.items() if value is not None}
        return self.sign(claims) if self.sign else signed(claims)

    def authorize(self, asked: dict[str, str]) -> str:
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state'], 'iss': self.issuer})}"

    def exchange(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        given = base64.b64decode(authorization.removeprefix("Basic ")).decode().split(":")
        who = [unquote(one) for one in given] if authorization else [form["client_id"], form["client_secret"]]
        if who != [CLIENT, SECRET]:
            return 401, {"error": "invalid_client"}
        asked = self.codes.pop(form["code"], None) if self.code_once else self.codes.get(form["code"])
        proof = _text(hashlib.sha256(form["code_verifier"].encode()).digest())
        if asked is None or asked["redirect_uri"] != form["redirect_uri"] or asked["code_challenge"] != proof:
            return 400, {"error": "invalid_grant"}
        return 200, {"access_token": "at", "token_type": "Bearer", "id_token": self.token(asked)}

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request, then the connection is closed."""
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, ValueError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            method, target, _ = head.split("\r\n", 1)[0].split(" ", 2)
            headers = {
                name.lower(): value
                for name, _, value in (line.partition(": ") for line in head.split("\r\n")[1:])
            }
            self.hosts.append(headers["host"])
            body = (await reader.readexactly(int(headers.get("content-length", "0")))).decode()
            status, extra, content = self._found(method, target, headers, body)
            lines = [
                f"HTTP/1.1 {status} .",
                f"content-length: {len(content)}",
                "connection: close",
                *extra,
                *self.extra,
            ]
            writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + content)
            await writer.drain()
        writer.close()

    def _found(
        self, method: str, target: str, headers: dict[str, str], body: str
    ) -> tuple[int, list[str], bytes]:
        parts = urlsplit(target)
        self.asked.append(parts.path)
        if parts.path in self.answers:
            status, content = self.answers[parts.path]
            return status, ["content-type: application/json"], content
        if parts.path == "/authorize":
            where = self.authorize(dict(parse_qsl(parts.query)))
            if not self.asks:
                return 302, [f"location: {where}"], b""
            words = f"<title>Login</title><main><a href='{html.escape(where)}'>I am {self.person['name']}</a></main>"
            return 200, ["content-type: text/html"], words.encode()
        if parts.path == "/userinfo" and self.userinfo_signed is not None:
            signed_one = self.userinfo_signed(self.userinfo or {})
            return 200, [f"content-type: {self.userinfo_kind}"], signed_one.encode()
        found: dict[str, Any] | None = {
            f"{self.path.rstrip('/')}/.well-known/openid-configuration": self.discovery,
            "/keys": lambda: {"keys": self.keys or [RSA.as_dict(private=False), EC.as_dict(private=False)]},
            "/userinfo": lambda: self.userinfo,
        }.get(parts.path, lambda: None)()
        status = 200 if found is not None else 404
        if parts.path == "/token" and method == "POST":
            status, found = self.exchange(dict(parse_qsl(body)), headers.get("authorization", ""))
        return status, ["content-type: application/json"], json.dumps(found).encode()


def signed(claims: dict[str, Any], algorithm: str = "RS256", key: Any = RSA, **header: Any) -> str:
    """A token as a provider signs it."""
    head = {"alg": algorithm, "kid": key.kid, **header}
    named = {name: value for name, value in head.items() if value is not None}
    return jwt.encode(named, claims, key, algorithms=[algorithm])


def unsigned(claims: dict[str, Any]) -> str:
    """A token that nobody signed."""
    return _packed({"alg": "none", "typ": "JWT"}, claims) + "."


def signed_with_the_public_key(claims: dict[str, Any]) -> str:
    """The oldest trick: the public key, which everyone has, as if it were a secret of both."""
    # By hand: no library does it any more.
    said = _packed({"alg": "HS256", "kid": "r1"}, claims)
    return f"{said}.{_text(hmac.digest(RSA.as_pem(private=False), said.encode(), 'sha256'))}"


def _packed(*parts: dict[str, Any]) -> str:
    return ".".join(_text(json.dumps(part).encode()) for part in parts)


def _text(some: bytes) -> str:
    return base64.urlsafe_b64encode(some).decode().rstrip("=")


@contextlib.asynccontextmanager
async def running_provider(**person: Any) -> AsyncIterator[Provider]:
    """A provider at a port of its own."""
    provider = Provider(person=person)
    server = await asyncio.start_server(provider.answer, "127.0.0.1", 0)
    provider.port = server.sockets[0].getsockname()[1]
    try:
        yield provider
    finally:
        server.close()
        await server.wait_closed()
