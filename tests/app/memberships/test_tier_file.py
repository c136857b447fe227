"""The tiers of a new installation come from a file, which is read once and says what is wrong with it."""

import psycopg
import pytest
from sqlalchemy import delete, select

from app.contributions.models import GrantRule
from app.memberships.models import Tier, TierVersion
from app.memberships.shipped import ship
from app.memberships.tier_file import SHIPPED, TiersFileError, read_tiers
from app.settings import ROOT
from tests.app.test_command_line import python_m_app
from tests.conftest import new_database

GOOD = SHIPPED.read_text()
OWN = """
[[tier]]
key = "free"
name = "Neighbours"
for = "person"
how_to_get = "Come by."
description = "For the street."
meeting_minutes = 45
group_size = "no limit"
rooms = 2
at_once = 1
storage_gb_first_host = 0.5
storage_gb_further_host = 0
recording_days = 30
large_sessions_per_month = 0
large_session_people = 0
"""


def written(tmp_path, text):
    file = tmp_path / "tiers.toml"
    file.write_text(text)
    return file


def test_what_ships_is_the_table_of_the_founding_page():
    free, organiser, consumer, producer = read_tiers(SHIPPED)
    table = ("meeting_minutes", "group_size", "rooms_per_host", "at_once_per_host", "storage_first_host")
    assert [tuple(tier[name] for name in table) for tier in (free, organiser, consumer, producer)] == [
        (60, 10, 1, 1, 0),
        (180, 25, 5, 1, 10**9),
        (1440, 50, 20, 2, 5 * 10**9),
        (1440, 100, None, None, 5 * 10**9),
    ]
    large = ("storage_further_host", "large_sessions_per_month", "large_session_people")
    assert [consumer[name] for name in large] == [10**9, 2, 150]
    assert [producer[name] for name in large] == [10**9, 4, 150]


def test_the_example_in_the_document_is_a_file_that_can_be_used(tmp_path):
    text = (ROOT / "docs" / "tiers.md").read_text()
    example = text.split("```toml\n")[1].split("```")[0]
    assert [tier["key"] for tier in read_tiers(written(tmp_path, example))] == ["free", "festival"]


async def test_a_new_installation_begins_with_its_own_file_and_never_reads_it_again(database, tmp_path):
    file = written(tmp_path, OWN)
    async with database.transaction() as session:
        for table in (GrantRule, TierVersion, Tier):
            await session.execute(delete(table))
        await ship(session, file)
    async with database.transaction() as session:
        tier = (await session.scalars(select(Tier))).one()
        assert (tier.name, tier.meeting_minutes, tier.group_size) == ("Neighbours", 45, None)
        assert (tier.storage_first_host, tier.recording_days, tier.position) == (500_000_000, 30, 0)
        version = (await session.scalars(select(TierVersion))).one()
        assert (version.version, version.by, version.said["description"]) == (1, "", "For the street.")
        tier.name = "Friends"
    file.write_text("this is no file of tiers")
    async with database.transaction() as session:
        await ship(session, file)
        assert await session.scalar(select(Tier.name)) == "Friends"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("group_size = 10\n", "\n", 'tier “free”: group_size: must be written: a number, or "no limit"'),
        ("group_size = 10\n", "group_size = 0\n", "tier “free”: group_size: must be 1 or more"),
        ("group_size = 10\n", "group_size = -1\n", "tier “free”: group_size: must be 1 or more"),
        ("group_size = 10\n", "group_size = true\n", 'group_size: must be a number, or "no limit"'),
        ("group_size = 10\n", "group_size = 9000000\n", "group_size: is too large"),
        ("group_size = 10\n", "group_size = 2.5\n", "group_size: must be a whole number"),
        ("rooms = 1\n", 'rooms = "none"\n', 'rooms: must be a number, or "no limit"'),
        (
            "_first_host = 1\n",
            "_first_host = inf\n",
            "tier “session-organiser”: storage_gb_first_host: must be",
        ),
        ("_first_host = 1\n", "_first_host = 1.0001\n", "must be GB with at most three decimals"),
        ('key = "consumer"', 'key = "co-producer"', "tier “co-producer”: stands twice"),
        ('key = "consumer"', 'key = "Big Ones"', "must be small letters, digits and hyphens"),
        ('key = "free"', 'key = "none"', 'a tier with key = "free" must be there'),
        ('for = "person"', 'for = "organisation"', 'tier “free”: must be for = "person" and cost nothing'),
        ('for = "person"', 'for = "club"', "tier “free”: for: "),
        ('name = "Free"', 'name = "Free"\neur_by_year = ["1"]', "eur_by_year.0: must be an amount in EUR"),
        ('name = "Free"', 'name = "Free"\nrooms_per_host = 1', "rooms_per_host: is not known here"),
        ("large_session_people = 150", "large_session_people = 50", "must be more than group_size"),
        ("[[tier]]", "[[tiers]]", "must hold tiers, each under a line [[tier]]"),
        ("[[tier]]", "[[tier", "this is not TOML"),
    ],
)
def test_a_mistake_is_named_with_its_tier_and_line(tmp_path, old, new, said):
    file = written(tmp_path, GOOD.replace(old, new))
    with pytest.raises(TiersFileError) as caught:
        read_tiers(file)
    assert said in str(caught.value)
    assert str(file) in str(caught.value)


def test_every_mistake_is_named_at_once(tmp_path):
    text = GOOD.replace("group_size = 10\n", "group_size = 0\n").replace("at_once = 2", "at_once = -2")
    with pytest.raises(TiersFileError) as caught:
        read_tiers(written(tmp_path, text))
    assert len(str(caught.value).splitlines()) == 2


def test_a_file_that_is_not_there_is_said(tmp_path):
    with pytest.raises(TiersFileError, match="No such file"):
        read_tiers(tmp_path / "nothing.toml")


@pytest.mark.slow
def test_migrate_says_what_is_wrong_and_works_when_it_is_right(postgres, tmp_path):
    url, file = new_database(postgres, "own_tiers"), written(tmp_path, OWN.replace("45", "0"))
    settings = {"GUILDHALL_DATABASE_URL": url, "GUILDHALL_TIERS_FILE": str(file)}
    done = python_m_app("migrate", **settings)
    assert done.returncode == 2
    assert "tier “free”: meeting_minutes: must be 1 or more" in done.stderr
    assert "Traceback" not in done.stderr
    file.write_text(OWN)
    assert python_m_app("migrate", **settings).returncode == 0
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT key, name FROM tiers").fetchall() == [("free", "Neighbours")]
