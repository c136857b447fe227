"""Every text of the program is translated, with the same values in it."""

import re

import pytest

from app import i18n, wording
from tests import texts
from tests.conftest import new_person

VALUE = re.compile(r"%\((\w+)\)s")


def forms(text):
    return [text] if isinstance(text, str) else list(text)


@pytest.mark.parametrize("language", texts.translated_languages())
def test_a_catalogue_lacks_nothing_and_holds_nothing_else(language):
    wanted = {message.id for message in texts.texts() if message.id}
    kept = {message.id: message for message in texts.catalogue(language) if message.id}
    assert wanted - set(kept) == set(), "run `make texts` and translate what is new"
    assert set(kept) - wanted == set(), "run `make texts`"
    assert [text for text, message in kept.items() if not all(forms(message.string)) or message.fuzzy] == []


@pytest.mark.parametrize("language", texts.translated_languages())
def test_a_translation_has_the_values_of_its_text(language):
    for message in texts.catalogue(language):
        if not message.id:
            continue
        known = set(VALUE.findall(" ".join(forms(message.id))))
        for form in forms(message.string):
            assert set(VALUE.findall(form)) <= known, message.id
        assert set(VALUE.findall(forms(message.string)[-1])) == set(VALUE.findall(forms(message.id)[-1])), (
            message.id
        )


async def test_a_page_is_in_the_language_that_the_browser_asks_for(site):
    async with new_person(site, **{"accept-language": "ca-ES,ca;q=0.9,en;q=0.5"}) as guest:
        await guest.open("/")
        assert '<html lang="ca">' in guest.page.text
        assert "Inicia la sessió" in guest.words
    async with new_person(site, **{"accept-language": "eo"}) as guest:
        await guest.open("/")
        assert '<html lang="en">' in guest.page.text


def test_figures_and_times_are_written_in_the_readers_way():
    i18n.speak("ca")
    try:
        assert wording.number(12345.5) == "12.345,5"
        assert wording.size(1_500_000_000) == "1,5 GB"
    finally:
        i18n.speak("en")
    assert wording.size(640_000_000) == "640 MB"
    assert wording.minutes(80) == "1 h 20 min"
