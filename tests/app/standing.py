"""The moment at which stories of memberships begin; the fixture `standing_clock` lets the clock stand there."""

from datetime import UTC, datetime, timedelta

START = datetime(2027, 1, 10, 12, tzinfo=UTC)
DAY = timedelta(days=1)
YEAR = 365 * DAY
