"""Fills an empty, migrated database with a service that is years old: set-based SQL, the same rows every time.

Account 1 is who the pages are measured with: 50 rooms, of which 10 are running, and more than 100 recordings.
Starts are measured with the later half of the accounts: people with one room that nobody uses.
"""

import time
from dataclasses import asdict, dataclass
from datetime import datetime

import psycopg

HOST_ROOMS, HOST_RUNNING, HOST_RECORDINGS = 50, 10, 150
IN_EACH = 10  # people in each running meeting, the first of them its host
PLACES = 1000  # that the running meetings have: joins are measured, not refusals
WAITING = "room-51"  # where many wait; what runs begins after it


@dataclass(frozen=True)
class Size:
    """How many of each; an organisation has five hosts."""

    accounts: int
    organisations: int
    rooms: int
    meetings: int
    recordings: int
    running: int
    figures: int
    """meetings that still have their figures of every minute"""

    @property
    def starters(self) -> range:
        """The numbers of the accounts whose room nobody uses."""
        return range(self.accounts // 2, self.accounts)


FULL = Size(
    accounts=100_000,
    organisations=2_000,
    rooms=200_000,
    meetings=1_000_000,
    recordings=300_000,
    running=500,
    figures=10_000,
)
SMALL = Size(accounts=120, organisations=2, rooms=200, meetings=1_000, recordings=300, running=40, figures=10)

# Account u has holder u and, from the second on, room u + 49 (the first has rooms 1 to 50); the other rooms are
# organisations'. Organisation o has holder accounts + o, and five accounts as its hosts.
STEPS: dict[str, str] = {
    "holders": """
        INSERT INTO holders (id, kind, name, created_at)
        SELECT n, CASE WHEN n <= %(accounts)s THEN 'person' ELSE 'organisation' END,
               CASE WHEN n <= %(accounts)s THEN 'Person ' || n ELSE 'Co-operative ' || n - %(accounts)s END,
               %(now)s - interval '2 years'
        FROM generate_series(1, %(accounts)s + %(organisations)s) n
    """,
    "users": """
        INSERT INTO users (id, holder_id, email, name, password_hash, language, time_zone, is_operator,
        is_bookkeeper,
                           verified_at, created_at)
        SELECT n, n, 'person-' || n || '@example.org', 'Person ' || n, '!',
               CASE WHEN n %% 5 = 0 THEN 'ca' ELSE 'en' END, 'Europe/Madrid', n = 2, false,
               %(now)s - interval '1 year',
               %(now)s - interval '1 year' - n * interval '1 minute'
        FROM generate_series(1, %(accounts)s) n
    """,
    "sessions": """
        INSERT INTO sessions (token_hash, user_id, browser, created_at, last_seen_at, expires_at)
        SELECT sha256(convert_to('session-of-' || n, 'UTF8')), n, 'Firefox · Linux', %(now)s,
        %(now)s + interval '1 hour',
               %(now)s + interval '30 days'
        FROM generate_series(1, %(accounts)s) n
    """,
    "organisations": """
        INSERT INTO organisations (id, holder_id, slug, created_at)
        SELECT n, %(accounts)s + n, 'co-operative-' || n, %(now)s - interval '2 years'
        FROM generate_series(1, %(organisations)s) n
    """,
    "their hosts": """
        INSERT INTO organisation_hosts (organisation_id, user_id, role, joined_at)
        SELECT o, 2 + ((o - 1) * 5 + h) %% (%(accounts)s - 2), CASE WHEN h = 0 THEN 'admin' ELSE 'host' END,
               %(now)s - interval '1 year'
        FROM generate_series(1, %(organisations)s) o, generate_series(0, 4) h
    """,
    # Of the people every tenth had a membership that is over, every fifth has one; organisations all have one.
    "memberships": """
        INSERT INTO memberships (holder_id, tier_id, starts_at, ends_at, reason, granted_by)
        SELECT n, (SELECT id FROM tiers WHERE key = CASE
                   WHEN n = 1 OR n > %(accounts)s AND n %% 2 = 0 THEN 'co-producer'
                   WHEN n > %(accounts)s THEN 'consumer' ELSE 'session-organiser' END),
               %(now)s - interval '1 year',
               CASE WHEN n %% 10 = 0 AND n <= %(accounts)s THEN %(now)s - interval '2 months' END,
               'a gift', 'Person 2'
        FROM generate_series(1, %(accounts)s + %(organisations)s) n
        WHERE n = 1 OR n %% 5 = 0 OR n > %(accounts)s
    """,
    "rooms": """
        INSERT INTO rooms (id, holder_id, host_id, name, description, slug, access_code, lobby, who_may_start,
        record,
                           created_at, last_used_at)
        SELECT n, holder, CASE WHEN holder <= %(accounts)s THEN holder
                   ELSE 2 + ((holder - %(accounts)s - 1) * 5 + n %% 5) %% (%(accounts)s - 2) END,
               'Assembly number ' || n, 'We meet here every week and talk about what is to be done.',
               'room-' || n, '',
               false, CASE WHEN n %% 3 = 0 THEN 'signed_in' ELSE 'hosts' END, n %% 2 = 0,
               %(now)s - interval '1 year',
               %(now)s - n * interval '1 minute'
        FROM (SELECT n, CASE WHEN n <= 50 THEN 1 WHEN n < %(accounts)s + 50 THEN n - 49
                        ELSE %(accounts)s + 1 + n %% %(organisations)s END AS holder
              FROM generate_series(1, %(rooms)s) n) each
    """,
    "room_addresses": """
        INSERT INTO room_addresses (slug, room_id, holder_id, created_at)
        SELECT slug, id, holder_id, created_at FROM rooms
    """,
    "servers": """
        INSERT INTO servers (id, url, last_answer_at) VALUES (1, %(bbb)s, %(now)s)
    """,
    "past meetings": """
        INSERT INTO meetings (id, room_id, holder_id, server_id, started_by, name, external_id, callback_token,
        state,
                              sitting_id, tier, minutes, people, recorded, reserved_at, started_at, create_time,
                              ended_at,
                              end_reason, peak_people, person_seconds, counted_at, reserved_bytes, people_now)
        SELECT n, r.id, r.holder_id, 1, r.host_id, r.name, 'gh-past-' || n, md5(n::text), 'ended', 'gh-past-' || n,
               'free', 60, 10, n %% 3 = 0, at, at + interval '1 second', extract(epoch FROM at)::bigint * 1000,
               at + interval '50 minutes', (ARRAY['everyone_left', 'by_host', 'time_up'])[n %% 3 + 1], 3 + n %% 8,
               3000 * (3 + n %% 8), at + interval '50 minutes', 0, 0
        FROM (SELECT n,
        %(now)s - interval '1 day' - (%(meetings)s - n) * (interval '600 days' / %(meetings)s) AS at,
                     1 + n::bigint * 7919 %% %(rooms)s AS room
              FROM generate_series(1, %(meetings)s) n) each JOIN rooms r ON r.id = each.room
    """,
    "attendance_figures": """
        INSERT INTO attendance_figures (meeting_id, minute, people)
        SELECT n, minute, 2 + (n + minute) %% 9
        FROM generate_series(%(meetings)s - %(figures)s + 1, %(meetings)s) n, generate_series(0, 49) minute
    """,
    # The first 150 are those of account 1, whose room was met in most; all others are their meeting's holder's.
    "recordings": """
        INSERT INTO recordings (id, record_id, key, server_id, holder_id, meeting_id, room_id, host_id, name, state,
                                visibility, bytes, estimated, minutes, recorded_at, created_at, check_at,
                                seen_at, kept_until)
        SELECT n, md5('record' || n) || '-' || n, md5('key' || n), 1, coalesce(r.holder_id, m.holder_id), m.id,
               coalesce(r.id, m.room_id), coalesce(r.host_id, m.started_by), coalesce(r.name, m.name), 'published',
               'hosts', 5000000 + n %% 7 * 9000000, n %% 9 = 0, 48, m.started_at, m.ended_at,
               %(now)s + n %% 1000 * interval '1 hour', %(now)s,
               CASE WHEN n %% 4 = 0 THEN %(now)s + interval '200 days' END
        FROM (SELECT n, n * (%(meetings)s / %(recordings)s) AS meeting FROM generate_series(1,
        %(recordings)s) n) each
        JOIN meetings m ON m.id = each.meeting
        LEFT JOIN rooms r ON n <= 150 AND r.id = 1 + n %% 50
    """,
    "recording_formats": """
        INSERT INTO recording_formats (recording_id, type, url, size, minutes, hidden)
        SELECT id, type, 'https://bbb.example.org/playback/' || type || '/' || record_id,
               CASE WHEN estimated THEN NULL ELSE bytes / 2 END, minutes, false
        FROM recordings, unnest(ARRAY['presentation', 'video']) type
    """,
    "stored bytes": """
        UPDATE holders SET stored_bytes = kept.bytes
        FROM (SELECT holder_id,
        sum(bytes) AS bytes FROM recordings GROUP BY holder_id) kept WHERE kept.holder_id = holders.id
    """,
    # Rooms 1 to 10 of account 1, and those from 52 on, each another one's.
    "running meetings": """
        INSERT INTO meetings (id, room_id, holder_id, server_id, started_by, name, external_id, callback_token,
        state,
                              sitting_id, tier, minutes, people, recorded, reserved_at, started_at, people_now,
                              peak_people, reserved_bytes)
        SELECT %(meetings)s + n, r.id, r.holder_id, 1, r.host_id, r.name, 'gh-running-' || n, md5('r' || n),
        'running',
               'gh-running-' || n, 'co-producer', 1440, %(places)s, false, %(now)s, %(now)s, %(in_each)s,
               %(in_each)s, 0
        FROM generate_series(1, %(running)s) n JOIN rooms r ON r.id = CASE WHEN n <= 10 THEN n ELSE n + 41 END
    """,
    "attendances": """
        INSERT INTO attendances (meeting_id, participant, name, is_host, sent_at, present, seen_at)
        SELECT %(meetings)s + n, 'p-' || n || '-' || p, 'Participant ' || p, p = 1, %(now)s, true, %(now)s
        FROM generate_series(1, %(running)s) n, generate_series(1, %(in_each)s) p
    """,
    "their numbers": """
        SELECT setval(pg_get_serial_sequence(name, 'id'), 10000000)
        FROM unnest(ARRAY['holders', 'users', 'organisations', 'rooms', 'servers', 'meetings', 'recordings']) name
    """,
}


def fill(connection: psycopg.Connection, size: Size, now: datetime, bbb: str) -> float:
    """Fill the database; `bbb` is the server's address as in the settings. Returns the seconds it took."""
    began = time.perf_counter()
    values = {**asdict(size), "now": now, "bbb": bbb, "places": PLACES, "in_each": IN_EACH}
    for statement in STEPS.values():
        connection.execute(
            statement.encode(), {name: values[name] for name in values if f"%({name})s" in statement}
        )
        connection.commit()
    connection.autocommit = True
    connection.execute("VACUUM (ANALYZE)")
    return time.perf_counter() - began
