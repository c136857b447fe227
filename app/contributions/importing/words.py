"""What banks and payment services write in cells: months, money in and out, states of a payment."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache

from app.contributions.models import LeftOut

_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z][a-z])")
_LONGEST = 200  # characters that are looked at: names and words are shorter
_NO_WORD = re.compile(r"[\W_]+")


def plain(text: str) -> str:
    """Words without accents, capitals and punctuation, so that they can be compared: Gläubiger-ID, glaubiger id."""
    return _plain(text[:_LONGEST])


@lru_cache(maxsize=20_000)
def _plain(text: str) -> str:
    parts = unicodedata.normalize("NFKD", _CAMEL.sub(" ", text)).casefold()
    letters = "".join(each for each in parts if not unicodedata.combining(each))
    return _NO_WORD.sub(" ", letters).strip()


_MONTHS = """
    january february march april may june july august september october november december
    januar februar marz maerz mai juni juli oktober dezember janner jaenner feber
    januari februari maart mei augustus
    janvier fevrier mars avril juin juillet aout septembre octobre novembre decembre
    enero febrero marzo abril mayo junio julio agosto septiembre setiembre octubre noviembre diciembre
    gener febrer marc maig juny juliol agost setembre desembre
    gennaio febbraio aprile maggio giugno luglio settembre ottobre dicembre
    janeiro fevereiro marco maio junho julho setembro outubro novembro dezembro
"""


def _months() -> dict[str, int]:
    """Names of months in the languages of the files, and their beginnings, where no two months share them."""
    numbers = {
        "jan": 1, "jae": 1, "ene": 1, "gen": 1, "feb": 2, "fev": 2, "fvr": 2, "mar": 3, "mae": 3, "maa": 3, "mrt": 3,
        "mrz": 3, "apr": 4, "abr": 4, "avr": 4, "mai": 5, "may": 5, "mei": 5, "mag": 5, "maj": 5, "giu": 6, "jun": 6,
        "jul": 7, "lug": 7, "aug": 8, "ago": 8, "aou": 8, "sep": 9, "set": 9, "oct": 10, "okt": 10, "ott": 10,
        "out": 10, "nov": 11, "dec": 12, "dez": 12, "dic": 12, "des": 12,
    }  # fmt: skip
    found = dict(numbers) | {"sept": 9, "marc": 3, "juin": 6, "juil": 7, "juill": 7, "janv": 1, "fevr": 2}
    for name in _MONTHS.split():
        number = {"mai": 5, "jui": 6}.get(name[:3]) or numbers[name[:3]]
        found[name] = 7 if name.startswith("juil") else number
        found.setdefault(name[:4], found[name])
    return found


MONTHS: Mapping[str, int] = _months()

_OUT = """
    s|soll|d|dr|debit|debet|deb|dbit|debe|dare|debito|debitado|af|out|outgoing|outflow|money out|paid out|withdrawal|
    withdrawn|sent|spent|spend|belastung|lastschrift|ausgang|ausgabe|ausgaben|auszahlung|abgang|cargo|carrec|carreg|
    gasto|despesa|salida|sortida|sortie|uscita|uscite|addebito|saida|depense|uit|uitgaand|afschrijving|expense
"""
_IN = """
    h|haben|c|cr|credit|kredit|cred|crdt|haber|avere|credito|creditado|bij|in|incoming|inflow|money in|paid in|
    deposit|
    deposited|received|gutschrift|eingang|einnahme|einnahmen|einzahlung|zugang|abono|abonament|ingreso|ingres|income|
    entrada|entree|entrata|entrate|accredito|recette|inkomend|bijschrijving|crediet|donation|receipt
"""


def _variants(words: str) -> frozenset[str]:
    """The words, and those that take another ending for another gender."""
    found = {" ".join(word.split()) for word in words.split("|")}
    return frozenset(
        found | {f"{word[:-1]}a" for word in found if word.endswith("o") and len(word) > 3} | _feminine(found)  # noqa: PLR2004  pago, but not so
    )


def _feminine(words: Iterable[str]) -> set[str]:
    return {f"{word}e" for word in words if word.endswith(("e", "u", "i"))}


OUTGOING, INCOMING = _variants(_OUT), _variants(_IN)
# Those that name a kind of payment as well: a direct debit can be one's own, which comes in.
KINDS = frozenset({"lastschrift", "gutschrift", "auszahlung", "einzahlung", "donation", "expense", "receipt"})


def way_of(text: str) -> int | None:
    """What a cell says about which way money went: 1 came in, -1 went out, None neither."""
    if text.strip() in {"+", "-", "\N{MINUS SIGN}"}:
        return 1 if text.strip() == "+" else -1
    word = plain(text)
    return 1 if word in INCOMING else -1 if word in OUTGOING else None


# Services that pay out what many people gave: their account is nobody's.
_SERVICES = """
    paypal|stripe|mollie|klarna|adyen|gocardless|sumup|zettle|izettle|payone|unzer|worldline|buckaroo|helloasso|
    gofundme|gofundraise|betterplace|gut org|twingle|raisenow|donorbox|fundraisingbox|altruja|iraiser|liberapay|
    open collective|opencollective|ko fi|patreon|wise payments|wise europe|teaming|goteo|migranodearena|ulule
"""
_SERVICE_NAMES = tuple(f"{' '.join(name.split())} " for name in _SERVICES.split("|"))


def is_service(name: str) -> bool:
    """Whether a payer's name is that of a service which passes on what others paid."""
    return f"{plain(name.lower())} ".startswith(_SERVICE_NAMES)


_BOOKED = """
    gebucht|umsatz gebucht|verbucht|booked|book|completed|complete|paid|succeeded|success|successful|settled|posted|
    cleared|processed|executed|confirmed|captured|approved|closed|transferred|available|received|collected|ok|done|
    paidout|abgeschlossen|erfolgreich|bezahlt|ausgefuhrt|ausgefuehrt|eingegangen|erhalten|geboekt|uitgevoerd|betaald|
    voltooid|afgerond|comptabilise|effectue|paye|valide|execute|reussi|termine|regle|encaisse|completado|pagado|
    ejecutado|contabilizado|liquidado|cobrado|realizado|completat|pagat|executat|comptabilitzat|liquidat|cobrat|
    completato|pagato|eseguito|contabilizzato|concluido|pago|efetuado|executado|partially refunded|partial refund|
    teilweise zuruckgezahlt|partiellement rembourse|parcialmente reembolsado|reembolsado parcialmente
"""
_PENDING = """
    pending|pdng|vorgemerkt|umsatz vorgemerkt|offen|open|ausstehend|in bearbeitung|processing|in progress|scheduled|
    on hold|held|hold|authorized|authorised|uncaptured|created|initiated|submitted|waiting|unpaid|unbezahlt|wartend|
    reserviert|angekundigt|geplant|future|upcoming|en attente|en cours|a venir|prevu|pendiente|en proceso|retenido|
    programado|pendent|en curs|programat|in sospeso|in attesa|in lavorazione|pendente|em processamento|agendado|
    in behandeling|gereserveerd|openstaand|lopend|gepland|requires capture|requires payment method|awaiting payment|
    requires action|requires confirmation|unclaimed|incoming|expected|erwartet
"""
_FAILED = """
    failed|denied|declined|canceled|cancelled|expired|rejected|voided|void|blocked|error|incomplete|abandoned|failure|
    unsuccessful|revoked|fehlgeschlagen|abgelehnt|abgebrochen|storniert|ungultig|ungueltig|abgelaufen|gescheitert|
    nicht ausgefuhrt|widerrufen|echoue|annule|refuse|rejete|expire|abandonne|rechazado|cancelado|anulado|fallido|
    caducado|denegado|rebutjat|cancellat|anul lat|fallit|denegat|caducat|rifiutato|annullato|fallito|scaduto|negato|
    recusado|falhado|mislukt|geannuleerd|geweigerd|verlopen|afgewezen
"""
_REVERSED = """
    refunded|refund|reversed|reversal|chargeback|charged back|disputed|dispute|lost|returned|reverted|zuruckgezahlt|
    zurueckgezahlt|zuruckerstattet|erstattet|zuruckgebucht|ruckgebucht|rueckgebucht|ruckgabe|ruckerstattet|
    ruckerstattung|rucklastschrift|ruecklastschrift|reembolsado|devuelto|retornado|reemborsat|retornat|rembourse|
    impaye|rimborsato|stornato|devolvido|estornado|terugbetaald|teruggeboekt|gestorneerd
"""
_STATES: tuple[tuple[frozenset[str], LeftOut | None], ...] = (
    (_variants(_BOOKED), None),
    (_variants(_PENDING), LeftOut.PENDING),
    (_variants(_FAILED), LeftOut.FAILED),
    (_variants(_REVERSED), LeftOut.REVERSED),
)


class UnknownStateError(ValueError):
    """A word that says nothing known about a payment."""


def state_of(text: str) -> LeftOut | None:
    """Why a payment of this state is none yet, or none any more; None: it is booked. Raises UnknownStateError."""
    words = plain(text)
    for known, out in _STATES:
        if words in known:
            return out
    # “Completed on 2 Nov”, “Refunded (dispute)”: the first word that is known, unless another turns it round.
    single = words.split()
    if not {"not", "nicht", "no", "non", "niet", "partially", "partial", "teilweise"} & set(single):
        for word in single:
            for known, out in _STATES:
                if word in known:
                    return out
    raise UnknownStateError(text)


CURRENCIES: Mapping[str, str] = {
    "€": "EUR", "EURO": "EUR", "EUROS": "EUR", "¤": "EUR", "£": "GBP", "$": "USD", "US$": "USD", "USD$": "USD",
    "FR.": "CHF", "SFR": "CHF", "ZŁ": "PLN", "KČ": "CZK", "R$": "BRL", "C$": "CAD", "CA$": "CAD", "A$": "AUD",
    "AU$": "AUD",
}  # fmt: skip
