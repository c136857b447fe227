"""Storage shares: one host records against 5 GB, another is refused at 1 GB."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from app import clock
from app.accounts.models import User
from app.errors import NotFoundError
from app.memberships.limits import hold, standing_of
from app.memberships.models import LimitOverride, Tier
from app.memberships.refusals import RefusedError
from app.organisations.hosts import list_hosts
from app.organisations.leaving import let_go
from app.organisations.models import Organisation, OrganisationHost
from app.organisations.service import find_organisation
from app.organisations.shares import Wish, give_share, share_out_rest, shared_out
from app.recordings.models import Recording
from app.recordings.totals import charge, check_totals, count_hosts
from quotas.decisions import Reason
from quotas.limits import GIGABYTE
from quotas.storage import ChargedBytes
from tests.app.recordings.rows import a_recording
from tests.factories import a_person, a_room, start

HOSTS = "/organisations/riverside-housing/hosts"
HOUR = 500_000_000


async def stored(database) -> dict[int, int]:
    """What each host has stored, by their id."""
    async with database.transaction() as session:
        found = await session.execute(select(OrganisationHost.user_id, OrganisationHost.stored_bytes))
        return {row.user_id: row.stored_bytes for row in found}


async def count(database, riverside) -> None:
    """The totals as the rounds would have left them."""
    await check_totals(database)
    async with database.transaction() as session:
        await hold(session, riverside.holder_id)
        await count_hosts(session, [riverside.holder_id])


async def give(database, riverside, host, gigabytes, *, sure=False):
    async with database.transaction() as session:
        found = await find_organisation(session, riverside.id)
        share = None if gigabytes is None else round(gigabytes * GIGABYTE)
        return await give_share(session, found, Wish(host.id, share, sure))


async def test_one_host_records_against_5_gb_and_another_is_refused_at_1_gb(
    site, database, ada, bea, riverside
):
    large = await a_room(database, ada, "Assembly", holder_id=riverside.holder_id)
    small = await a_room(database, bea, "Workshop", holder_id=riverside.holder_id)
    # Three hours may take 1.5 GB.
    assert (await start(site, large, ada, record=True, minutes=180)).reserved_bytes == 3 * HOUR
    with pytest.raises(RefusedError) as refused:
        # Whoever starts it: the share is that of the room's host.
        await start(site, small, ada, record=True, minutes=180)
    why = refused.value
    assert (why.refused.reason, why.refused.limit) == (Reason.SHARE_FULL, GIGABYTE)
    said = why.explanation
    assert "the share of Bea Lindqvist is 1 GB" in said.limit
    assert ("Ask for a larger share", "/organisations/riverside-housing", "get") in said.helps
    assert said.tiers == []
    assert (await start(site, small, bea, record=True, minutes=120)).reserved_bytes == GIGABYTE


async def test_what_a_host_has_stored_counts_against_their_share_alone(site, database, ada, bea, riverside):
    room = await a_room(database, bea, "Workshop", holder_id=riverside.holder_id)
    await a_recording(database, bea, room, bytes=HOUR)
    await count(database, riverside)
    assert await stored(database) == {ada.id: 0, bea.id: HOUR}
    with pytest.raises(RefusedError):
        await start(site, room, bea, record=True, minutes=61)
    assert (await start(site, room, bea, record=True, minutes=60)).recorded


async def test_the_admin_moves_a_share_and_nobody_gives_more_than_there_is(database, ada, bea, riverside):
    above = (await give(database, riverside, bea, 2)).above
    assert above is not None
    assert (above.given, above.limit) == (7 * GIGABYTE, 6 * GIGABYTE)
    assert (await give(database, riverside, ada, 3)).is_kept
    assert (await give(database, riverside, bea, 3)).is_kept
    assert (await give(database, riverside, ada, None)).above is not None


async def test_a_share_below_what_is_used_is_given_only_when_the_admin_is_sure(database, ada, bea, riverside):
    await a_recording(database, ada, holder_id=riverside.holder_id, bytes=2 * GIGABYTE)
    await count(database, riverside)
    assert (await give(database, riverside, ada, 1)).uses == 2 * GIGABYTE
    assert (await give(database, riverside, ada, 1, sure=True)).is_kept


async def test_the_totals_of_hosts_are_kept_as_recordings_change_and_checked(database, ada, bea, riverside):
    recording = await a_recording(database, bea, holder_id=riverside.holder_id, bytes=HOUR)
    await count(database, riverside)
    async with database.transaction() as session:
        await hold(session, riverside.holder_id)
        row = await session.get_one(Recording, recording.id)
        await charge(session, row, ChargedBytes(bytes=HOUR + 7, estimated=False))
    assert (await stored(database))[bea.id] == HOUR + 7
    assert await check_totals(database) == []
    async with database.transaction() as session:
        host = await session.get_one(OrganisationHost, (riverside.id, bea.id))
        host.stored_bytes = 1
    (said,) = await check_totals(database)
    assert "by host" in said
    assert (await stored(database))[bea.id] == HOUR + 7


async def test_rooms_and_recordings_go_to_whom_the_admin_chooses_and_count_there(
    database, ada, bea, riverside
):
    room = await a_room(database, bea, "Workshop", holder_id=riverside.holder_id)
    await a_recording(database, bea, room, bytes=HOUR)
    await count(database, riverside)
    async with database.transaction() as session:
        left = await let_go(session, await find_organisation(session, riverside.id), bea.id, ada.id)
        assert (left.rooms, left.recordings) == (1, 1)
    assert await stored(database) == {ada.id: HOUR}
    async with database.transaction() as session:
        assert (await session.get_one(type(room), room.id)).host_id == ada.id


async def exchange(database, riverside, host, gigabytes, other, *, sure=False):
    async with database.transaction() as session:
        found = await find_organisation(session, riverside.id)
        wish = Wish(host.id, round(gigabytes * GIGABYTE), sure, other.id)
        return await give_share(session, found, wish)


async def given(database) -> dict[int, int | None]:
    """The share that each host was given, by their id."""
    async with database.transaction() as session:
        found = await session.execute(select(OrganisationHost.user_id, OrganisationHost.storage_share))
        return {row.user_id: row.storage_share for row in found}


async def test_the_sum_is_what_the_list_of_hosts_says(database, ada, bea, riverside):
    await a_person(database, "cora@example.org")
    async with database.transaction() as session:
        cora = await session.scalar(select(User.id).where(User.email == "cora@example.org"))
        host = {"user_id": cora, "role": "host", "joined_at": clock.now()}
        session.add(OrganisationHost(organisation_id=riverside.id, storage_share=1_500_000_000, **host))
    async with database.transaction() as session:
        standing = await standing_of(session, riverside.holder_id)
        found = await session.get_one(Organisation, riverside.id)
        listed = [host.share for host in (await list_hosts(session, found, standing)).items]
        assert sorted(listed) == [GIGABYTE, 1_500_000_000, 5 * GIGABYTE]
        assert (await shared_out(session, standing)).given == sum(listed)


async def test_a_share_moves_between_two_hosts_and_the_sum_stays(database, ada, bea, riverside):
    assert (await exchange(database, riverside, bea, 2.5, ada)).is_kept
    assert await given(database) == {ada.id: 3_500_000_000, bea.id: 2_500_000_000}
    assert (await exchange(database, riverside, bea, 1, ada)).is_kept
    assert await given(database) == {ada.id: 5 * GIGABYTE, bea.id: GIGABYTE}
    assert (await exchange(database, riverside, bea, 6.1, ada)).lacks == 5 * GIGABYTE
    assert (await exchange(database, riverside, bea, 6, ada)).is_kept
    assert await given(database) == {ada.id: 0, bea.id: 6 * GIGABYTE}


async def test_who_gives_is_not_left_with_less_than_they_use_unless_the_admin_is_sure(
    database, ada, bea, riverside
):
    await a_recording(database, ada, holder_id=riverside.holder_id, bytes=4 * GIGABYTE)
    await count(database, riverside)
    asked = await exchange(database, riverside, bea, 2.5, ada)
    assert (asked.uses, asked.user) == (4 * GIGABYTE, "Ada Okafor")
    assert await given(database) == {ada.id: None, bea.id: None}
    assert (await exchange(database, riverside, bea, 2.5, ada, sure=True)).is_kept


async def test_a_share_moves_to_nobody_from_outside(database, ada, bea, riverside):
    eve = await a_person(database, "eve@example.org")
    for host, other in ((bea, eve), (eve, bea)):
        with pytest.raises(NotFoundError):
            await exchange(database, riverside, host, 1.5, other)


async def test_where_more_is_shared_out_than_there_is_shares_can_still_move(database, ada, bea, riverside):
    async with database.transaction() as session:
        (await session.get_one(OrganisationHost, (riverside.id, ada.id))).storage_share = 9 * GIGABYTE
    assert (await exchange(database, riverside, bea, 2, ada)).is_kept
    assert (await give(database, riverside, ada, 8)).is_kept
    assert (await give(database, riverside, ada, 8.5)).above is not None


@pytest.mark.slow
async def test_two_gigabytes_that_are_left_are_given_once(database, ada, bea, riverside):
    assert (await give(database, riverside, ada, 3)).is_kept
    async with database.transaction() as session:
        found = await find_organisation(session, riverside.id)
        assert (await give_share(session, found, Wish(ada.id, 5 * GIGABYTE, sure=False))).is_kept
        second = asyncio.create_task(give(database, riverside, bea, 3))
        await asyncio.sleep(0.3)
        assert not second.done()
    assert (await second).above is not None


async def an_override(database, holder_id, value):
    """The organisation has so many bytes, whatever its tier says."""
    async with database.transaction() as session:
        said = {"reason": "a test", "starts_at": clock.now() - timedelta(minutes=1), "made_by": "a test"}
        session.add(LimitOverride(holder_id=holder_id, limit_name="storage_bytes", value=value, **said))


async def test_what_nobody_has_yet_is_shared_out_in_equal_parts(at_ada_s, database, ada, bea, riverside):
    # As where the tier has no space at all, and an operator gave some.
    async with database.transaction() as session:
        await session.execute(update(Tier).values(storage_first_host=0, storage_further_host=0))
    await at_ada_s.open(HOSTS)
    assert "There is no space for recordings." in at_ada_s.words
    assert "equal parts" not in at_ada_s.words
    await an_override(database, riverside.holder_id, 5 * GIGABYTE + 1)
    await at_ada_s.open(HOSTS)
    assert "No host has a share yet, so nobody can record." in at_ada_s.words
    await at_ada_s.submit("/share-out")
    assert "Each host has 2.5 GB more." in at_ada_s.words
    assert await shares(database) == {ada.id: 5 * GIGABYTE // 2, bea.id: 5 * GIGABYTE // 2}
    # A byte is left, and is nobody's.
    token = at_ada_s.form("/share-out").fields["form_token"]
    at_ada_s.page = await at_ada_s.client.post(
        f"{HOSTS}/share-out", data={"form_token": token}, follow_redirects=True
    )
    assert "Nothing is left that could be shared out." in at_ada_s.words


async def test_a_suspended_host_gets_nothing_of_what_is_shared_out(at_ada_s, database, ada, bea, riverside):
    async with database.transaction() as session:
        (await session.get_one(OrganisationHost, (riverside.id, bea.id))).suspended_at = clock.now()
    await an_override(database, riverside.holder_id, 8 * GIGABYTE)
    await at_ada_s.open(HOSTS)
    await at_ada_s.submit("/share-out")
    assert await shares(database) == {ada.id: 7 * GIGABYTE, bea.id: None}


async def test_of_admins_who_share_out_at_once_one_does(database, ada, bea, riverside):
    await an_override(database, riverside.holder_id, 8 * GIGABYTE)

    async def share() -> int | None:
        async with database.transaction() as session:
            return await share_out_rest(session, await find_organisation(session, riverside.id))

    assert sorted(await asyncio.gather(*(share() for _each in range(5))), key=str) == [GIGABYTE, *[None] * 4]
    assert await shares(database) == {ada.id: 6 * GIGABYTE, bea.id: 2 * GIGABYTE}


async def shares(database) -> dict[int, int | None]:
    """What each host was given, by their id."""
    async with database.transaction() as session:
        found = await session.execute(select(OrganisationHost.user_id, OrganisationHost.storage_share))
        return {row.user_id: row.storage_share for row in found}
