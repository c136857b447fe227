"""A hundred thousand entries of ten thousand contributors over five years, made by the database itself.

With ten thousand grants, and a hundred thousand payments of two hundred files, of which every fifth waits.
"""

from sqlalchemy import text

from app import clock
from app.db import Database

ENTRIES, CONTRIBUTORS = 100_000, 10_000
PATIENCE = 300.0  # seconds
FILLED = ("ledger_entries", "holders", "memberships", "organisations", "import_lines", "grants")

HOLDERS = """
    INSERT INTO holders (kind, name, created_at)
    SELECT CASE WHEN n % 10 = 0 THEN 'organisation' ELSE 'person' END, 'Contributor ' || n, :now
    FROM generate_series(1, :people) n
"""
ORGANISATIONS = """
    INSERT INTO organisations (holder_id, slug, created_at)
    SELECT id, 'o-' || id, :now FROM holders WHERE kind = 'organisation'
"""
MEMBERSHIPS = """
    INSERT INTO memberships (holder_id, tier_id, starts_at, reason, granted_by, cents)
    SELECT h.id, t.id, CAST(:now AS timestamptz) - interval '1 day', 'many', 'many', 12000
    FROM holders h JOIN tiers t ON t.key = 'session-organiser'
"""
LEDGER = """
    INSERT INTO ledger_entries
        (kind, counts_as, what, booked_on, contributor_id, cents, note, recorded_at, recorded_by)
    SELECT kind, kind, (ARRAY['money', 'hours', 'server', 'other'])[1 + n % 4], CAST(:now AS date) - n % 1800,
           lowest + n % :people, 100 + n % 5000, 'Gift ' || n, :now, 'many'
    FROM generate_series(1, :entries) n
    CROSS JOIN (SELECT min(id) AS lowest FROM holders WHERE name LIKE 'Contributor%') h
    CROSS JOIN LATERAL (SELECT CASE WHEN n % 3 = 0 THEN 'pledge' ELSE 'confirmation' END AS kind) k
"""
FILES = """
    INSERT INTO import_files (kind, name, digest, uploaded_at, uploaded_by, imported_at, imported_by)
    SELECT 'csv', 'File ' || n, sha256(CAST('many ' || n AS bytea)), :now, 'many', :now, 'many'
    FROM generate_series(1, 200) n
"""
LINES = """
    INSERT INTO import_lines (file_id, number, key, booked_on, cents, currency, payer_name, payer_email, payer_key,
                              reference, state, holder_id, matched_by)
    SELECT lowest.file + n % 200, n, 'many ' || n, CAST(:now AS date) - n % 1800, 100 + n % 5000, 'EUR',
           'Payer ' || n, 'p' || n || '@example.org', 'payer:' || n, 'Gift ' || n,
           CASE WHEN n % 5 = 0 THEN 'unmatched' ELSE 'matched' END,
           CASE WHEN n % 5 <> 0 THEN lowest.holder + n % :people END, CASE WHEN n % 5 <> 0 THEN 'hand' END
    FROM generate_series(1, :entries) n
    CROSS JOIN (SELECT (SELECT min(id) FROM import_files) AS file, min(id) AS holder
                FROM holders WHERE name LIKE 'Contributor%') lowest
"""
GRANTS = """
    INSERT INTO grants (holder_id, rule_id, tier_id, state, proposed_at)
    SELECT h.id, r.id, r.tier_id, CASE WHEN h.id % 9 = 0 THEN 'proposed' ELSE 'granted' END, :now
    FROM holders h CROSS JOIN (SELECT id, tier_id FROM grant_rules ORDER BY id LIMIT 1) r
    WHERE h.name LIKE 'Contributor%'
"""


async def many(database: Database) -> None:
    """Fill the tables, and let PostgreSQL look at them."""
    values = {"now": clock.now(), "people": CONTRIBUTORS, "entries": ENTRIES}
    # A page may not take so long; a hundred thousand lines on a busy machine may.
    statements = ["SET statement_timeout = 0"]
    for statement in (HOLDERS, ORGANISATIONS, MEMBERSHIPS, LEDGER, FILES, LINES, GRANTS):
        wanted = {name: value for name, value in values.items() if f":{name}" in statement}
        made = (
            text(statement)
            .bindparams(**wanted)
            .compile(database.engine, compile_kwargs={"literal_binds": True})
        )
        statements.append(str(made))
    statements += [f"ANALYZE {table}" for table in FILLED]
    async with database.engine.connect() as connection:
        raw = await connection.get_raw_connection()
        for statement in statements:
            await raw.driver_connection.execute(statement, timeout=PATIENCE)
        await raw.driver_connection.execute("RESET statement_timeout")
