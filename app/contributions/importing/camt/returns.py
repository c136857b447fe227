"""Money that came in and is no gift: what we had paid and got back, and what others had paid and take back.

Banks say it in three ways: by the reason of the return, by the bank transaction code of ISO 20022 (a credit in a
family of what we ourselves had sent), and in Germany by the transaction code (GVC) of the banks' own agreement.
"""

import re
from xml.etree.ElementTree import Element

from app.contributions.importing.camt.document import text_of
from app.contributions.models import LeftOut

# Families of what we send: credit transfers, also instant ones, direct debits on our account, cheques, cards.
_OURS = {"ICDT", "IRCT", "RDDT", "ICHQ", "CCRD"}
# What takes back a payment that had come in: returned, reversed, unpaid.
_TAKEN_BACK = {"RRTN", "RPCR", "UPDD", "PRDD", "RCDD", "UPCT", "UPCQ"}
# Credits: a transfer returned, a direct debit or a card's payment given back.
_GVC_RETURNED = {"159", "181", "183", "184"}
# Debits: a direct debit of ours that was not paid.
_GVC_TAKEN_BACK = {"108", "109"}
_GVC = re.compile(r"[A-Z0-9]{4}\+(\d{3})\b")
_TRUE = {"true", "1"}


def why_no_gift(entry: Element, details: Element | None, *, incoming: bool) -> LeftOut | None:
    """Why a payment is left out, apart from its direction; None: nothing says so."""
    if text_of(entry, "RvslInd").lower() in _TRUE:
        return LeftOut.REVERSED if incoming else LeftOut.GIVEN_BACK
    has_reason = details is not None and details.find("RtrInf") is not None
    codes = [each for each in (details, entry) if each is not None]
    families = {text_of(each, "BkTxCd/Domn/Fmly/Cd") for each in codes}
    under = {text_of(each, "BkTxCd/Domn/Fmly/SubFmlyCd") for each in codes}
    german = {
        said
        for each in codes
        if (found := _GVC.search(text_of(each, "BkTxCd/Prtry/Cd"))) is not None
        for said in (found[1],)
    }
    if incoming:
        is_ours = bool(families & _OURS or german & _GVC_RETURNED or under & {"RRTN", "RPCR"})
        return LeftOut.RETURNED if has_reason or is_ours else None
    was_theirs = has_reason or bool(under & _TAKEN_BACK or german & _GVC_TAKEN_BACK)
    return LeftOut.GIVEN_BACK if was_theirs else None
