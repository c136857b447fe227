"""Signed tokens (JSON Web Tokens) as BigBlueButton and balancers make them: one key, hashed with SHA-2."""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from bbb_client.errors import Forged

LENGTH_LIMIT = 8192
SKEW = timedelta(seconds=60)
"""How far two servers' clocks may be apart (pitfall 22)."""


class Kind(StrEnum):
    """The algorithms that are accepted (sections 4.2 and 4.3); `none` and all others are refused.

    BigBlueButton has one for each kind of callback, and balancers sign again with another. The sender may choose:
    all three need the shared secret, and none of them takes a public key.
    """

    HS256 = "HS256"
    HS384 = "HS384"
    HS512 = "HS512"


_HASHES = {Kind.HS256: hashlib.sha256, Kind.HS384: hashlib.sha384, Kind.HS512: hashlib.sha512}


def claims_of(token: str, secret: str, now: datetime | None = None) -> Mapping[str, Any]:
    """Give the claims of a genuine token; raises Forged, and ValueError for an empty secret.

    An expiry is checked if there is one, against `now` (aware; default: the present), with a minute of grace.
    """
    head, claims, signature = _parts(token)
    signed = token.rpartition(".")[0].encode()
    expected = hmac.new(key_of(secret), signed, _hash_of(_object(head))).digest()
    if not hmac.compare_digest(expected, signature):
        raise Forged("the token's signature is wrong")
    found = _object(claims)
    _check_expiry(found.get("exp"), now or datetime.now(UTC))
    return found


def _hash_of(head: Mapping[str, Any]) -> Callable[..., Any]:
    """Give the hash that the head of a token names, as it must be written: by RFC 7515, case counts."""
    kind = head.get("alg")
    # What stands in `crit` must be understood, and nothing there is.
    if not isinstance(kind, str) or kind not in set(Kind) or "crit" in head:
        raise Forged("the token is not signed as it should be")
    return _HASHES[Kind(kind)]


def key_of(secret: str) -> bytes:
    """Turn a secret into a key, without spaces around it; raises ValueError for none, which anybody could use."""
    key = secret.strip().encode()
    if not key:
        raise ValueError("a callback cannot be checked without the shared secret")
    return key


def _parts(token: str) -> list[bytes]:
    """Split and decode the three parts of a token."""
    parts = token.split(".") if len(token) <= LENGTH_LIMIT else []
    if len(parts) != len(("head", "claims", "signature")):
        raise Forged("not a token")
    try:
        return [base64.b64decode(f"{part}{'=' * (-len(part) % 4)}", b"-_", validate=True) for part in parts]
    except (binascii.Error, ValueError):
        raise Forged("not a token") from None


def _object(part: bytes) -> dict[str, Any]:
    """Read a part of a token, which is a JSON object."""
    try:
        found = json.loads(part)
    except (ValueError, RecursionError):
        raise Forged("not a token") from None
    if not isinstance(found, dict):
        raise Forged("not a token")
    return found


def _check_expiry(expiry: object, now: datetime) -> None:
    """Refuse a token whose time is over, or whose expiry (Unix seconds) is no number."""
    if expiry is None:
        return
    if isinstance(expiry, bool) or not isinstance(expiry, int | float):
        raise Forged("the token's expiry is no number")
    if not (now - SKEW).timestamp() < expiry:  # this way round, not-a-number is refused too
        raise Forged("the token has expired")
