"""OpenID Connect with an organisation's provider: discovery, the way there, and a checked token that comes back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import quote

import httpx
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from authlib.oidc.discovery import get_well_known_url
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, OctKey, OKPKey, RSAKey
from pydantic import BaseModel, TypeAdapter, ValidationError

from app import clock
from app.accounts.schemas import Address
from app.settings import Settings
from app.web.outside import OutsideError, is_askable, outside

# What providers sign with. Never "none", and never a key that both sides know.
ALGORITHMS = ("RS256", "ES256")
LEEWAY = 60
LEAST_BITS = 2048
OK = 200
LONGEST = 255
ADDRESS = TypeAdapter(Address)


class Why(StrEnum):
    """What did not go as it should. `WORDS` in `sign_in_words` says it to people."""

    UNREACHABLE = "unreachable"
    NOT_A_PROVIDER = "not_a_provider"
    OTHER_ISSUER = "other_issuer"
    ALGORITHMS = "algorithms"
    SECRET = "secret"  # noqa: S105  what is wrong, not what is secret
    CODE = "code"
    TOKEN = "token"  # noqa: S105  the same
    DENIED = "denied"
    OVER = "over"
    NO_ADDRESS = "no_address"
    UNVERIFIED = "unverified"
    OTHER_DOMAIN = "other_domain"


class WentWrongError(Exception):
    """The provider, or what it says, cannot be used."""

    def __init__(self, why: Why) -> None:
        self.why = why
        super().__init__(why)


class Metadata(BaseModel):
    """What a provider says of itself (OpenID Connect Discovery 1.0, section 3)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None = None
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


@dataclass(frozen=True)
class Answer:
    """What the browser brought back: a code, and the issuer that gave it, if it says so."""

    code: str
    issuer: str = ""


@dataclass(frozen=True)
class Claims:
    """Who it is, as the provider says and we have checked."""

    subject: str
    email: str
    name: str
    said: Mapping[str, Any]

    def values(self, claim: str) -> set[str]:
        """The values of a claim, one or a list; `realm_access.roles` looks into a claim of claims."""
        found: Any = self.said.get(claim)
        if found is None and "." in claim:
            found = self.said
            for part in claim.split("."):
                found = found.get(part) if isinstance(found, Mapping) else None
        return {str(one) for one in (found if isinstance(found, list) else [found]) if one is not None}


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
        raise WentWrongError(Why.OTHER_ISSUER)
    addresses = (found.authorization_endpoint, found.token_endpoint, found.jwks_uri, found.userinfo_endpoint)
    if not all(is_askable(settings, one) for one in addresses if one is not None):
        raise WentWrongError(Why.NOT_A_PROVIDER)
    if not found.algorithms:
        raise WentWrongError(Why.ALGORITHMS)
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


async def claims_of(settings: Settings, client: Client, answer: Answer, nonce: str, verifier: str) -> Claims:
    """Who came back with this answer. Raises WentWrongError for whatever is not as it must be."""
    metadata = await discover(settings, client.issuer)
    names_itself = answer.issuer or metadata.authorization_response_iss_parameter_supported
    if metadata.issuer != client.issuer or (names_itself and answer.issuer != client.issuer):
        raise WentWrongError(Why.OTHER_ISSUER)
    try:
        async with outside(settings) as http:
            tokens = await _exchange(http, metadata, client, answer.code, verifier)
            keys = await _json(http, metadata.jwks_uri)
            said = _checked(metadata, client, tokens, keys, nonce)
            if "email" not in said and metadata.userinfo_endpoint is not None:
                said |= await _more(http, metadata.userinfo_endpoint, tokens, said)
    except OutsideError as error:
        raise WentWrongError(Why.UNREACHABLE) from error
    except ValueError as error:  # not JSON, or not of the right kind
        raise WentWrongError(Why.TOKEN) from error
    return _person(said)


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
    if found.get("error") in {"invalid_client", "unauthorized_client"}:
        raise WentWrongError(Why.SECRET)
    if answer.status_code != OK or not isinstance(found.get("id_token"), str):
        raise WentWrongError(Why.CODE)
    return found


def _checked(
    metadata: Metadata, client: Client, tokens: Mapping[str, Any], keys: Any, nonce: str
) -> dict[str, Any]:
    """The claims of the ID token, as OpenID Connect Core 1.0, 3.1.3.7 checks them, by our clock."""
    try:
        token = jwt.decode(tokens["id_token"], _keys(keys), algorithms=metadata.algorithms)
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
    except (JoseError, TypeError, KeyError, AttributeError) as error:
        raise WentWrongError(Why.TOKEN) from error
    return dict(claims)


def _keys(found: Any) -> KeySet:
    """The provider's public keys that are good for signatures; short ones are none."""
    listed = found.get("keys") if isinstance(found, Mapping) else None
    keys: list[OctKey | RSAKey | ECKey | OKPKey] = []  # never an OctKey: both sides would know it
    for one in listed if isinstance(listed, Sequence) else ():
        if not isinstance(one, Mapping) or one.get("use", "sig") != "sig":
            continue
        if one.get("kty") == "EC" and one.get("crv") == "P-256":
            keys.append(ECKey.import_key(dict(one)))
        elif one.get("kty") == "RSA" and len(str(one.get("n", ""))) * 6 >= LEAST_BITS:
            keys.append(RSAKey.import_key(dict(one)))
    if not keys:
        raise WentWrongError(Why.TOKEN)
    return KeySet(keys)


async def _more(
    http: httpx.AsyncClient, address: str, tokens: Mapping[str, Any], said: Mapping[str, Any]
) -> dict[str, Any]:
    """What the provider tells only when asked (3.1.2.4 there), of the same person, and nothing that it has said."""
    headers = {"authorization": f"Bearer {tokens.get('access_token', '')}"}
    more = _object(await http.get(address, headers=headers))
    if more.get("sub") != said["sub"]:
        raise WentWrongError(Why.TOKEN)
    return {name: value for name, value in more.items() if name not in said}


def _person(said: Mapping[str, Any]) -> Claims:
    subject, email, name = (said.get(claim) for claim in ("sub", "email", "name"))
    if not isinstance(subject, str) or not 0 < len(subject) <= LONGEST:
        raise WentWrongError(Why.TOKEN)
    try:
        address = ADDRESS.validate_python(email)
    except ValidationError:
        raise WentWrongError(Why.NO_ADDRESS) from None
    verified = said.get("email_verified")
    if verified is not True and verified != "true":  # some providers write it as a text
        raise WentWrongError(Why.UNVERIFIED)
    return Claims(subject, address, name if isinstance(name, str) else "", said)


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
        raise WentWrongError(Why.TOKEN)
    return found
