"""Names as banks write them: when two of them can be one."""

import pytest

from app.contributions.importing.names import names_agree, shared_words, words_of


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ada Okafor", "OKAFOR ADA"),
        ("A. Okafor", "Ada Okafor"),
        ("Okafor, Ada", "Ada Okafor"),
        ("Okafor", "Ada Okafor"),
        ("Jürgen Müller", "JUERGEN MUELLER"),
        ("Jürgen Müller", "Jurgen Muller"),
        ("Müller, J.", "Juergen Müller"),
        ("José María Núñez", "NUNEZ JOSE MARIA"),
        ("Łukasz Wójcik", "Lukasz Wojcik"),
        ("Søren Ångström", "Soren Aangstrom"),
        ("Riverside Housing GmbH", "RIVERSIDE HOUSING"),
        ("Verein für Musik e. V.", "Verein fuer Musik e.V."),
        ("Genossenschaft Musterhaus eG", "Genossenschaft Musterh"),
        ("Jean-Luc Picard", "JEANLUC PICARD"),
        ("Dr. Ada Okafor", "Ada Okafor"),
        ("Ada und Bo Okafor", "Ada Okafor"),
        ("O'Brien, Sam", "Sam OBrien"),
        ("La Dinamo SCCL", "La Dinamo, S.C.C.L."),
        ("", "Ada Okafor"),
        ("Ada Okafor", "—"),
        ("Straße Eins", "STRASSE EINS"),
        ("李小龙", "李小龙"),
        ("Zoë Ђурић", "ЂУРИЋ ZOE"),
    ],
)
def test_names_that_can_be_one(one, other):
    assert names_agree(one, other)
    assert names_agree(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ada Okafor", "Wanda Fremd"),
        ("Ada Okafor", "Bo Okafor"),
        ("Riverside Housing GmbH", "Lakeside Housing GmbH"),
        ("A. Smith", "Ada Okafor"),
        ("Pay Service SA", "Ada Okafor"),
        ("Müller GmbH", "Maier GmbH"),
        ("A. O.", "Ada Okafor"),
    ],
)
def test_names_that_are_two(one, other):
    assert not names_agree(one, other)
    assert not names_agree(other, one)


def test_words_that_mean_somebody():
    assert words_of("Müller-Lüdenscheidt GmbH & Co. KG") == ("muller", "ludenscheidt")
    assert words_of("GmbH") == ("gmbh",), "better than nothing"
    assert shared_words(words_of("OKAFOR ADA"), words_of("Bo Okafor")) == ["okafor"]
