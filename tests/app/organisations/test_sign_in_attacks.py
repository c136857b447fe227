"""Nobody comes in by a token, a code or a state that is not theirs, or by an address that is not the provider's."""

import base64
import json

import pytest
from joserfc.jwk import RSAKey
from sqlalchemy import func, select, update

from app.accounts.changes import change_password
from app.accounts.models import User
from app.accounts.service import held
from app.organisations.models import ExternalIdentity, SignInAttempt, SignInDomain
from app.web.outside import MOST_BYTES
from tests.app.organisations.providers import at_provider, begin, come_back, set_up, through
from tests.conftest import new_person
from tests.factories import a_person, an_organisation, signed_in
from tests.openid_provider import EC, running_provider, signed, signed_with_the_public_key, unsigned

STRANGER = RSAKey.generate_key(2048, {"kid": "r1"})


async def nobody_came_in(person, database, why: str, what: str = "") -> None:
    assert "session" not in person.client.cookies, what
    assert person.page.status_code == 403, what
    assert why in person.words, what
    async with database.transaction() as session:
        assert not await session.scalar(select(func.count()).where(User.email.like("%riverside.example")))


INVALID = "What the organisation’s sign-in sent is not valid."
CLAIMS = {
    "another nonce": {"nonce": "mine"},
    "no nonce": {"nonce": None},
    "another issuer": {"iss": "https://login.example.org"},
    "no issuer": {"iss": None},
    "a token of another client": {"aud": "another-site"},
    "also for another client": {"aud": ["guildhall", "another-site"]},
    "made for another client": {"aud": ["guildhall", "another-site"], "azp": "another-site"},
    "no audience": {"aud": None},
    "over": {"exp": 1_000_000_000},
    "without an end": {"exp": None},
    "an end in words": {"exp": "tomorrow"},
    "not yet": {"nbf": 4_000_000_000},
    "made in the future": {"iat": 4_000_000_000},
    "nobody": {"sub": None},
    "an empty subject": {"sub": ""},
    "a subject that is a list": {"sub": ["dov"]},
    "of another access token": {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
}


@pytest.mark.slow
async def test_a_token_that_says_something_else_is_refused(site, database, signs_in, provider):
    for what, twist in CLAIMS.items():
        provider.twist = twist
        async with new_person(site) as person:
            await through(person)
            await nobody_came_in(person, database, INVALID, what)


SIGNATURES = {
    "nobody's": unsigned,
    "the public key as a secret": signed_with_the_public_key,
    "another key of the same name": lambda claims: signed(claims, key=STRANGER),
    "its key in the token itself": lambda claims: signed(
        claims, key=STRANGER, jwk=STRANGER.as_dict(private=False)
    ),
    "an algorithm it does not have": lambda claims: signed(claims, "PS256"),
    "claims changed afterwards": lambda claims: _changed(signed(claims)),
    "no token": lambda _claims: "a.b.c",
}


def _changed(token: str) -> str:
    head, body, mark = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    claims["sub"] = "ada"
    return ".".join((head, base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("="), mark))


@pytest.mark.slow
async def test_a_token_that_the_provider_did_not_sign_is_refused(site, database, signs_in, provider):
    for whose, sign in SIGNATURES.items():
        provider.sign = sign
        async with new_person(site) as person:
            await through(person)
            await nobody_came_in(person, database, INVALID, whose)


async def test_an_elliptic_key_is_as_good_but_only_if_the_provider_says_that_it_signs_so(
    site, someone, database, signs_in, provider
):
    provider.sign = lambda claims: signed(claims, "ES256", EC)
    provider.metadata = {"id_token_signing_alg_values_supported": ["RS256"]}
    await through(someone)
    await nobody_came_in(someone, database, INVALID)
    provider.metadata = {}
    async with new_person(site) as again:
        await through(again)
        assert "Welcome." in again.words


ADDRESSES = {
    "not verified": ({"email_verified": False}, "does not say that your e-mail address is verified"),
    "verified by a number": ({"email_verified": 1}, "does not say that your e-mail address is verified"),
    "nothing of it": ({"email_verified": None}, "does not say that your e-mail address is verified"),
    "no address": ({"email": None}, "did not say your e-mail address"),
    "no real address": ({"email": "dov"}, "did not say your e-mail address"),
    "another domain": ({"email": "dov@example.org"}, "not of a domain that is confirmed"),
    "a domain that ends the same": (
        {"email": "dov@notriverside.example"},
        "not of a domain that is confirmed",
    ),
    "a domain below": ({"email": "dov@mail.riverside.example"}, "not of a domain that is confirmed"),
}


@pytest.mark.slow
async def test_an_address_that_is_not_the_providers_to_give_is_refused(site, database, signs_in, provider):
    for what, (twist, why) in ADDRESSES.items():
        provider.twist = twist
        async with new_person(site) as person:
            await through(person)
            await nobody_came_in(person, database, why, what)


async def test_a_provider_does_not_speak_for_another_organisations_domain(
    site, someone, database, settings, signs_in
):
    victim = await a_person(database, "dov@riverside.example")
    allotments = await an_organisation(database, "Allotments", "consumer")
    async with running_provider(sub="dov", email="dov@riverside.example") as rogue:
        # Whoever only says that the domain is theirs has it no more than anyone else.
        row = await set_up(database, settings, allotments, rogue, domain="allotments.example")
        async with database.transaction() as session:
            session.add(SignInDomain(provider_id=row.id, domain="riverside.example"))
        await through(someone, "allotments")
    assert "not of a domain that is confirmed" in someone.words
    assert "session" not in someone.client.cookies
    assert victim.id


async def test_a_domain_that_is_not_confirmed_signs_nobody_in(someone, database, signs_in):
    async with database.transaction() as session:
        await session.execute(update(SignInDomain).values(proven_at=None))
    answer = await someone.client.get(
        "/sign-in/with/riverside-housing", headers={"sec-fetch-site": "same-origin"}
    )
    assert answer.status_code == 404


OVER = "begun in another browser, too long ago, or is finished already"


async def test_a_state_belongs_to_its_browser(site, someone, database, signs_in):
    address = await at_provider(await begin(someone))
    async with new_person(site) as victim:
        await come_back(victim, address)
        await nobody_came_in(victim, database, OVER)
    await come_back(someone, address)
    assert "Welcome." in someone.words


async def test_a_state_counts_once_and_not_for_long(someone, database, signs_in, provider, move_clock):
    provider.code_once = False
    address = await at_provider(await begin(someone))
    await come_back(someone, address)
    someone.client.cookies.delete("session")
    await come_back(someone, address)
    assert someone.page.status_code == 403
    assert OVER in someone.words
    address = await at_provider(await begin(someone))
    await move_clock(minutes=11)
    await come_back(someone, address)
    assert OVER in someone.words
    await begin(someone)
    async with database.transaction() as session:
        assert await session.scalar(select(func.count()).select_from(SignInAttempt)) == 1


async def test_a_made_up_state_and_an_error_of_the_provider_lead_nowhere(someone, database, signs_in):
    back = "/sign-in/with/riverside-housing/return"
    for query in ("", "?state=x&code=y", "?state=" + "x" * 5000):
        await someone.open(back + query)
        await nobody_came_in(someone, database, OVER)
    state = (await begin(someone)).partition("&state=")[2].partition("&")[0]
    await someone.open(
        f"{back}?state={state}&error=access_denied&error_description=<script>alert(1)</script>"
    )
    await nobody_came_in(someone, database, "did not let you through")
    assert "alert" not in someone.page.text


async def test_a_code_is_of_no_use_to_another_browser(site, someone, database, signs_in):
    """A code that was stolen on its way: who has it has no verifier for it."""
    stolen = (await at_provider(await begin(someone))).partition("code=")[2].partition("&")[0]
    async with new_person(site) as thief:
        state = (await begin(thief)).partition("&state=")[2].partition("&")[0]
        await thief.open(f"/sign-in/with/riverside-housing/return?state={state}&code={stolen}")
        await nobody_came_in(thief, database, "did not accept its own answer")


async def test_what_one_provider_answers_is_never_taken_to_another(
    site, someone, database, settings, signs_in, provider
):
    allotments = await an_organisation(database, "Allotments", "consumer")
    async with running_provider(sub="x", email="x@allotments.example") as rogue:
        await set_up(database, settings, allotments, rogue, domain="allotments.example")
        # The rogue sends the browser on to the honest one, with its own state.
        state = (await begin(someone, "allotments")).partition("&state=")[2].partition("&")[0]
        honest = await at_provider(await begin(someone))
        code = honest.partition("code=")[2].partition("&")[0]
        for slug, iss, why in (
            ("riverside-housing", "", OVER),
            ("allotments", f"&iss={provider.issuer}", "says that it is another issuer"),
        ):
            await someone.open(f"/sign-in/with/{slug}/return?state={state}&code={code}{iss}")
            await nobody_came_in(someone, database, why)
        assert "/token" not in rogue.asked
    provider.metadata = {"authorization_response_iss_parameter_supported": True}
    nameless = (await at_provider(await begin(someone))).partition("&iss=")[0]
    await come_back(someone, nameless)
    assert "says that it is another issuer" in someone.words


BROKEN = {
    "away": ("/.well-known/openid-configuration", 503, b"{}", "does not answer"),
    "not JSON": ("/.well-known/openid-configuration", 200, b"<html>", "no OpenID Connect provider"),
    "without end": ("/.well-known/openid-configuration", 200, b"[" * 100_000, "no OpenID Connect provider"),
    "too large": ("/.well-known/openid-configuration", 200, b" " * (MOST_BYTES + 1), "does not answer"),
    "a page for keys": ("/keys", 200, b"<html>", "is not valid"),
    "no keys": ("/keys", 200, b'{"keys": []}', "is not valid"),
    "strange keys": ("/keys", 200, b'{"keys": [{"kty": "EC", "crv": "P-256"}, 7]}', "is not valid"),
    "keys of both sides": (
        "/keys",
        200,
        b'{"keys": [{"kty": "oct", "k": "AAAA", "kid": "r1"}]}',
        "is not valid",
    ),
    "a page for a token": ("/token", 502, b"<html>", "is not valid"),
    "a list for a token": ("/token", 200, b"[]", "is not valid"),
    "no token": ("/token", 200, b"{}", "did not accept its own answer"),
}


@pytest.mark.slow
async def test_a_provider_that_answers_nonsense_does_no_harm(site, database, signs_in, provider):
    for what, (path, status, content, why) in BROKEN.items():
        provider.answers = {}
        async with new_person(site) as person:
            address = await at_provider(await begin(person))
            provider.answers[path] = status, content
            await come_back(person, address)
            await nobody_came_in(person, database, why, what)


async def test_nothing_secret_is_logged(someone, signs_in, capsys):
    address = await at_provider(await begin(someone))
    await come_back(someone, address)
    said = capsys.readouterr().out
    assert "sign_in.through" in said
    for secret in (address.partition("code=")[2][:16], "between us", "dov@riverside.example"):
        assert secret not in said


async def test_who_left_for_the_provider_before_a_new_password_does_not_come_in(
    site, someone, database, signs_in, provider, move_clock
):
    dov = await a_person(database, "dov@riverside.example")
    back = await at_provider(await begin(someone))
    await move_clock(seconds=5)
    async with database.transaction() as session:
        await change_password(session, await held(session, dov.id), "!")
    await come_back(someone, back)
    assert "session" not in someone.client.cookies
    assert someone.page.status_code == 403
    await move_clock(seconds=5)
    await through(someone)
    assert "session" in someone.client.cookies


async def test_an_account_that_somebody_made_with_anothers_address_is_not_verified_by_a_link(
    site, database, signs_in, provider
):
    """Whom the provider knows under an address of its own has not shown that another one is theirs."""
    victim = await a_person(database, "victim@example.org", verified=False)
    async with signed_in(site, victim) as stranger:
        await through(stranger)
        await stranger.submit("/link")
        assert stranger.page.status_code == 403
        assert "Verify your e-mail address first" in stranger.words
    async with database.transaction() as session:
        assert (await session.get_one(User, victim.id)).verified_at is None
        assert await session.scalar(select(ExternalIdentity)) is None


async def test_a_question_asked_in_a_session_that_has_ended_links_nothing(site, database, signs_in, provider):
    ada = await a_person(database, "adele@example.org")
    async with signed_in(site, ada) as thief:
        await through(thief)
        asked = thief.form("/link").fields["link"]
        path = thief.form("/link").action
        async with database.transaction() as session:
            await change_password(session, await held(session, ada.id), "!")
        async with signed_in(site, ada) as owner:
            await owner.open("/account")
            token = owner.form("/account").fields["form_token"]
            answer = await owner.client.post(path, data={"form_token": token, "link": asked})
            assert answer.status_code == 403
    async with database.transaction() as session:
        assert await session.scalar(select(ExternalIdentity)) is None
