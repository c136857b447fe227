"""Making operators, taking it back, and the mail that verifies an address."""

from tests.app.admin.conftest import fresh
from tests.factories import a_person


async def test_someone_made_an_operator_sees_these_pages_at_once(olu, ada, at_browsers):
    her = await at_browsers(ada)
    assert (await her.open("/admin")).status_code == 404
    await olu.open(f"/admin/people/{ada.id}/operator")
    await olu.submit(f"/people/{ada.id}/operator")
    assert "They are an operator now." in olu.words
    assert (await her.open("/admin")).status_code == 200


async def test_the_last_operator_stays_one(olu, operator, database):
    await olu.open(f"/admin/people/{operator.id}/operator")
    await olu.submit("/operator/end")
    assert "Make someone else an operator first." in olu.words
    assert (await fresh(database, operator)).is_operator


async def test_a_banned_operator_does_not_count_as_another_one(olu, operator, database):
    await a_person(database, "gone@example.org", is_operator=True, banned_at=operator.created_at)
    await olu.open(f"/admin/people/{operator.id}/operator")
    await olu.submit("/operator/end")
    assert (await fresh(database, operator)).is_operator


async def test_an_operator_may_leave_the_work_to_another(olu, operator, database):
    await a_person(database, "second@example.org", is_operator=True)
    await olu.open(f"/admin/people/{operator.id}/operator")
    await olu.submit("/operator/end")
    assert "You are no longer an operator." in olu.words
    assert (await olu.open("/admin")).status_code == 404


async def test_an_operator_takes_it_back_from_another(olu, database):
    second = await a_person(database, "second@example.org", is_operator=True)
    await olu.open(f"/admin/people/{second.id}/operator")
    await olu.submit("/operator/end")
    assert "They are no longer an operator." in olu.words
    assert not (await fresh(database, second)).is_operator


async def test_who_has_not_verified_their_address_cannot_be_an_operator(olu, database):
    new = await a_person(database, "new@example.org", verified=False)
    await olu.open(f"/admin/people/{new.id}")
    assert "/operator" not in olu.page.text
    await olu.open(f"/admin/people/{new.id}/operator")
    await olu.submit("/operator")
    assert "Only someone with a verified address" in olu.words
    assert not (await fresh(database, new)).is_operator


async def test_the_verification_mail_is_sent_again_and_works(olu, someone, database):
    new = await a_person(database, "new@example.org", verified=False)
    await olu.open(f"/admin/people/{new.id}")
    await olu.submit("/verification")
    assert "The mail is on its way." in olu.words
    await someone.open(await someone.link_in_mail(new.email))
    await someone.submit("/password", new_password="a long walk by the river")
    assert (await fresh(database, new)).verified_at is not None


async def test_nobody_is_flooded_with_verification_mails(olu, someone, database):
    new = await a_person(database, "new@example.org", verified=False)
    for _ in range(6):
        await olu.open(f"/admin/people/{new.id}")
        await olu.submit("/verification")
    assert olu.page.status_code == 429
    assert len(await someone.mails(new.email)) == 5


async def test_a_verified_person_gets_no_mail(olu, ada, someone):
    await olu.open(f"/admin/people/{ada.id}/ban")
    token = olu.form("/ban").fields["form_token"]
    await olu.client.post(f"/admin/people/{ada.id}/verification", data={"form_token": token})
    assert await someone.mails(ada.email) == []
