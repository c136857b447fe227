"""The reference that a holder writes on a payment, and that is found again in what a bank says.

It is a creditor reference of ISO 11649, which banks' forms know and check: RF, two check digits (ISO 7064, mod 97),
then GH and the holder's number. One wrong digit or two that changed places are found out.
"""

import re
from dataclasses import dataclass

_WRITTEN = re.compile(
    r"(?<![0-9A-Z])RF[\s.-]?(\d{2})[\s.-]?GH[\s.-]?(\d{1,15})(?!\d)", re.IGNORECASE | re.ASCII
)

_SIGNS = re.compile(r"[^0-9A-Za-z]", re.ASCII)
_GLUED = re.compile(r"RF(\d{2})GH(\d{1,15})", re.ASCII)
_UNCHECKED = re.compile(
    r"(?<![0-9A-Z])\d{0,2}[\s.-]?GH[\s.-]?([1-9]\d{0,14})(?!\d)", re.IGNORECASE | re.ASCII
)
_LONGEST = 2_000


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


@dataclass(frozen=True)
class Hints:
    """Holders whose references may stand in a text that banks and people have changed.

    `sure`: the check digits agree, whatever the reference is glued to. `maybe`: they are missing or wrong. `cut`:
    check digits, and how the number begins.
    """

    sure: set[int]
    maybe: set[int]
    cut: list[tuple[int, str]]


def hints_in(text: str) -> Hints:
    """Look for references in a text without its spaces and signs: rf 07-gh 4 2, XRF07GH42FOR2027, GH42, RF07GH4."""
    hints = Hints(set(), set(), [])
    for check, figures in _GLUED.findall(_SIGNS.sub("", text)[:_LONGEST].upper()):
        if figures.startswith("0"):
            continue
        begins = [figures[:length] for length in range(1, len(figures) + 1)]
        sure = {int(begin) for begin in begins if check and int(check) == _check(int(begin))}
        hints.sure.update(sure)
        if check and not sure:
            hints.maybe.add(int(figures))
            hints.cut.append((int(check), figures))
    if not hints.sure:
        hints.maybe.update(int(number) for number in _UNCHECKED.findall(text[:_LONGEST]))
    return hints


def is_check(check: int, holder_id: int) -> bool:
    """Whether these are the check digits of a holder's reference."""
    return check == _check(holder_id)


def _check(holder_id: int) -> int:
    # Letters count from A = 10; the RF stands at the end with two zeros for the digits that are looked for.
    figures = "".join(str(int(each, 36)) for each in f"GH{holder_id}RF00")
    return 98 - int(figures) % 97
