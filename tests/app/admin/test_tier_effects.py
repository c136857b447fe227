"""What a change of a tier would do is counted right: held against the limits and the use of every real holder."""

import random
import re
import secrets
import time
from collections import Counter, defaultdict
from datetime import timedelta
from functools import partial
from html import unescape
from math import floor

import pytest
from sqlalchemy import event, select, text

from app import clock
from app.admin.tier_effects import COLUMNS, RECENT, Lowered, above, lowered_limits
from app.admin.tier_holders import Place, count_holders, list_on_tier
from app.meetings.models import Meeting
from app.memberships.limits import standings
from app.memberships.models import Holder, Membership, Tier
from app.memberships.overrides import set_override
from app.memberships.suspending import suspend
from app.memberships.tier_terms import LIMITS
from app.recordings.models import Recording
from app.rooms.models import Room
from quotas.limits import LimitName, TierLimits, limits_of
from quotas.periods import month_starts
from tests.app.recordings.rows import a_recording
from tests.factories import a_person, an_organisation, put_on_tier
from tests.patience import quickest

DAY = timedelta(days=1)
KEYS = ("free", "session-organiser", "consumer", "co-producer")


async def a_crowd(database, chance):
    """People and organisations at every place of every tier, with rooms, meetings and recordings at random."""
    people = [await a_person(database, f"p{number}@example.org") for number in range(10)]
    hosts = [
        await an_organisation(
            database,
            f"House {number}",
            chance.choice(KEYS[2:]),
            **{f"p{one}": "host" for one in range(number % 4)},
        )
        for number in range(6)
    ]
    holders = [person.holder_id for person in people] + [house.holder_id for house in hosts]
    for person in people[2:8]:
        await put_on_tier(database, person.holder_id, "session-organiser")
    async with database.transaction() as session:
        await suspend(session, people[2].holder_id, reason="a test", by="a test")
        await suspend(session, hosts[0].holder_id, reason="a test", by="a test")
        for name in (LimitName.ROOMS, LimitName.STORAGE_BYTES):
            await set_override(session, people[3].holder_id, name, 3, reason="a test", made_by="a test")
        past = await set_override(
            session, people[4].holder_id, LimitName.ROOMS, 3, reason="a test", made_by="a test"
        )
        past.ends_at = clock.now()
        for holder, days in ((people[5].holder_id, 3), (people[6].holder_id, 20), (hosts[1].holder_id, 2)):
            membership = await session.scalar(select(Membership).where(Membership.holder_id == holder))
            membership.starts_at, membership.ends_at = clock.now() - 300 * DAY, clock.now() - days * DAY
        # One that was taken back before it began never holds.
        organiser = await session.scalar(select(Tier.id).where(Tier.key == "session-organiser"))
        session.add(
            Membership(
                holder_id=people[9].holder_id, tier_id=organiser, starts_at=clock.now() - DAY, ends_at=None,
                reason="a test", granted_by="a test", withdrawn_at=clock.now() - 2 * DAY,
            )
        )  # fmt: skip
    for person in people:
        for _each in range(chance.randrange(3)):
            owner = chance.choice(holders)
            await a_recording(
                database,
                person,
                holder_id=owner,
                bytes=chance.randrange(4 * 10**9),
                recorded_at=clock.now() - chance.randrange(60) * DAY,
            )
    async with database.transaction() as session:
        for holder in holders:
            await _use(session, chance, holder, people[0].id)
    return holders


async def _use(session, chance, holder, host_id):
    now = clock.now()
    (await session.get_one(Holder, holder)).stored_bytes = chance.choice((0, 10**9, 6 * 10**9, 7 * 10**9))
    for number in range(chance.randrange(5)):
        slug = f"r{holder}-{number}"
        session.add(
            Room(
                holder_id=holder, host_id=host_id, name=slug, slug=slug, created_at=now, last_used_at=now,
                description="", access_code="", lobby=False, who_may_start="hosts", record=False,
            )
        )  # fmt: skip
    for number in range(chance.randrange(7)):
        began = now - timedelta(minutes=chance.randrange(60 * 24 * 45))
        is_over, name = chance.random() < 0.6, secrets.token_hex(8)
        lasted = timedelta(seconds=chance.randrange(4 * 3600))
        session.add(
            Meeting(
                holder_id=holder, server_id=1, name="Assembly", external_id=name, callback_token=name,
                state=chance.choice(("ended", "failed")) if is_over else "running",
                sitting_id=f"s{holder}-{number // 2}", tier="free", minutes=60, people=10, recorded=False,
                reserved_at=began, started_at=chance.choice((began, began, None)),
                ended_at=began + lasted if is_over else None, large_session=chance.random() < 0.3,
                peak_people=chance.randrange(120),
            )
        )  # fmt: skip


async def used_by_hand(session):
    """What every holder uses of every limit, counted in Python from the rows."""
    now, used = clock.now(), {name: defaultdict(int) for name in COLUMNS}
    month = month_starts(now, (await standings(session, [1]))[1].zone)
    used[LimitName.ROOMS] |= Counter(await session.scalars(select(Room.holder_id)))
    used[LimitName.STORAGE_BYTES] |= {
        one.id: one.stored_bytes for one in await session.scalars(select(Holder))
    }
    for one in await session.scalars(select(Recording)):
        days = used[LimitName.RECORDING_DAYS]
        days[one.holder_id] = max(days[one.holder_id], (now - one.recorded_at).days)
    sittings = defaultdict(timedelta)
    for one in await session.scalars(select(Meeting)):
        if one.state in {"starting", "running"}:
            used[LimitName.AT_ONCE][one.holder_id] += 1
        if one.large_session and one.state != "failed" and one.reserved_at >= month:
            used[LimitName.LARGE_SESSIONS_PER_MONTH][one.holder_id] += 1
        if one.reserved_at >= now - RECENT:
            size = LimitName.LARGE_SESSION_PEOPLE if one.large_session else LimitName.GROUP_SIZE
            used[size][one.holder_id] = max(used[size][one.holder_id], one.peak_people)
            if one.started_at:
                sittings[one.holder_id, one.sitting_id] += (one.ended_at or now) - one.started_at
    for (holder, _sitting), lasted in sittings.items():
        minutes = used[LimitName.MEETING_MINUTES]
        minutes[holder] = max(minutes[holder], floor(lasted.total_seconds() / 60))
    return used


def the_limit(name, figures, hosts):
    """The holder's limit by the rule that enforces it."""
    says = dict.fromkeys(LIMITS, None) | dict(zip(COLUMNS[name], figures, strict=True))
    return limits_of(TierLimits(**says), hosts).of(name)


CANDIDATES = {
    LimitName.STORAGE_BYTES: [(0, 0), (10**9, 0), (2 * 10**9, 10**9), (5 * 10**9, None), (None, 0)],
    LimitName.MEETING_MINUTES: [(30,), (150,)],
    LimitName.GROUP_SIZE: [(15,), (60,)],
    LimitName.LARGE_SESSION_PEOPLE: [(15,), (60,)],
    LimitName.RECORDING_DAYS: [(5,), (30,)],
}


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
async def test_the_preview_names_those_who_would_be_above_and_nobody_else(site, database, seed):
    chance = random.Random(seed)  # noqa: S311  a test's dice
    clock.set_offset(timedelta(0))
    holders = await a_crowd(database, chance)
    named = 0
    async with database.transaction() as session:
        used, stands = await used_by_hand(session), await standings(session, holders)
        for tier in await session.scalars(select(Tier)):
            on_it = {one for one in holders if stands[one].tier_key == tier.key}
            for name, columns in COLUMNS.items():
                for after in CANDIDATES.get(name, [(0,), (1,), (2,)]):
                    before = tuple(getattr(tier, column) for column in columns)
                    expected, already = {}, 0
                    for one in on_it:
                        now, then = (the_limit(name, said, stands[one].hosts) for said in (before, after))
                        if name in stands[one].overrides or then is None or used[name][one] <= then:
                            continue
                        expected[one] = (used[name][one], then)
                        already += now is not None and used[name][one] > now
                    found = await above(session, tier.id, Lowered(name, before, after))
                    said = {row.holder_id: (row.used, row.becomes) for row in found.holders.items}
                    assert said == expected, (tier.key, name, after)
                    assert (found.holders.total, found.already) == (len(expected), already)
                    named += len(expected)
    assert named > 100


async def test_who_is_on_a_tier_is_who_the_decisions_find_there(site, database):
    holders = await a_crowd(database, random.Random(3))  # noqa: S311  a test's dice
    later = holders[9]
    async with database.transaction() as session:
        tiers = {tier.key: tier for tier in await session.scalars(select(Tier))}
        for withdrawn_at in (None, clock.now()):
            session.add(
                Membership(
                    holder_id=later, tier_id=tiers["consumer"].id, starts_at=clock.now() + 30 * DAY,
                    ends_at=None, reason="a test", granted_by="a test", withdrawn_at=withdrawn_at,
                )
            )  # fmt: skip
    async with database.transaction() as session:
        stands, counts = await standings(session, holders), await count_holders(session)
        listed = {}
        for key, tier in tiers.items():
            for place in Place:
                page = await list_on_tier(session, tier.id, place)
                listed[key, place] = [row.holder_id for row in page.items]
                assert page.total == counts[tier.id][place] == len(listed[key, place])
        for key in tiers:
            here = {one for one in holders if stands[one].tier_key == key}
            assert set(listed[key, Place.NOW]) | set(listed[key, Place.GRACE]) == here
            over = {
                one for one in here if (stands[one].membership_ends_at or clock.now() + DAY) <= clock.now()
            }
            assert set(listed[key, Place.GRACE]) == over
        assert listed["consumer", Place.LATER] == [later]
        assert listed["session-organiser", Place.SUSPENDED] == [holders[2]]
        assert holders[2] in listed["free", Place.NOW]
        found = await list_on_tier(session, tiers["free"].id, Place.NOW, search="p9@EXAMPLE")
        assert [row.email for row in found.items] == ["p9@example.org"]


def test_only_what_becomes_lower_in_some_part_is_looked_at():
    before = dict.fromkeys(LIMITS, 5)
    assert lowered_limits(before, before) == []
    assert lowered_limits(before, dict.fromkeys(LIMITS, None)) == []
    assert [one.name for one in lowered_limits(dict.fromkeys(LIMITS, None), before)] == list(COLUMNS)
    (storage,) = lowered_limits(before, before | {"storage_first_host": 9, "storage_further_host": 4})
    assert (storage.name, storage.before, storage.after) == (LimitName.STORAGE_BYTES, (5, 5), (9, 4))


async def test_the_look_says_who_how_many_and_what_becomes_of_them(olu, ada, database):
    await put_on_tier(database, ada.holder_id, "session-organiser")
    async with database.transaction() as session:
        for number in range(3):
            session.add(
                Room(
                    holder_id=ada.holder_id, host_id=ada.id, name=f"Room {number}", slug=f"r-{number}",
                    created_at=clock.now(), last_used_at=clock.now() - number * DAY, description="",
                    access_code="", lobby=False, who_may_start="hosts", record=False,
                )
            )  # fmt: skip
    await olu.open("/admin/tiers/2/change")
    await olu.submit("/change", rooms_per_host="1", group_size="20")
    assert (
        "One holder would be above the new limit. Nothing is deleted. The rooms used last stay open"
        in olu.words
    )
    assert "Ada Okafor 3 1" in olu.words
    assert "Nobody had more people in a meeting in the last 30 days." in olu.words
    # Her own page says which rooms.
    (href,) = re.findall(rf'href="(/admin/limits/{ada.holder_id}[^"]*)"', olu.page.text)
    await olu.open(unescape(href))
    assert "2 rooms would be read-only: “Room 1”, “Room 2”." in olu.words


@pytest.mark.slow
async def test_ten_thousand_holders_take_as_many_statements_as_one(olu, ada, database):
    await put_on_tier(database, ada.holder_id, "session-organiser")
    engine, said = database.engine.sync_engine, []

    def listener(_connection, _cursor, statement, *_more):
        said.append(statement)

    async def look() -> int:
        await olu.open("/admin/tiers/2/change")
        low = dict.fromkeys(LIMITS, "1") | {"large_sessions_per_month": "0", "large_session_people": "0"}
        low |= {"recording_days_none": "", "storage_first_host": "0", "storage_further_host": "0"}
        said.clear()
        await olu.submit("/change", **low)
        return len(said)

    async def opened(path: str) -> int:
        said.clear()
        assert (await olu.open(path)).status_code == 200
        return len(said)

    paths = ("/admin/tiers", "/admin/tiers/2", "/admin/tiers/2/holders?page=200", "/admin/tiers/2/retire")
    paths += ("/admin/tiers/2/above?limit=rooms&first=1&page=200",)
    event.listen(engine, "before_cursor_execute", listener)
    try:
        few = {path: await opened(path) for path in paths} | {"look": await look()}
        async with database.transaction() as session:
            for statement in MANY:
                await session.execute(text(statement))
        for path in paths:
            assert await opened(path) == few[path], path
            assert await quickest(1, partial(opened, path)) < 1, path
        assert await look() == few["look"]
        assert await quickest(3, look) < 3
        assert "10,000 holders would be above the new limit." in olu.words
        began = time.perf_counter()
        await olu.submit("/change", step="save")
        assert time.perf_counter() - began < 10  # a quarter of a second on a quiet machine
    finally:
        event.remove(engine, "before_cursor_execute", listener)


MANY = (
    """
    INSERT INTO holders (kind, name, created_at, stored_bytes)
    SELECT 'person', 'person-' || n, now(), 500000000 FROM generate_series(1, 10000) n
    """,
    """
    INSERT INTO users (holder_id, email, name, password_hash, language, time_zone, is_operator, is_bookkeeper,
                       verified_at, created_at)
    SELECT id, name || '@example.net', name, '!', 'en', 'UTC', false, false, now(), now()
    FROM holders WHERE name LIKE 'person-%'
    """,
    """
    INSERT INTO memberships (holder_id, tier_id, starts_at, reason, granted_by)
    SELECT id, 2, now() - interval '1 day', 'a test', 'a test' FROM holders WHERE name LIKE 'person-%'
    """,
    """
    INSERT INTO rooms (holder_id, host_id, name, slug, description, access_code, lobby, who_may_start, record,
                       created_at, last_used_at)
    SELECT u.holder_id, u.id, u.name, u.name || '-' || n, '', '', false, 'hosts', false, now(), now()
    FROM users u CROSS JOIN generate_series(1, 3) n WHERE u.name LIKE 'person-%'
    """,
    "ANALYZE",
)
