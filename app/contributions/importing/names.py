"""Names as people and banks write them: whether two of them can be one, and which words they share.

Banks write without accents, in capitals, the family name first, initials for names, ue for ü, and cut long ones.
"""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

# Letters that no decomposition takes apart.
_LETTERS = str.maketrans(
    {"ß": "ss", "ø": "o", "œ": "oe", "æ": "ae", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "\u0131": "i"}
)
# Umlauts are spelled with an e, and å with two a: both are read as the plain letter, on both sides.
_SPELLED = (("ae", "a"), ("oe", "o"), ("ue", "u"), ("aa", "a"))
_DOTTED = re.compile(r"(?:\b\w\.\s?){2,}")
_APOSTROPHES = re.compile("['\u2019`\u00b4\u00b7]")
_WORD = re.compile(r"[^\W_]+")
# What says how somebody is addressed or which law a company is under, and not who it is.
_TITLES = "dr prof dipl ing herr frau hr fr mr mrs ms mme m sr sra don dona familie fam eheleute"
_SMALL = "the der die das und and y i et e de del della la el los les le van von zu"
_LAW = (
    "gmbh mbh ggmbh ug ag eg ev kg ohg gbr se sa sas sarl sl slu slp sc sccl scpl coop srl spa snc bv nv vzw asbl"
    " ltd limited llc llp plc cic inc corp co oy oyj ab as aps aisbl"
)
_WITHOUT_MEANING = frozenset(f"{_TITLES} {_SMALL} {_LAW}".split())
_CUT = 4  # letters that the beginning of a cut word has at least
_LONGEST = 300


@lru_cache(maxsize=4096)
def words_of(name: str) -> tuple[str, ...]:
    """The words of a name that mean somebody, folded: Müller-Lüdenscheidt GmbH is muller, ludenscheidt."""
    dotted = _DOTTED.sub(_joined, _APOSTROPHES.sub("", name[:_LONGEST]))
    found = [folded(word) for word in _WORD.findall(dotted)]
    return tuple(word for word in found if word not in _WITHOUT_MEANING) or tuple(found)


def folded(text: str) -> str:
    """Without accents, capitals and spelled umlauts. `FOLDED` of `suggestions` says the same in SQL."""
    plain = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    plain = "".join(each for each in plain if not unicodedata.combining(each))
    for spelled, letter in _SPELLED:
        plain = plain.replace(spelled, letter)
    return plain


def shared_words(one: Sequence[str], other: Sequence[str]) -> list[str]:
    """The words of one name that stand in the other too, whole or cut; an initial is none."""
    return [word for word in one if any(_same(word, each) for each in other)]


def names_agree(one: str, other: str) -> bool:
    """Whether all of the shorter name stands in the other, in any order: A. Okafor, OKAFOR ADA.

    True too where either says nothing: nothing disagrees then.
    """
    short, long = sorted((words_of(one), words_of(other)), key=len)
    if not short:
        return True
    if "".join(short) == "".join(long):
        return True
    left, whole = list(long), 0
    for word in sorted(short, key=len, reverse=True):
        found = next((each for each in left if _same(word, each)), None)
        whole += found is not None
        if found is None:
            found = next((each for each in left if _initial(word, each)), None)
        if found is None:
            return False
        left.remove(found)
    return whole > 0


def _joined(dotted: re.Match[str]) -> str:
    """E. V. and S.L. without their dots; the initials of a person stay apart."""
    word = re.sub(r"[.\s]", "", dotted[0])
    return f" {word} " if folded(word) in _WITHOUT_MEANING else dotted[0]


def _same(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    return len(short) > 1 and (short == long or (len(short) >= _CUT and long.startswith(short)))


def _initial(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    return len(short) == 1 and long.startswith(short)
