"""OpenID Connect with an organisation's provider: discovery, the way there, and a checked token that comes back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import httpx
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from authlib.oidc.discovery import get_well_known_url
from joserfc import jwt
from joserfc.errors import ClaimError, JoseError
from pydantic import BaseModel, ValidationError

from app import clock
from app.organisations.identity import Claims, Vouched, identity_of
from app.organisations.sign_in_errors import Hint, WentWrongError, Why
from app.organisations.signatures import ALGORITHMS, Key, keys_of, signed_claims
from app.organisations.trail import Step, Trail
from app.organisations.userinfo import ask_userinfo
from app.settings import Settings
from app.web.outside import OutsideError, is_askable, outside

LEEWAY = 60
OK = 200
# What is asked for at the userinfo address where the ID token does not say it.
NEEDED = ("email", "email_verified")
SHOWN = ("iss", "aud", "sub", "email", "email_verified", "preferred_username", "upn", "name")


class Metadata(BaseModel):
    """What a provider says of itself (OpenID Connect Discovery 1.0, section 3)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None = None
    # ADFS signs what it says elsewhere by another name than its ID tokens.
    access_token_issuer: str | None = None
    id_token_signing_alg_values_supported: list[str] = ["RS256"]
    token_endpoint_auth_methods_supported: list[str] = ["client_secret_basic"]
    # RFC 9207: it names itself when it sends people back.
    authorization_response_iss_parameter_supported: bool = False

    @property
    def algorithms(self) -> list[str]:
        """Those of its algorithms that are accepted here."""
        return [one for one in ALGORITHMS if one in self.id_token_signing_alg_values_supported]


@dataclass(frozen=True)
class Client:
    """Who we are to a provider, and where it sends people back to."""

    issuer: str
    client_id: str
    secret: str
    back: str
    vouched: Vouched = field(default_factory=Vouched)
    role_claim: str = ""


@dataclass(frozen=True)
class Answer:
    """What the browser brought back: a code, and the issuer that gave it, if it says so."""

    code: str
    issuer: str = ""


async def discover(settings: Settings, issuer: str) -> Metadata:
    """What the provider says of itself. Its issuer is the one that was asked for, but for a slash at its end.

    Raises WentWrongError.
    """
    try:
        async with outside(settings) as client:
            found = Metadata.model_validate(await _json(client, get_well_known_url(issuer, external=True)))
    except OutsideError as error:
        raise WentWrongError(Why.UNREACHABLE) from error
    except (ValidationError, ValueError) as error:
        raise WentWrongError(Why.NOT_A_PROVIDER) from error
    if found.issuer.rstrip("/") != issuer.rstrip("/"):
        # Entra ID for everybody: which of its tenants one means stands in the address.
        raise WentWrongError(Why.OTHER_ISSUER, Hint.TENANT if "{" in found.issuer else None, found.issuer)
    addresses = (found.authorization_endpoint, found.token_endpoint, found.jwks_uri, found.userinfo_endpoint)
    if not all(is_askable(settings, one) for one in addresses if one is not None):
        raise WentWrongError(Why.NOT_A_PROVIDER)
    if not found.algorithms:
        raise WentWrongError(Why.ALGORITHMS, fact=", ".join(found.id_token_signing_alg_values_supported))
    return found


def way_there(metadata: Metadata, client: Client, *, state: str, nonce: str, verifier: str) -> str:
    """Where the browser goes to sign in: a code comes back, which only who knows the verifier can use."""
    address: str = prepare_grant_uri(
        metadata.authorization_endpoint,
        client.client_id,
        "code",
        client.back,
        scope="openid email profile",
        state=state,
        nonce=nonce,
        code_challenge=create_s256_code_challenge(verifier),
        code_challenge_method="S256",
    )
    return address


async def claims_of(
    settings: Settings, client: Client, answer: Answer, nonce: str, verifier: str, trail: Trail
) -> Claims:
    """Who came back with this answer. Raises WentWrongError for whatever is not as it must be."""
    trail.begin(Step.DISCOVERY)
    metadata = await discover(settings, client.issuer)
    trail.note("issuer", metadata.issuer)
    names_itself = answer.issuer or metadata.authorization_response_iss_parameter_supported
    if metadata.issuer != client.issuer or (names_itself and answer.issuer != client.issuer):
        raise WentWrongError(Why.OTHER_ISSUER, fact=answer.issuer)
    try:
        async with outside(settings) as http:
            return await _claims(http, metadata, client, answer.code, nonce, verifier, trail)
    except OutsideError as error:
        raise WentWrongError(Why.UNREACHABLE) from error
    except ValueError as error:  # not JSON, or not of the right kind
        raise WentWrongError(Why.TOKEN, Hint.NOT_JSON) from error


async def _claims(
    http: httpx.AsyncClient,
    metadata: Metadata,
    client: Client,
    code: str,
    nonce: str,
    verifier: str,
    trail: Trail,
) -> Claims:
    trail.begin(Step.TOKENS)
    tokens = await _exchange(http, metadata, client, code, verifier)
    trail.begin(Step.SIGNATURE)
    keys = keys_of(await _json(http, metadata.jwks_uri))
    token = signed_claims(tokens["id_token"], keys, metadata.algorithms)
    trail.note("alg", token.header.get("alg"))
    trail.begin(Step.CLAIMS)
    trail.note_claims(token.claims, *SHOWN, *_root(client.role_claim))
    said = _checked(token, client, tokens, nonce)
    missing = [name for name in (*NEEDED, *_root(client.role_claim)) if said.get(name) is None]
    if missing and metadata.userinfo_endpoint is not None:
        trail.begin(Step.USERINFO)
        try:
            more = await _more(http, metadata, client, tokens, keys, said)
        except WentWrongError as error:
            if not _is_enough(said, client, missing) or error.hint is Hint.OTHER_PERSON:
                raise
            trail.note("", error.fact)
            trail.warn(error.hint or Hint.STATUS)
        else:
            trail.note_claims(more, *missing)
            said |= more
    trail.begin(Step.ADDRESS)
    return identity_of(said, client.vouched)


def _root(claim: str) -> tuple[str, ...]:
    """The claim that has the role, or in which it stands."""
    return (claim.partition(".")[0],) if claim else ()


def _is_enough(said: Mapping[str, Any], client: Client, missing: Sequence[str]) -> bool:
    """Whether the ID token alone says who it is, with the role: then the other address need not answer."""
    if set(missing) - set(NEEDED):
        return False
    try:
        identity_of(said, client.vouched)
    except WentWrongError:
        return False
    return True


async def _exchange(
    http: httpx.AsyncClient, metadata: Metadata, client: Client, code: str, verifier: str
) -> Mapping[str, Any]:
    """The code for the tokens (RFC 6749, 4.1.3)."""
    given = {"code": code, "code_verifier": verifier}
    methods = metadata.token_endpoint_auth_methods_supported
    if "client_secret_basic" in methods or "client_secret_post" not in methods:
        # RFC 6749, 2.3.1: both are encoded as in a form before they are put together.
        auth: Any = httpx.BasicAuth(quote(client.client_id, safe=""), quote(client.secret, safe=""))
    else:
        auth = httpx.USE_CLIENT_DEFAULT
        given |= {"client_id": client.client_id, "client_secret": client.secret}
    body = prepare_token_request("authorization_code", "", client.back, **given)
    headers = {"content-type": "application/x-www-form-urlencoded"}
    answer = await http.post(metadata.token_endpoint, content=body, headers=headers, auth=auth)
    found = _object(answer)
    fact = " ".join(str(found[name]) for name in ("error", "error_description") if name in found)
    if found.get("error") in {"invalid_client", "unauthorized_client"}:
        raise WentWrongError(Why.SECRET, fact=fact)
    if answer.status_code != OK or not isinstance(found.get("id_token"), str):
        raise WentWrongError(Why.CODE, fact=fact or f"HTTP {answer.status_code}")
    return found


def _checked(token: jwt.Token, client: Client, tokens: Mapping[str, Any], nonce: str) -> dict[str, Any]:
    """The claims of the ID token, as OpenID Connect Core 1.0, 3.1.3.7 checks them, by our clock."""
    try:
        claims = CodeIDToken(
            token.claims,
            token.header,
            {
                "iss": {"essential": True, "value": client.issuer},
                "aud": {"essential": True, "value": client.client_id},
                "sub": {"essential": True},
                "nonce": {"essential": True, "value": nonce},
            },
            {"nonce": nonce, "client_id": client.client_id, "access_token": tokens.get("access_token")},
        )
        claims.validate(now=int(clock.now().timestamp()), leeway=LEEWAY)
    except ClaimError as error:
        raise WentWrongError(Why.TOKEN, HINTS.get(error.claim, Hint.CLAIM), error.claim) from error
    except (JoseError, TypeError, KeyError, AttributeError) as error:
        raise WentWrongError(Why.TOKEN, Hint.CLAIM) from error
    return dict(claims)


HINTS = {"iss": Hint.ISSUER, "aud": Hint.AUDIENCE, "azp": Hint.AUDIENCE} | dict.fromkeys(
    ("exp", "iat", "nbf"), Hint.EXPIRED
)


async def _more(
    http: httpx.AsyncClient,
    metadata: Metadata,
    client: Client,
    tokens: Mapping[str, Any],
    keys: Sequence[Key],
    said: Mapping[str, Any],
) -> dict[str, Any]:
    """What the provider tells only when asked (3.1.2.4 there), of the same person, and nothing that it has said."""
    assert metadata.userinfo_endpoint is not None  # noqa: S101  the caller has looked
    more = await ask_userinfo(
        http,
        metadata.userinfo_endpoint,
        str(tokens.get("access_token", "")),
        keys=keys,
        algorithms=ALGORITHMS,
        issuers={client.issuer, metadata.access_token_issuer or client.issuer},
        client_id=client.client_id,
    )
    if more.get("sub") != said["sub"]:
        raise WentWrongError(Why.TOKEN, Hint.OTHER_PERSON)
    new = {name: value for name, value in more.items() if said.get(name) is None}
    if said.get("email") and more.get("email", said["email"]) != said["email"]:
        new.pop("email_verified", None)  # it speaks of another address
    return new


async def _json(http: httpx.AsyncClient, address: str) -> Any:
    answer = await http.get(address)
    if answer.status_code != OK:
        raise OutsideError("status")
    return _read(answer)


def _read(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except RecursionError:  # brackets without end
        raise ValueError("JSON") from None


def _object(answer: httpx.Response) -> Mapping[str, Any]:
    found = _read(answer)
    if not isinstance(found, dict):
        raise WentWrongError(Why.TOKEN, Hint.NOT_JSON)
    return found
