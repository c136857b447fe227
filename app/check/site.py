"""The site by its public address: certificate, streams that arrive at once, where visitors seem to come from."""

import json
import time
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

import httpx

from app.check.findings import Finding, look, mend, ok, words_of
from app.settings import Settings
from app.trust import trust_of
from app.web.self_check import PAUSE, check_token

SUBJECT = "Public address"
# From a block that stands in documents and nowhere else (RFC 5737): nobody really comes from there.
MADE_UP = "203.0.113.77"


@dataclass(frozen=True)
class Seen:
    """What the site told of our request, and how many seconds lay between the two parts of its answer."""

    client: str
    scheme: str
    host: str
    seconds_between: float


async def check_site(settings: Settings, transport: httpx.AsyncBaseTransport | None = None) -> list[Finding]:
    """Ask the running site from outside, as far as this machine can; `transport`: another way there, for tests."""
    url = f"{settings.public_url}/health/seen?token={check_token(settings)}"
    try:
        async with httpx.AsyncClient(timeout=10, verify=trust_of(settings), transport=transport) as client:
            seen = await _ask(client, url)
    except httpx.HTTPError as error:
        how = "Look whether `serve` runs, the proxy leads to it, and the name and certificate are those of this site."
        # httpx names the address in some of its errors: the token in it opens nothing else, and goes all the same.
        return [mend(SUBJECT, words_of(error).replace(url, settings.public_url), how)]
    if seen is None:
        how = "Another program answers there, or this one with another GUILDHALL_SECRET_KEY."
        return [mend(SUBJECT, f"{settings.public_url} is not this site", how)]
    return [
        ok(SUBJECT, f"{settings.public_url} answers"),
        _stream(seen),
        _scheme(settings, seen),
        _client(settings, seen),
    ]


async def _ask(client: httpx.AsyncClient, url: str) -> Seen | None:
    begun, told = 0.0, ""
    async with client.stream("GET", url, headers={"x-forwarded-for": MADE_UP}) as answer:
        if answer.status_code != httpx.codes.OK:
            return None
        async for line in answer.aiter_lines():
            if line.startswith(": begun"):
                begun = time.monotonic()
            elif line.startswith("data: "):
                told = line.removeprefix("data: ")
                break
    if not begun or not told:
        return None
    return Seen(**json.loads(told), seconds_between=time.monotonic() - begun)


def _stream(seen: Seen) -> Finding:
    if seen.seconds_between < PAUSE / 2:
        how = "Switch off buffering for these answers: deploy/nginx.conf and deploy/Caddyfile show how."
        return mend("Streams", "the proxy keeps answers back, so pages do not follow by themselves", how)
    return ok("Streams", "arrive at once")


def _scheme(settings: Settings, seen: Seen) -> Finding:
    wanted = urlsplit(settings.public_url).scheme
    if seen.scheme != wanted:
        how = "Let the proxy send X-Forwarded-Proto, and name its address in GUILDHALL_PROXIES."
        return mend("Forwarded scheme", f"the site believes it is reached by {seen.scheme}", how)
    return ok("Forwarded scheme", seen.scheme)


def _client(settings: Settings, seen: Seen) -> Finding:
    subject = "Forwarded address"
    if seen.client == MADE_UP:
        how = (
            "Let the proxy set X-Forwarded-For itself (nginx: $proxy_add_x_forwarded_for), and name the proxy alone "
            "in GUILDHALL_PROXIES."
        )
        return mend(subject, "anybody can claim to come from anywhere", how)
    if _is_ours(seen.client, settings.proxies):
        if urlsplit(settings.public_url).hostname in {"127.0.0.1", "localhost", "::1"}:
            return ok(subject, f"{seen.client}: no proxy stands before this address")
        how = (
            "If this is the proxy's address, all visitors count as one: name it in GUILDHALL_PROXIES, and let it "
            "send X-Forwarded-For. From the site's own machine this can be right: ask from another one."
        )
        return look(subject, f"we seem to come from {seen.client}", how)
    return ok(subject, f"we seem to come from {seen.client}")


def _is_ours(client: str, proxies: str) -> bool:
    """Whether this is an address of a proxy, or of a machine or container of our own."""
    try:
        address = ip_address(client)
        if not address.is_global:
            return True
        return any(address in ip_network(part.strip(), strict=False) for part in proxies.split(","))
    except ValueError:
        return True
