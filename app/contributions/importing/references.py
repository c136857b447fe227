"""The reference that a holder writes on a payment, and that is found again in what a bank says.

It is a creditor reference of ISO 11649, which banks' forms know and check: RF, two check digits (ISO 7064, mod 97),
then GH and the holder's number. One wrong digit or two that changed places are found out.
"""

import re

_WRITTEN = re.compile(
    r"(?<![0-9A-Z])RF[\s.-]?(\d{2})[\s.-]?GH[\s.-]?(\d{1,15})(?!\d)", re.IGNORECASE | re.ASCII
)


def reference_of(holder_id: int) -> str:
    """The holder's reference: RF07GH42."""
    return f"RF{_check(holder_id):02}GH{holder_id}"


def holders_in(text: str) -> set[int]:
    """The holders whose references stand in a text; one with a wrong check is none."""
    return {
        int(number)
        for check, number in _WRITTEN.findall(text)
        if not number.startswith("0") and int(check) == _check(int(number))
    }


def _check(holder_id: int) -> int:
    # Letters count from A = 10; the RF stands at the end with two zeros for the digits that are looked for.
    figures = "".join(str(int(each, 36)) for each in f"GH{holder_id}RF00")
    return 98 - int(figures) % 97
