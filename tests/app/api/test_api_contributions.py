"""GET /contributions: one's own entries of the ledger, and nobody else's."""

from tests.app.contributions.books import gift, recorded, reversed_
from tests.factories import an_organisation


async def test_one_s_own_contributions_with_what_became_of_them(ada, ada_user, database):
    wrong = await recorded(database, gift(ada_user.holder_id, 500, what="hours", minutes=12))
    done = await reversed_(database, wrong)
    answer = (await ada.get("/contributions")).json()
    assert answer["total"] == 2
    correction, first = answer["items"]
    assert (first["cents"], first["minutes"], first["reversed_by"]) == (500, 12, done.correction.id)
    assert (correction["kind"], correction["cents"], correction["reverses"]) == ("correction", -500, wrong.id)
    assert first["day"] == wrong.booked_on.isoformat()


async def test_an_organisation_s_for_its_admins_alone(ada, ada_user, database):
    other = await an_organisation(database, "Commons Cloud", "co-producer")
    await recorded(database, gift(other.holder_id, 700))
    assert (await ada.get(f"/contributions?holder={other.holder_id}")).status_code == 404
    first = ada_user.email.partition("@")[0]
    theirs = await an_organisation(database, "Riverside Housing", "consumer", **{first: "admin"})
    await recorded(database, gift(theirs.holder_id, 900))
    answer = await ada.get(f"/contributions?holder={theirs.holder_id}")
    assert [item["cents"] for item in answer.json()["items"]] == [900]
