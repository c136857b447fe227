"""What a provider tells of a person only when asked: as JSON, or signed (OpenID Connect Core 1.0, 5.3)."""

from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from app import clock
from app.organisations.sign_in_errors import Hint, WentWrongError, Why
from app.organisations.signatures import Key, signed_claims

OK = 200
REFUSED = {401, 403}
LEEWAY = 60
PARTS = 3


async def ask_userinfo(
    http: httpx.AsyncClient,
    address: str,
    access_token: str,
    *,
    keys: Sequence[Key],
    algorithms: Sequence[str],
    issuers: set[str],
    client_id: str,
) -> Mapping[str, Any]:
    """What it says there. Raises WentWrongError, OutsideError."""
    headers = {"authorization": f"Bearer {access_token}", "accept": "application/json, application/jwt"}
    answer = await http.get(address, headers=headers)
    if answer.status_code in REFUSED:
        raise WentWrongError(Why.USERINFO, Hint.REFUSED, f"HTTP {answer.status_code}")
    if answer.status_code != OK:
        raise WentWrongError(Why.USERINFO, Hint.STATUS, f"HTTP {answer.status_code}")
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    text = answer.text.strip()
    if kind == "application/jwt" or (text.startswith("ey") and text.count(".") >= PARTS - 1):
        return _signed(text, keys, algorithms, issuers, client_id)
    try:
        found = answer.json()
    except (ValueError, RecursionError):
        raise WentWrongError(Why.USERINFO, Hint.NOT_JSON, kind) from None
    if not isinstance(found, dict):
        raise WentWrongError(Why.USERINFO, Hint.NOT_JSON, kind)
    return found


def _signed(
    text: str, keys: Sequence[Key], algorithms: Sequence[str], issuers: set[str], client_id: str
) -> Mapping[str, Any]:
    """What is signed is of this provider, for this site, and not over."""
    try:
        claims = signed_claims(text, keys, algorithms).claims
    except WentWrongError as error:
        raise WentWrongError(Why.USERINFO, error.hint, error.fact) from error
    audience = claims.get("aud", client_id)
    if "iss" in claims and claims["iss"] not in issuers:
        raise WentWrongError(Why.USERINFO, Hint.ISSUER, str(claims["iss"]))
    if client_id not in (audience if isinstance(audience, list) else [audience]):
        raise WentWrongError(Why.USERINFO, Hint.AUDIENCE, str(audience))
    end = claims.get("exp")
    if end is not None and not (isinstance(end, (int, float)) and end + LEEWAY > clock.now().timestamp()):
        raise WentWrongError(Why.USERINFO, Hint.EXPIRED)
    return claims
