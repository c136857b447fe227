"""A browser's way to a provider and back: begun here, finished once, by the same browser, within ten minutes."""

import secrets
from datetime import datetime, timedelta

from fastapi import Request
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.accounts.sessions import hash_of
from app.organisations.identity import Vouched
from app.organisations.models import SignInAttempt
from app.organisations.openid import Client, Metadata, way_there
from app.organisations.providers import SEALED_FOR, Provider
from app.organisations.sign_in_errors import WentWrongError, Why
from app.web.browser import browser_id, keyed_hash, settings_of
from app.web.pages import address_of
from app.web.sealing import unseal

HOLDS = timedelta(minutes=10)


def client_of(request: Request, provider: Provider) -> Client:
    """Who we are to the provider. Raises WentWrongError when its secret cannot be read any more.

    Each provider has an address of its own to send people back to: what one of them answers is never taken to
    another (RFC 9700, 4.4).
    """
    row = provider.row
    secret = unseal(settings_of(request), SEALED_FOR, row.client_secret)
    if secret is None:
        raise WentWrongError(Why.SECRET)
    back = address_of(request, "sign_in.returned", slug=provider.organisation.slug)
    vouched = Vouched(row.names_own_addresses, row.name_is_address)
    return Client(row.issuer, row.client_id, secret, back, vouched, row.role_claim)


async def begin(
    session: AsyncSession,
    request: Request,
    provider: Provider,
    metadata: Metadata,
    *,
    onward: str,
    tried_by: int | None = None,
) -> str:
    """Remember that this browser goes there; returns the address it goes to. Raises WentWrongError."""
    client = client_of(request, provider)
    if metadata.issuer != client.issuer:
        raise WentWrongError(Why.OTHER_ISSUER)
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    now = clock.now()
    await session.execute(delete(SignInAttempt).where(SignInAttempt.expires_at < now))
    session.add(
        SignInAttempt(
            state_hash=hash_of(state),
            provider_id=provider.row.id,
            browser=_browser(request),
            nonce=nonce,
            verifier=verifier,
            tried_by=tried_by,
            onward=onward,
            expires_at=now + HOLDS,
        )
    )
    await session.flush()
    return way_there(metadata, client, state=state, nonce=nonce, verifier=verifier)


async def take(session: AsyncSession, request: Request, provider: Provider, state: str) -> SignInAttempt:
    """The attempt that this browser comes back from, used up by being found. Raises WentWrongError."""
    found: SignInAttempt | None = await session.scalar(
        delete(SignInAttempt)
        .where(
            SignInAttempt.state_hash == hash_of(state),
            SignInAttempt.provider_id == provider.row.id,
            SignInAttempt.browser == _browser(request),
            SignInAttempt.expires_at > clock.now(),
        )
        .returning(SignInAttempt)
    )
    if found is None:
        raise WentWrongError(Why.OVER)
    return found


def begun_at(attempt: SignInAttempt) -> datetime:
    """When the browser left for the provider."""
    return attempt.expires_at - HOLDS


def _browser(request: Request) -> str:
    return keyed_hash(settings_of(request), "sign-in-attempt", browser_id(request))
