"""One BigBlueButton server: where it is, its secret, and how a call to it is addressed."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx

from bbb_client.errors import TooLong
from bbb_client.signing import Algorithm, encode_query, signed_query

TARGET_LIMIT = 8000
"""Bytes of path and query that pass everywhere: nginx's buffer for the request line is 8 kB (section 1.2.8)."""

_HOST = re.compile(rb"[A-Za-z0-9._:-]+")
_LIKE_THIS = "a BigBlueButton server's address looks like https://bbb.example.org/bigbluebutton/"


@dataclass(frozen=True, slots=True)
class Server:
    """A server (or balancer) and the secret it shares with us.

    `url` may be typed as people type it: with or without scheme, `/bigbluebutton`, `/api`, a slash at the end; it
    is kept as the API's address without a slash at the end. Spaces and line ends around the secret are cut off
    (`bbb-conf --secret` prints one). Raises ValueError for an address that cannot be one, and for no secret.
    """

    url: str
    secret: str = field(repr=False)
    algorithm: Algorithm = Algorithm.SHA256

    def __post_init__(self) -> None:
        object.__setattr__(self, "url", _api_address(self.url))
        object.__setattr__(self, "secret", self.secret.strip())
        if not self.secret:
            raise ValueError("a BigBlueButton server needs its shared secret")

    def address(self, call: str = "") -> str:
        """Say where a call goes, without parameters; no call is the index."""
        return f"{self.url}/{call}" if call else self.url

    def query(self, call: str, params: Mapping[str, str], *, signed: bool = True) -> str:
        """Write the query string of a call, with its checksum; raises TooLong."""
        query = signed_query(call, params, self.secret, self.algorithm) if signed else encode_query(params)
        length = len(urlsplit(self.address(call)).path) + 1 + len(query)
        if length > TARGET_LIMIT:
            raise TooLong(call, _longest(params), length, TARGET_LIMIT)
        return query


def _longest(params: Mapping[str, str]) -> str:
    """Name the parameter that takes most of the query."""
    return max(params, key=lambda name: len(encode_query({name: params[name]})), default="")


def _api_address(typed: str) -> str:
    """Turn what was typed into the address of the API."""
    typed = typed.strip()
    try:
        url = httpx.URL(typed if "://" in typed else f"https://{typed}")
    except httpx.InvalidURL:
        raise ValueError(_LIKE_THIS) from None
    _check(url)
    path = url.path.rstrip("/")
    if not path:
        path = "/bigbluebutton/api"
    elif not path.endswith("/api"):
        path += "/api"
    return str(url.copy_with(path=path))


def _check(url: httpx.URL) -> None:
    """Refuse addresses that cannot be a server's; raises ValueError that does not repeat what was typed."""
    if url.scheme not in {"http", "https"} or not _HOST.fullmatch(url.raw_host):
        raise ValueError(_LIKE_THIS)
    if url.userinfo or url.query or url.fragment:
        raise ValueError("a BigBlueButton server's address has no user name, question mark or hash sign")
