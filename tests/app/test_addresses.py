"""E-mail addresses have one form, and a private network's count where the operator says so."""

import pytest

from app.addresses import (
    LetterBeforeAtError,
    NotAnAddressError,
    ReservedDomainError,
    shown_address,
    tidy_address,
)

BUECHER = "jo@xn--bcher-kva.example"


@pytest.mark.parametrize(
    "typed",
    [
        "jo@bücher.example",
        "jo@BÜCHER.Example",
        "jo@bu\u0308cher.example",
        "jo@xn--bcher-kva.example",
        "jo@XN--BCHER-KVA.EXAMPLE",
        "jo@bücher。example",
        "jo@ｂücher.example",  # noqa: RUF001  a wide b, as some keyboards write it
    ],
)
def test_a_domain_has_one_form_however_it_is_typed(typed):
    assert tidy_address(typed) == BUECHER
    assert shown_address(tidy_address(typed)) == "jo@bücher.example"


def test_what_is_shown_is_only_another_way_to_write_it():
    assert shown_address("Jo@example.org") == "Jo@example.org"
    assert shown_address("jo@xn--a.example") == "jo@xn--a.example"


@pytest.mark.parametrize(
    "typed",
    ["jo@mail.test", "jo@host.local", "jo@localhost", "jo@mailhost", "jo@box.home.arpa", "jo@TEST"],
)
def test_a_reserved_domain_counts_where_the_site_is_private(typed):
    with pytest.raises(ReservedDomainError):
        tidy_address(typed)
    assert tidy_address(typed, private=True) == typed.lower()


@pytest.mark.parametrize("typed", ["jo@a.internal", "jo@host.lan"])
def test_names_that_are_only_used_as_private_ones_count_everywhere(typed):
    assert tidy_address(typed) == tidy_address(typed, private=True) == typed


@pytest.mark.parametrize("typed", ["jo@x.onion", "jo@x.invalid", "jo@2.0.192.in-addr.arpa"])
def test_what_is_nobodys_mail_server_counts_nowhere(typed):
    for private in (False, True):
        with pytest.raises(ReservedDomainError):
            tidy_address(typed, private=private)


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "jo",
        "jo@",
        "@example.org",
        "a@b@c",
        "jo@10.0.0.1",
        "jo@[10.0.0.1]",
        "jo@xn--a.example",
        "j o@x.org",
        "=?utf-8?q?jo?=@example.org",
        "jo@example.org\r\nBcc: eve@example.org",
        "jo@exa\x00mple.org",
    ],
)
def test_what_is_no_address_is_none(typed):
    for private in (False, True):
        with pytest.raises(NotAnAddressError):
            tidy_address(typed, private=private)


def test_letters_before_the_at_are_a_reason_of_their_own():
    with pytest.raises(LetterBeforeAtError):
        tidy_address("jörg@example.org")
