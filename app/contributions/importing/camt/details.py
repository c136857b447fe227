"""What a bank says of one payment: who paid it, from which account, with which words."""

from dataclasses import dataclass
from xml.etree.ElementTree import Element

from app.contributions.importing.camt.document import text_of
from app.contributions.importing.names import names_agree
from app.contributions.importing.payments import REFERENCE_LENGTH, tidied
from app.contributions.importing.words import is_service

# What banks write where they have no number for a payment.
_NO_NUMBER = {
    "",
    "NONREF",
    "NOTPROVIDED",
    "NOT PROVIDED",
    "NOTAVAILABLE",
    "NOT AVAILABLE",
    "NONE",
    "N/A",
    "NA",
}


@dataclass(frozen=True)
class Party:
    """Who is on the other side. `account` is theirs alone: that of a service in between is nobody's."""

    name: str
    account: str
    email: str
    holder: str
    """who has the account"""
    holder_account: str


def party_of(details: Element | None, own_account: str, *, incoming: bool) -> Party:
    """Who paid, or was paid. The ultimate debtor behind a payment service counts by name, its account does not."""
    side = "Dbtr" if incoming else "Cdtr"
    parties = None if details is None else details.find("RltdPties")
    behind = f"Ultmt{side}"
    # Since version 8 a party lies one level deeper.
    holder = tidied(
        text_of(parties, f"{side}/Nm", f"{side}/Pty/Nm", f"{side}Acct/Nm", f"{side}/Agt/FinInstnId/Nm")
    )
    ultimate = tidied(text_of(parties, f"{behind}/Nm", f"{behind}/Pty/Nm"))
    account = tidied(text_of(parties, f"{side}Acct/Id/IBAN", f"{side}Acct/Id/Othr/Id"))
    is_behind = bool(ultimate) and not (holder and names_agree(ultimate, holder))
    one = behind if is_behind else side
    mail = text_of(parties, f"{one}/CtctDtls/EmailAdr", f"{one}/Pty/CtctDtls/EmailAdr")
    is_own = squeezed(account) == squeezed(own_account)
    return Party(
        name=ultimate or holder,
        account="" if is_behind or is_own or is_service(holder) else account,
        email=tidied(mail),
        holder=holder,
        holder_account=account,
    )


def squeezed(account: str) -> str:
    """An account's number as it is compared: banks write it in groups of four, or not."""
    return account.replace(" ", "").upper()


def message_of(details: Element | None) -> str:
    """What the payer wrote, and the references that the bank knows as such."""
    remittance = None if details is None else details.find("RmtInf")
    if remittance is None:
        return end_to_end_of(details)
    found = [each.text or "" for each in remittance.findall("Ustrd")]
    for structured in remittance.findall("Strd"):
        found += [
            text_of(structured, "CdtrRefInf/Ref"),
            *(each.text or "" for each in structured.findall("AddtlRmtInf")),
        ]
    return " ".join([*found, end_to_end_of(details)])


def reference_of(entry: Element, details: Element | None) -> str:
    """The message, else what the bank itself adds to the payment or to its entry."""
    said = message_of(details) or text_of(details, "AddtlTxInf") or text_of(entry, "AddtlNtryInf")
    return tidied(said, REFERENCE_LENGTH)


def end_to_end_of(details: Element | None) -> str:
    """The number that the payer's bank gave it; nothing where it says that there is none."""
    return given(text_of(details, "Refs/EndToEndId"))


def bank_s_number(entry: Element, details: Element | None) -> str:
    """The number that our bank gave it; nothing where it says that there is none."""
    return given(text_of(details, "Refs/AcctSvcrRef")) or given(text_of(entry, "AcctSvcrRef"))


def given(number: str) -> str:
    """A number, unless it is one of the words for having none."""
    return "" if number.upper() in _NO_NUMBER or not number.strip("0-./ ") else number
