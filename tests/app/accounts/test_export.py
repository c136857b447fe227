"""Taking one's data along."""

import json

import pytest

from app import clock
from app.accounts import export
from app.accounts.tokens import create_token
from tests.app.accounts.conftest import ADA, make_user, membership

pytestmark = pytest.mark.slow


async def test_the_export_holds_everything_about_its_owner_and_no_secret(her, ada, database):
    await membership(database, ada)
    bo = await make_user(database, "bo@example.org")
    await membership(database, bo, "somebody else's")
    async with database.transaction() as session:
        token = await create_token(session, ada.id, "robot", days=30)
    answer = await her.open("/account/data.json")
    assert "attachment" in answer.headers["content-disposition"]
    data = json.loads(answer.text)
    assert data["account"]["email"] == ADA
    assert data["account"]["name"] == "Ada"
    assert len(data["sessions"]) == 1
    assert data["api_tokens"][0]["name"] == "robot"
    assert data["memberships"][0]["tier"] == "session-organiser"
    assert data["memberships"][0]["reason"] == "gave 120 EUR"
    for secret in ("argon2", token.secret, "hash", "Olga", "bo@example.org", "somebody else's"):
        assert secret not in answer.text


async def test_features_add_their_part_to_the_export(her, ada, monkeypatch):
    async def rooms(session, user_id: int) -> dict[str, object]:
        del session
        return {"shelves": [{"of": user_id, "since": clock.now()}]}

    monkeypatch.setattr(export, "exporters", [*export.exporters])
    export.exports(rooms)
    export.exports(rooms)  # twice is once
    data = json.loads((await her.open("/account/data.json")).text)
    assert data["shelves"][0]["of"] == ada.id
    assert export.exporters.count(rooms) == 1
