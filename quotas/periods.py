"""Periods: the days of grace, and the month that large sessions are counted in."""

from datetime import datetime, timedelta, tzinfo

from quotas.limits import Policy
from quotas.moments import utc


def works_until(membership_ends: datetime, policy: Policy) -> datetime:
    """When a membership that ends then stops to grant anything, in UTC: its end, and the days of grace."""
    return utc(membership_ends) + timedelta(days=policy.membership_grace_days)


def kept_until(above_quota_since: datetime, policy: Policy) -> datetime:
    """Till when recordings above a lowered quota stay untouched, in UTC (what happens on a downgrade)."""
    return utc(above_quota_since) + timedelta(days=policy.retention_grace_days)


def month_starts(now: datetime, zone: tzinfo) -> datetime:
    """The first moment of this month in that zone, in UTC: since when its large sessions are counted."""
    return utc(utc(now).astimezone(zone).replace(day=1, hour=0, minute=0, second=0, microsecond=0))


def month_ends(now: datetime, zone: tzinfo) -> datetime:
    """The first moment of the next month in that zone, in UTC: when the large sessions come anew."""
    first = utc(now).astimezone(zone).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return utc((first + timedelta(days=32)).replace(day=1))
