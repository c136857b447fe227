"""An organisation's storage is shared out among its hosts (DOMAIN.md, tiers: first host 5 GB, each further 1 GB)."""

from dataclasses import replace
from datetime import datetime

import pytest

from quotas.decisions import Granted, Reason, Refused
from quotas.limits import GIGABYTE, Limits, Policy, TierLimits, limits_of
from quotas.rules import longest_recorded_minutes, may_record, may_start_meeting
from quotas.storage import Share, share_of_host

HOUR = 500_000_000


@pytest.fixture
def limits(consumer: TierLimits) -> Limits:
    """Of an organisation with three hosts: 7 GB."""
    return limits_of(consumer, 3)


def test_the_first_host_has_5_gb_and_each_further_1_gb(limits: Limits) -> None:
    of_three = [share_of_host(5 * GIGABYTE, GIGABYTE, None, is_first=place == 0) for place in range(3)]
    assert of_three == [5 * GIGABYTE, GIGABYTE, GIGABYTE]
    assert limits.storage_bytes == 7 * GIGABYTE


def test_what_is_given_stands_before_what_the_tier_says_and_0_is_nothing() -> None:
    assert share_of_host(5 * GIGABYTE, GIGABYTE, 0, is_first=True) == 0
    assert share_of_host(5 * GIGABYTE, GIGABYTE, 3 * GIGABYTE, is_first=False) == 3 * GIGABYTE
    assert share_of_host(None, None, None, is_first=True) is None
    assert share_of_host(None, None, GIGABYTE, is_first=False) == GIGABYTE
    assert share_of_host(GIGABYTE, 0, None, is_first=False) == 0


def test_one_host_records_against_5_gb_and_another_is_refused_at_1_gb(limits: Limits) -> None:
    def asked(share: Share) -> object:
        return may_record(limits, Policy(), left=180, shorten=False, stored_bytes=GIGABYTE, share=share)

    first = asked(Share(limit=5 * GIGABYTE))
    assert isinstance(first, Granted)
    assert first.terms.minutes == 180
    assert asked(Share(limit=GIGABYTE)) == Refused(
        reason=Reason.SHARE_FULL, limit=GIGABYTE, used=0, asked=3 * HOUR
    )


def test_what_is_stored_and_kept_free_counts_against_the_share(limits: Limits) -> None:
    share = Share(limit=GIGABYTE, stored_bytes=HOUR, reserved_bytes=HOUR // 2)
    granted = may_record(limits, Policy(), left=180, share=share)
    assert isinstance(granted, Granted)
    assert granted.terms.minutes == 30
    full = replace(share, reserved_bytes=HOUR)
    assert full.free_bytes == 0
    refused = may_record(limits, Policy(), left=180, share=full)
    assert isinstance(refused, Refused)
    assert (refused.reason, refused.used) == (Reason.SHARE_FULL, GIGABYTE)


def test_of_two_that_are_too_small_the_smaller_is_named(limits: Limits) -> None:
    refused = may_record(limits, Policy(), left=24 * 60, shorten=False, share=Share(limit=GIGABYTE))
    assert isinstance(refused, Refused)
    assert (refused.reason, refused.limit) == (Reason.SHARE_FULL, GIGABYTE)
    # The same free space in both: the organisation's is named, which has to grow too.
    refused = may_record(limits, Policy(), left=24 * 60, shorten=False, share=Share(limit=7 * GIGABYTE))
    assert isinstance(refused, Refused)
    assert refused.reason is Reason.STORAGE_FULL


def test_a_share_gives_nothing_beyond_the_organisation_s_storage(limits: Limits) -> None:
    large = Share(limit=9 * GIGABYTE)
    refused = may_record(limits, Policy(), left=60, shorten=False, stored_bytes=7 * GIGABYTE, share=large)
    assert isinstance(refused, Refused)
    assert refused.reason is Reason.STORAGE_FULL
    granted = may_record(limits, Policy(), left=60, stored_bytes=7 * GIGABYTE - HOUR // 2, share=large)
    assert isinstance(granted, Granted)
    assert granted.terms.minutes == 30


def test_a_share_without_end_is_bounded_by_the_organisation_alone(limits: Limits) -> None:
    share = Share(limit=None, stored_bytes=6 * GIGABYTE)
    assert share.free_bytes is None
    granted = may_record(limits, Policy(), left=60, share=share)
    assert isinstance(granted, Granted)
    assert granted.terms.minutes == 60


def test_the_page_is_told_what_the_share_allows_and_a_start_asks_the_same(
    limits: Limits, noon: datetime
) -> None:
    share = Share(limit=GIGABYTE)
    assert longest_recorded_minutes(limits, Policy(), now=noon, sitting=None, share=share) == 120
    start = {"now": noon, "at_once": 0, "sitting": None, "share": share, "minutes": 150}
    refused = may_start_meeting(limits, Policy(), record=True, **start)  # type: ignore[arg-type]  # one dict of figures
    assert isinstance(refused, Refused)
    assert refused.reason is Reason.SHARE_FULL
    unrecorded = may_start_meeting(limits, Policy(), record=False, **start)  # type: ignore[arg-type]  # as above
    assert isinstance(unrecorded, Granted)
