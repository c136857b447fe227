"""Exports of banks and payment services come in right, as they are, or ask for what they do not say."""

from datetime import date

import pytest

from app.contributions.importing.payments import account_of
from app.contributions.importing.reading import kind_of, read
from tests.app.contributions.banks import EXPORTS, FOLDER

TODAY = date(2026, 11, 29)


def reading(content, mapping=None):
    content = content if isinstance(content, bytes) else content.encode()
    return read(content, kind_of(content), mapping or {}, TODAY)


@pytest.mark.parametrize(("name", "export"), EXPORTS.items(), ids=EXPORTS)
def test_an_export_comes_in_as_it_is(name, export):
    found = reading((FOLDER / f"{name}.csv").read_bytes())
    assert not found.troubles
    assert not found.refusals
    assert [
        (each.booked_on.day, each.cents, each.payer_name, account_of(each.payer_key))
        for each in found.payments
    ] == list(export.payments)
    assert {each.booked_on.replace(day=1) for each in found.payments} == {date(2026, 11, 1)}
    assert {each.currency for each in found.payments} == {export.currency}
    assert tuple(each.line for each in found.asides) == export.asides
    out = {each.number: str(each.why_out) for each in found.payments if each.why_out and each.cents > 0}
    assert out == export.out


def test_every_export_is_expected_to_be_something():
    assert {path.stem for path in FOLDER.iterdir()} == set(EXPORTS)
