"""Providers as they are out there: what each says, where, and what it never says."""

from typing import Any

from tests.openid_provider import EC, RSA, Provider

ADDRESS = "dov@riverside.example"
TENANT = "/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0"


def entra(provider: Provider) -> None:
    """Entra ID: the issuer has the tenant in it; nothing says that an address is verified, perhaps there is none."""
    provider.path = TENANT
    provider.person = {
        "sub": "AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ",
        "oid": "00000000-0000-0000-66f3-3332eca7ea81",
        "tid": TENANT.split("/")[1],
        "name": "Dov Halevi",
        "preferred_username": ADDRESS,
        "ver": "2.0",
        "email_verified": None,
    }
    provider.userinfo = {
        "sub": provider.person["sub"],
        "name": "Dov Halevi",
        "picture": "https://graph.example/p",
    }
    provider.metadata = {"token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"]}
    provider.metadata |= {"id_token_signing_alg_values_supported": ["RS256"], "tenant_region_scope": "EU"}
    provider.keys = [{**RSA.as_dict(private=False), "kid": "r1", "use": "sig", "x5t": "r1"}]
    provider.keys += [{"kty": "RSA", "use": "sig", "kid": "next", "n": "AQAB", "e": "AQAB"}]


def adfs(provider: Provider) -> None:
    """ADFS: a upn and no address, another issuer for access tokens, and a userinfo that only has the subject."""
    provider.path = "/adfs"
    provider.person = {
        "sub": "bDdYzzKuRSx", "upn": ADDRESS, "unique_name": "RIVERSIDE\\dov", "email_verified": None,
        "auth_time": 1_700_000_000, "apptype": "Confidential",
    }  # fmt: skip
    provider.userinfo = {"sub": "bDdYzzKuRSx"}
    provider.metadata = {"access_token_issuer": f"{provider.base}/adfs/services/trust"}
    methods = [
        "client_secret_post",
        "client_secret_basic",
        "private_key_jwt",
        "windows_client_authentication",
    ]
    provider.metadata |= {"token_endpoint_auth_methods_supported": methods}


def okta(provider: Provider) -> None:
    """Okta: a thin ID token; whether the address is verified stands at the userinfo address only."""
    provider.person = {"sub": "00uid4BxXw6I6TV4m0g3", "email": ADDRESS, "email_verified": None, "ver": 1}
    provider.person |= {"amr": ["pwd"], "idp": "00o1", "preferred_username": ADDRESS}
    provider.userinfo = {
        "sub": "00uid4BxXw6I6TV4m0g3", "name": "Dov Halevi", "locale": "en-US", "email": ADDRESS,
        "given_name": "Dov", "family_name": "Halevi", "email_verified": True, "updated_at": 1_700_000_000,
    }  # fmt: skip


def keycloak(provider: Provider) -> None:
    """Keycloak: a realm in the issuer, roles in a claim of claims, userinfo signed where the client wants it."""
    provider.path = "/realms/riverside"
    provider.person = {"sub": "f:1:dov", "email": ADDRESS, "given_name": "Dov", "family_name": "Halevi"}
    provider.person |= {"preferred_username": "dov", "typ": "ID", "azp": "guildhall"}
    provider.userinfo = {"sub": "f:1:dov", "realm_access": {"roles": ["chair"]}, "email": ADDRESS}


def google(provider: Provider) -> None:
    """Google Workspace: everything in the ID token, the domain too."""
    provider.person = {"sub": "1107696", "email": ADDRESS, "hd": "riverside.example", "name": "Dov Halevi"}
    provider.person |= {"picture": "https://example.org/p.jpg", "given_name": "Dov", "family_name": "Halevi"}


def authentik(provider: Provider) -> None:
    """Authentik: a slash at the end of the issuer, a name and groups."""
    provider.path = "/application/o/guildhall/"
    provider.person = {"sub": "9f86d0", "email": ADDRESS, "name": "Dov Halevi", "given_name": "Dov Halevi"}
    provider.person |= {"groups": ["chair", "everyone"], "preferred_username": "dov", "nickname": "dov"}
    provider.keys = [
        {**EC.as_dict(private=False), "use": "sig"},
        {**RSA.as_dict(private=False), "use": "sig"},
    ]


SHAPES: dict[str, Any] = {one.__name__: one for one in (entra, adfs, okta, keycloak, google, authentik)}
VOUCHED = {"names_own_addresses": True, "name_is_address": True}
