"""Everything the site holds about a person, as they may take it along."""

from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.accounts.models import ApiToken, BrowserSession, User
from app.memberships.models import LimitOverride, LoggedDecision, Membership, Tier

Exporter = Callable[[AsyncSession, int], Awaitable[dict[str, Any]]]

exporters: list[Exporter] = []


def exports(exporter: Exporter) -> Exporter:
    """A feature's part: `async (session, user_id) -> {section: what is held}`; JSON, moments as datetimes.

    Used as a decorator by features that stand further right in the order of imports. Other people's names are
    not the person's data: leave them out.
    """
    if exporter not in exporters:
        exporters.append(exporter)
    return exporter


async def export_data(session: AsyncSession, user_id: int) -> dict[str, Any]:
    """All parts in one dict, in the order of the features."""
    data: dict[str, Any] = {"exported_at": clock.now()}
    for exporter in exporters:
        data.update(await exporter(session, user_id))
    return data


@exports
async def _account(session: AsyncSession, user_id: int) -> dict[str, Any]:
    user = await session.get_one(User, user_id)
    names = ("id", "email", "name", "language", "time_zone", "created_at", "verified_at")
    return {
        "account": {
            **{name: getattr(user, name) for name in names},
            "roles": [role for role in ("operator", "bookkeeper") if getattr(user, f"is_{role}")],
        }
    }


@exports
async def _signed_in_browsers(session: AsyncSession, user_id: int) -> dict[str, Any]:
    columns = (
        BrowserSession.browser,
        BrowserSession.created_at,
        BrowserSession.last_seen_at,
        BrowserSession.expires_at,
    )
    found = select(*columns).where(BrowserSession.user_id == user_id).order_by(BrowserSession.id)
    return {"sessions": [dict(row) for row in (await session.execute(found)).mappings()]}


@exports
async def _tokens(session: AsyncSession, user_id: int) -> dict[str, Any]:
    columns = (
        ApiToken.name,
        ApiToken.scopes,
        ApiToken.created_at,
        ApiToken.last_used_at,
        ApiToken.expires_at,
    )
    found = select(*columns).where(ApiToken.user_id == user_id).order_by(ApiToken.id)
    return {"api_tokens": [dict(row) for row in (await session.execute(found)).mappings()]}


@exports
async def _decisions(session: AsyncSession, user_id: int) -> dict[str, Any]:
    """What their own limits granted and refused; kept 30 days."""
    names = (
        "at",
        "times",
        "question",
        "subject",
        "granted",
        "reason",
        "limit_value",
        "used",
        "asked",
        "terms",
    )
    found = (
        select(*(getattr(LoggedDecision, name) for name in names))
        .join(User, User.holder_id == LoggedDecision.holder_id)
        .where(User.id == user_id)
        .order_by(LoggedDecision.id)
    )
    return {"decisions": [dict(row) for row in (await session.execute(found)).mappings()]}


@exports
async def _overrides(session: AsyncSession, user_id: int) -> dict[str, Any]:
    """Limits that an operator set for them."""
    names = ("limit_name", "value", "reason", "starts_at", "ends_at", "withdrawn_at")
    found = (
        select(*(getattr(LimitOverride, name) for name in names))
        .join(User, User.holder_id == LimitOverride.holder_id)
        .where(User.id == user_id)
        .order_by(LimitOverride.id)
    )
    return {"limit_overrides": [dict(row) for row in (await session.execute(found)).mappings()]}


@exports
async def _memberships(session: AsyncSession, user_id: int) -> dict[str, Any]:
    columns = (
        Tier.key.label("tier"),
        Tier.name.label("tier_name"),
        Membership.starts_at,
        Membership.ends_at,
        Membership.reason,
        Membership.awarded,
        Membership.suspended_at,
        Membership.suspension_reason,
        Membership.withdrawn_at,
    )
    found = (
        select(*columns)
        .join(Membership, Membership.tier_id == Tier.id)
        .join(User, User.holder_id == Membership.holder_id)
        .where(User.id == user_id)
        .order_by(Membership.starts_at)
    )
    return {"memberships": [dict(row) for row in (await session.execute(found)).mappings()]}
