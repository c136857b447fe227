"""A figure in a text for one or for many is written as every other figure is, from a template and from Python."""

import pytest

from app.i18n import ngettext, speak
from app.templating import Templates

ONE, MANY = "%(num)s person", "%(num)s people"


@pytest.mark.slow
def test_a_plural_writes_its_figure_as_the_readers_language_does(tmp_path):
    (tmp_path / "it.html").write_text(f'{{{{ ngettext("{ONE}", "{MANY}", n) }}}}, {{{{ n|number }}}}')
    pages = Templates(lambda _name: "/", None, tmp_path)
    for language, one, many in (
        ("en", "1 person, 1", "10,004 people, 10,004"),
        ("ca", "1 persona, 1", "10.004 persones, 10.004"),
    ):
        speak(language)
        assert [pages.render("it.html", n=n) for n in (1, 10_004)] == [one, many]
        assert [f"{ngettext(ONE, MANY, n)}, {said}" for n, said in ((1, "1"), (10_004, many[-6:]))] == [
            one,
            many,
        ]
    speak(None)
