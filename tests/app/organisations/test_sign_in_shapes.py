"""Providers as they are out there sign people in, and what does not fit is said: in a word, and step by step."""

import pytest
from joserfc.jwk import ECKey, RSAKey
from sqlalchemy import select

from app.accounts.models import User
from app.organisations.models import SignInProvider
from tests.app.organisations.providers import HERE, at_provider, change, come_back, host_of, set_up, through
from tests.app.organisations.shapes import ADDRESS, SHAPES, VOUCHED, adfs, entra, keycloak, okta
from tests.conftest import new_person
from tests.openid_provider import CLIENT, EC, RSA, running_provider, signed

HOME = "/organisations/riverside-housing/sign-in"
SILENT = {"entra", "adfs"}


@pytest.fixture
async def shaped():
    """A provider that a test gives its shape."""
    async with running_provider() as provider:
        yield provider


@pytest.fixture
def at_home(database, settings, riverside, shaped):
    """The organisation's sign-in, set up for the provider as it is shaped."""

    async def place(shape=None, **columns) -> SignInProvider:
        if shape is not None:
            shape(shaped)
        return await set_up(database, settings, riverside, shaped, **columns)

    return place


async def person_of(database) -> User | None:
    async with database.transaction() as session:
        return await session.scalar(select(User).where(User.email == ADDRESS))


async def try_it(person) -> None:
    left = await person.client.get(f"{HOME}/try", headers=HERE)
    await come_back(person, await at_provider(left.headers["location"]))


@pytest.mark.parametrize("name", SHAPES)
async def test_each_shape_signs_its_people_in(someone, database, at_home, name):
    await at_home(SHAPES[name], **(VOUCHED if name in SILENT else {}))
    await through(someone)
    assert "Welcome. You host for Riverside Housing now." in someone.words
    dov = await person_of(database)
    assert dov.name == ("dov" if name == "adfs" else "Dov Halevi")


@pytest.mark.parametrize("name", sorted(SILENT))
@pytest.mark.parametrize("columns", [{}, {"names_own_addresses": True}, {"name_is_address": True}])
async def test_silence_counts_only_where_an_operator_has_said_both(someone, database, at_home, name, columns):
    await at_home(SHAPES[name], **columns)
    await through(someone)
    assert someone.page.status_code == 403
    assert await person_of(database) is None


async def test_an_address_without_a_word_on_it_counts_where_an_operator_vouches(
    someone, database, at_home, shaped
):
    await at_home(entra, names_own_addresses=True)
    shaped.person["email"] = ADDRESS
    await through(someone)
    assert "Welcome." in someone.words


@pytest.mark.parametrize("said", [False, "false", "False", 0, 1, "no", "", [], {"a": 1}])
@pytest.mark.parametrize("where", ["token", "userinfo"])
async def test_an_explicit_no_never_counts(someone, database, at_home, shaped, said, where):
    await at_home(entra, **VOUCHED)
    shaped.person["email"] = ADDRESS
    if where == "token":
        shaped.person["email_verified"] = said
    else:
        shaped.userinfo["email_verified"] = said
    await through(someone)
    assert "does not say that your e-mail address is verified" in someone.words
    assert await person_of(database) is None


async def test_a_yes_about_another_address_is_no_yes(someone, database, at_home, shaped):
    await at_home(okta)
    shaped.userinfo["email"] = "dov@elsewhere.example"
    await through(someone)
    assert "does not say that your e-mail address is verified" in someone.words
    # Nor is one about an address that is not there, for the name.
    shaped.person |= {"email": None, "email_verified": True, "preferred_username": ADDRESS}
    shaped.userinfo = None
    await change(database, await _row(database), name_is_address=True)
    async with new_person(someone.site) as again:
        await through(again)
        assert again.page.status_code == 403
    assert await person_of(database) is None


async def _row(database) -> SignInProvider:
    async with database.transaction() as session:
        return await session.scalar(select(SignInProvider))


async def test_vouching_speaks_of_the_confirmed_domains_only(someone, database, at_home, shaped):
    await at_home(entra, **VOUCHED)
    shaped.person["preferred_username"] = "boss@elsewhere.example"
    await through(someone)
    assert "not of a domain that is confirmed" in someone.words


async def test_a_name_that_is_no_address_is_passed_over_for_one_that_is(someone, database, at_home, shaped):
    await at_home(adfs, **VOUCHED)
    shaped.person["preferred_username"] = "RIVERSIDE\\dov"
    await through(someone)
    assert "Welcome." in someone.words


# Userinfo


@pytest.mark.parametrize("kind", ["application/jwt", "application/jwt; charset=utf-8", "text/plain"])
@pytest.mark.parametrize("names", [{}, {"aud": CLIENT}, {"aud": [CLIENT, "other"]}])
async def test_userinfo_may_be_signed(someone, at_home, shaped, kind, names):
    await at_home(okta)
    shaped.userinfo_signed = lambda said: signed({**said, "iss": shaped.issuer, **names})
    shaped.userinfo_kind = kind
    await through(someone)
    assert "Welcome." in someone.words


async def test_what_adfs_signs_at_userinfo_may_name_its_other_issuer(someone, at_home, shaped):
    await at_home(adfs, **VOUCHED)
    other = f"{shaped.base}/adfs/services/trust"
    shaped.userinfo |= {"email": ADDRESS, "email_verified": True}
    shaped.userinfo_signed = lambda said: signed({**said, "iss": other, "aud": CLIENT})
    await through(someone)
    assert "Welcome." in someone.words


STRANGER = RSAKey.generate_key(2048, {"kid": "r1"})
BAD_USERINFO = {
    "signed by a stranger": lambda said: signed(said, key=STRANGER),
    "of another issuer": lambda said: signed({**said, "iss": "https://evil.example"}),
    "for another site": lambda said: signed({**said, "aud": "another-site"}),
    "over": lambda said: signed({**said, "exp": 1_000_000_000}),
    "encrypted": lambda _said: "eyJ.a.b.c.d",
    "of nobody": lambda said: signed({name: value for name, value in said.items() if name != "sub"}),
    "of another person": lambda said: signed({**said, "sub": "ada"}),
    "signed in no way": lambda _said: "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.",
}


@pytest.mark.slow
@pytest.mark.parametrize("what", BAD_USERINFO)
async def test_signed_userinfo_that_is_not_the_providers_signs_nobody_in(
    someone, database, at_home, shaped, what
):
    await at_home(okta)
    shaped.userinfo_signed = BAD_USERINFO[what]
    await through(someone)
    assert someone.page.status_code == 403
    assert await person_of(database) is None


UNWILLING = {
    "unauthorised": (401, b""),
    "forbidden": (403, b'{"error": "insufficient_scope"}'),
    "away": (503, b"{}"),
    "a page": (200, b"<!doctype html><title>Sign in</title>"),
    "a list": (200, b"[]"),
    "without end": (200, b"[" * 100_000),
}


@pytest.mark.parametrize("what", UNWILLING)
async def test_a_userinfo_that_does_not_tell_is_one_sentence_for_people_and_steps_for_admins(
    someone, at_ada_s, database, at_home, shaped, what
):
    await at_home(okta)
    shaped.answers["/userinfo"] = UNWILLING[what]
    await through(someone)
    assert "didn’t say who you are" in someone.words
    assert "userinfo" not in someone.words
    assert await person_of(database) is None
    await try_it(at_ada_s)
    for words in ("It doesn’t work yet", "The code is exchanged for tokens", "userinfo address"):
        assert words in at_ada_s.words
    assert f"email: {ADDRESS}" in at_ada_s.words


@pytest.mark.parametrize("what", UNWILLING)
async def test_it_need_not_tell_where_the_token_says_enough(someone, at_home, shaped, what):
    await at_home(entra, **VOUCHED)
    shaped.person["email"] = ADDRESS
    shaped.answers["/userinfo"] = UNWILLING[what]
    await through(someone)
    assert "Welcome." in someone.words


async def test_a_role_that_stands_at_userinfo_only_is_read_there_and_not_lost_when_it_is_silent(
    someone, site, database, at_home, riverside, shaped
):
    await at_home(keycloak, role_claim="realm_access.roles", admin_values=["chair"], default_role="")
    await through(someone)
    assert (await host_of(database, riverside, ADDRESS)).role == "admin"
    shaped.answers["/userinfo"] = (401, b"")
    async with new_person(site) as again:
        await through(again)
        assert again.page.status_code == 403
    found = await host_of(database, riverside, ADDRESS)
    assert (found.role, found.suspended_at) == ("admin", None)


async def test_too_many_groups_take_no_role_away(someone, site, database, at_home, riverside, shaped):
    await at_home(entra, role_claim="groups", host_values=["hosts"], default_role="", **VOUCHED)
    shaped.person["groups"] = ["hosts"]
    await through(someone)
    assert "Welcome." in someone.words
    del shaped.person["groups"]
    shaped.person["_claim_names"] = {"groups": "src1"}
    async with new_person(site) as again:
        await through(again)
        assert again.page.status_code == 200
    assert (await host_of(database, riverside, ADDRESS)).suspended_at is None


# Keys


SECOND, THIRD = RSAKey.generate_key(2048), RSAKey.generate_key(2048)


def public(key, **names):
    return {**key.as_dict(private=False), **names}


@pytest.mark.parametrize("key", [SECOND, THIRD])
async def test_without_a_kid_every_key_that_fits_is_tried(someone, at_home, shaped, key):
    shaped.person = {"sub": "dov", "email": ADDRESS, "name": "Dov Halevi"}
    shaped.keys = [
        public(EC, kid="e1"),
        {"kty": "RSA", "n": "broken", "e": "AQAB"},
        public(RSA, kid="r1"),
        public(SECOND, use="sig", alg="RS256"),
        public(THIRD, kid="r3"),
    ]
    shaped.sign = lambda claims: signed(claims, key=key, kid=None)
    await at_home()
    await through(someone)
    assert "Welcome." in someone.words


async def test_a_kid_that_no_key_has_fits_keys_without_one(someone, at_home, shaped):
    shaped.person = {"sub": "dov", "email": ADDRESS}
    shaped.keys = [public(SECOND), public(THIRD)]
    shaped.sign = lambda claims: signed(claims, key=THIRD, kid="of-another-day")
    await at_home()
    await through(someone)
    assert "Welcome." in someone.words


FITS_NOT = {
    "no key of its kind": (EC, "ES256", [public(SECOND)], "None of the keys"),
    "for encryption": (
        SECOND,
        "RS256",
        [public(SECOND, use="enc"), public(THIRD)],
        "by none of the provider’s keys",
    ),
    "for another algorithm": (SECOND, "RS256", [public(SECOND, alg="RS512")], "None of the keys"),
    "of another curve": (
        EC,
        "ES256",
        [ECKey.generate_key("P-384").as_dict(private=False), public(SECOND)],
        "None of the keys",
    ),
}


@pytest.mark.parametrize("what", FITS_NOT)
async def test_a_key_that_does_not_fit_is_said_to_the_admin(
    someone, at_ada_s, database, at_home, shaped, what
):
    key, algorithm, shaped.keys, words = FITS_NOT[what]
    shaped.person = {"sub": "dov", "email": ADDRESS}
    shaped.sign = lambda claims: signed(claims, algorithm, key, kid=None)
    await at_home()
    await through(someone)
    assert "is not valid" in someone.words
    assert words not in someone.words
    await try_it(at_ada_s)
    assert words in at_ada_s.words


# What admins read


HINTED = {
    "another issuer": ({"iss": "https://login.example.org"}, "as another issuer"),
    "another client": ({"aud": "another-site"}, "for another client"),
    "over": ({"exp": 1_000_000_000}, "compare the clocks"),
    "another nonce": ({"nonce": "mine"}, "isn’t what we sent"),
    "nothing of verified": ({"email_verified": None}, "“email_verified” wasn’t sent"),
    "not verified": ({"email_verified": False}, "says that the address isn’t verified"),
    "no address": ({"email": None}, "Let the provider send the claim “email”"),
    "a name instead": ({"email": None, "upn": ADDRESS}, "can let it count as one"),
    "no real address": ({"email": "dov"}, "was sent as the address is none"),
    "another domain": ({"email": "dov@elsewhere.example"}, "not of a domain that is confirmed"),
}


@pytest.mark.slow
@pytest.mark.parametrize("what", HINTED)
async def test_an_admin_reads_which_step_failed_and_how_to_mend_it(at_ada_s, database, at_home, shaped, what):
    shaped.person = {"sub": "dov", "email": ADDRESS}
    shaped.twist, words = HINTED[what]
    await at_home()
    await try_it(at_ada_s)
    assert at_ada_s.page.status_code == 403
    assert words in at_ada_s.words
    assert "Try it again" in at_ada_s.words
    assert (await _row(database)).tried_at is None


async def test_what_the_provider_says_is_shown_as_it_is_and_no_secret_is(at_ada_s, at_home, shaped):
    shaped.person = {
        "sub": "dov",
        "email": ADDRESS,
        "name": "<script>alert(1)</script>",
        "email_verified": False,
    }
    await at_home()
    await try_it(at_ada_s)
    assert "<script>alert" not in at_ada_s.page.text
    assert "name: <script>alert(1)</script>" in at_ada_s.words
    assert "between us" not in at_ada_s.page.text
    left = await at_ada_s.client.get(f"{HOME}/try", headers=HERE)
    state = left.headers["location"].partition("&state=")[2].partition("&")[0]
    reason = "error=invalid_scope&error_description=AADSTS70011: the scope <b>x</b> is not valid"
    await at_ada_s.open(f"/sign-in/with/riverside-housing/return?state={state}&{reason}")
    assert "AADSTS70011: the scope <b>x</b> is not valid" in at_ada_s.words
    assert "<b>x</b>" not in at_ada_s.page.text


async def test_a_wrong_secret_is_told_in_the_providers_words(at_ada_s, database, settings, at_home, shaped):
    from app.organisations.providers import SEALED_FOR
    from app.web.sealing import seal

    shaped.person = {"sub": "dov", "email": ADDRESS}
    row = await at_home()
    await change(database, row, client_secret=seal(settings, SEALED_FOR, "another one"))
    await try_it(at_ada_s)
    assert "does not know this site’s client ID and secret" in at_ada_s.words
    assert "invalid_client" in at_ada_s.words


async def test_the_issuer_for_everybody_is_told_from_a_tenants(at_ada_s, shaped, riverside):
    await at_ada_s.open(HOME)
    shaped.metadata = {"issuer": "https://login.microsoftonline.com/{tenantid}/v2.0"}
    typed = {
        "issuer": shaped.issuer,
        "client_id": CLIENT,
        "client_secret": "x",
        "domains": "riverside.example",
    }
    await at_ada_s.submit(HOME, **typed)
    assert "Write the one of your tenant" in at_ada_s.words
    shaped.metadata = {"issuer": "https://login.example.org/9188"}
    await at_ada_s.submit(HOME, **typed)
    assert "It says: https://login.example.org/9188" in at_ada_s.words


# What operators say of an issuer


async def test_an_operator_vouches_for_an_issuer_and_another_issuer_is_not_vouched_for(
    olu, at_ada_s, someone, database, settings, at_home, shaped, operator
):
    await at_home(entra)
    await olu.open(HOME)
    await olu.submit(f"{HOME}/vouch", names_own_addresses="yes", name_is_address="yes")
    row = await _row(database)
    assert (row.names_own_addresses, row.name_is_address, row.vouched_by) == (True, True, operator.id)
    await through(someone)
    assert "Welcome." in someone.words
    await at_ada_s.open(HOME)
    assert "have allowed it for this issuer" in at_ada_s.words
    async with running_provider(sub="x") as other:
        await at_ada_s.submit(HOME, issuer=other.issuer, client_secret="x")
    row = await _row(database)
    assert (row.names_own_addresses, row.name_is_address, row.vouched_by) == (False, False, None)


async def test_what_an_operator_saw_is_what_they_vouch_for(olu, database, at_home):
    row = await at_home(entra)
    await olu.open(HOME)
    await change(database, row, version=7)
    await olu.submit(f"{HOME}/vouch", names_own_addresses="yes")
    assert "changed the provider meanwhile" in olu.words
    assert not (await _row(database)).names_own_addresses


async def test_the_name_counts_only_together_with_the_directory(olu, database, at_home):
    await at_home(entra)
    await olu.open(HOME)
    await olu.submit(f"{HOME}/vouch", name_is_address="yes")
    assert not (await _row(database)).name_is_address


async def test_an_admin_cannot_vouch(at_ada_s, database, at_home):
    await at_home(entra)
    await at_ada_s.open(HOME)
    token = at_ada_s.form("/remove").fields["form_token"]
    answer = await at_ada_s.client.post(
        f"{HOME}/vouch", data={"form_token": token, "names_own_addresses": "yes"}
    )
    assert answer.status_code == 404
    assert not (await _row(database)).names_own_addresses
