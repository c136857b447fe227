"""What banks and payment services call their columns, in eight languages: how well a name fits a part of a payment.

Names are compared without accents, capitals and punctuation (`words.plain`): “Auftraggeber/Empfänger” is
“auftraggeber empfanger”. A fit below zero means never, whatever else the name says.
"""

import re
from collections.abc import Mapping
from functools import lru_cache

from app.contributions.importing.words import plain

NEVER = -1
_UNIT = r"(?: (?:in |en |em )?(?:eur|euros?|chf|usd|gbp|[a-z]{3}))?"
_OTHER_SIDE = (
    r"zahlungsbeteiligte\w*|zahlungspartner\w*|kontrahent|beguenstigte\w*|begunstigte\w*|auftraggeber\w*|empfaenger|empfanger|"
    r"zahlungspflichtige\w*|"
    r"zahler\w*|einzahler\w*|gegen\w*|tegen\w*|contrapart\w*|contrepartie|counterparty|counter party|"
    r"partner|payers?|"
    r"payor|donors?|debtor|debitor|ordenante?|ordinante|senders?|absender\w*|remitter|opposite|other|from|"
    r"buyer|customer|"
    r"consumer|emetteur|debiteur|pagador|donateur|donante?|spender\w*|supporter|payeur|origen|source|"
    r"client|betaler"
)
# One’s own side, and what stands in an account’s place without being anybody’s.
_OWN = (
    r"auftragskonto|auftraggeberkonto|\w*kontoinhaber|inhaber|eigen\w*|unser\w*|own|our|mine|my|mijn|mon|mi|meu|"
    r"propi\w*|propre|account holder|"
    r"titular|titulaire|"
    r"intestatario|rekeninghouder|payee|beneficiary|beneficiario|destinatario|"
    r"bankname|bic|swift|blz|bankleitzahl|sort code|card|karte|kreditkarte|"
    r"mandat\w*|glaubiger|glaeubiger|creditor|crediteur|incassant|merchant|recipient|to|ultimate|type|typ|art|"
    r"balance|saldo|kontostand|bezeichnung|currency|name|naam|nom|nombre|country|land|landcode|adresse?|adres"
)
_ACCOUNT = r"iban|bban|\w*konto\w*|account|rekening\w*|tegenrekening|cuenta|compte|conto|conta"
_DATE = r"date|datum|fecha|data|dia|day|tag|jour|giorno|buchungstag|datetime"
_FEES = (
    r"fees?|gebuhr\w*|gebuehr\w*|entgelt\w*|kosten|costs?|commissions?|frais|comision|comissio|"
    r"commissione|comissao|"
    r"\w*saldo\w*|balance|kontostand|solde|disponible|disponibel|available|original\w*|ursprung\w*|"
    r"oorspr\w*|auslagen\w*|tax|vat|"
    r"steuer|mwst|btw|tva|iva|exchange|rate|kurs|koers|refund\w*|reversed|converted|foreign|fremd\w*|local|tip|"
    r"trinkgeld|interest|points|limit|number|nummer|settlement|instructed|charged back|discount|rabatt|"
    r"promo|processor|"
    r"currency|wahrung|waehrung|divisa|devise|type|typ|art|code|anzahl|quantity"
)
_IN = (
    r"credits?|creditos?|haben|gutschrift\w*|money in|paid in|deposits?|received|haber|abonos?|"
    r"abonaments?|ingresos?|"
    r"ingressos?|entrat[ae]|entradas?|entrees?|accredit[oi]|avere|inkomsten|bij|bijschrijving\w*|"
    r"recettes?|einnahmen?|"
    r"eingang|eingange|einzahlung\w*|income|in"
)
_OUT = (
    r"debits?|debitos?|debet|soll|lastschrift\w*|belastung\w*|money out|paid out|withdrawals?|spent|debe|"
    r"cargos?|"
    r"carrecs?|gastos?|despes\w*|uscit[ae]|saidas?|sorties?|addebit[oi]|dare|uitgaven|af|afschrijving\w*|"
    r"depenses?|"
    r"ausgaben?|ausgang|ausgange|auszahlung\w*|expenses?|payments|out"
)
_SIDE_UNIT = rf"(?: (?:amount|betrag|montant|importe?|importo|bedrag))?{_UNIT}"
_PAYMENT = (
    r"transaction|transactions|payment|donation|charge|transfer|transferwise|txn|gift|umsatz|"
    r"transaktions?|zahlungs?|"
    r"spenden?|buchungs?|transactie|betalings?|operation|paiement|don|transaccion|pago|operacion|donacion|"
    r"transaccio|"
    r"pagament|operacio|donacio|transazione|pagamento|operazione|transacao|operacao"
)
_NUMBER = r"id|ids|code|nr|nummer|number|no|uuid|kennung|numero|num"

# For each part the names that fit, the best first: a pattern and how well it fits. The first that is found counts.
_FITS: Mapping[str, tuple[tuple[str, int], ...]] = {
    "day": (
        (
            (
                r"\b(?:birth\w*|geburt\w*|naissance|nacimiento|naixement|due|fallig\w*|expir\w*|ablauf|"
                r"start datum|until|bis|zone|"
                r"zeitzone|update\w*|text|created by|mandat\w*|oorspr\w*)\b"
            ),
            NEVER,
        ),
        (
            (
                r"\b(?:valuta\w*|wertstellung\w*|value|valeur|valor|rentedatum|interest|wert|started|"
                r"available|efetiva)\b"
            ),
            3,
        ),
        (
            (
                r"\b(?:buchungstag|buchungsdatum|booking|booked|boekdatum|boekingsdatum|comptabilisation|"
                r"comptable|contable|contabile|"
                r"operation|operacion|operacio|operazione|posting|posted|completed|finished|paid|donated|"
                r"donation|payment|"
                r"transaction|zahlungsdatum|spendendatum|paiement|pago|pagament|movimento|lancamento)\b"
            ),
            9,
        ),
        (rf"^(?:{_DATE}|date time|buchung|when|wann)$", 8),
        (r"\b(?:created|timestamp|zeitpunkt)\b", 6),
        (rf"\b(?:{_DATE})\b", 5),
    ),
    "amount": (
        (rf"\b(?:{_FEES}|{_DATE})\b", NEVER),
        (
            (
                r"^(?:betrag|umsatz|amount|bedrag|montant|importe|import|importo|valor|quantia|quantitat|"
                r"cantidad|montante|summe|sum|"
                r"(?:donation|donated|gift|payment|transaction) amount|amount donated|spendenbetrag|"
                r"montant (?:du don|paye)|"
                rf"zahlungsbetrag){_UNIT}$"
            ),
            9,
        ),
        (r"\b(?:gross|brutto|bruto|brut|lordo)\b", 7),
        (rf"^(?:total|gesamt|gesamtbetrag|totaal|totale){_UNIT}$", 6),
        (
            (
                r"\b(?:betrag|umsatz|amount|bedrag|montant|importe?|importo|quantia|quantitat|cantidad|"
                r"montante|summe|sum|"
                r"spendenbetrag)\b"
            ),
            5,
        ),
        (r"\b(?:net|netto|neto|valor)\b", 4),
    ),
    "credit": ((rf"^(?:amount |betrag |montant |importe |total )?(?:{_IN}){_SIDE_UNIT}$", 9),),
    "debit": ((rf"^(?:amount |betrag |montant |importe |total )?(?:{_OUT}){_SIDE_UNIT}$", 9),),
    "direction": (
        (
            (
                r"\b(?:soll haben|s h|sh|d c|c d|dc|cd|debit credit|credit debit|debet credit|dr cr|cr dr|"
                r"af bij|bij af|debe haber|"
                r"cargo abono|dare avere|sens|direction|richtung|vorzeichen|indicator|impact|auswirkung|"
                r"signe|signo|segno|teken|sign|"
                r"in out|kennzeichen|kz|cdtdbtind)\b"
            ),
            9,
        ),
        (r"\b(?:type|typ|tipo|tipus|art|soort|mutatiesoort|nature)\b", 3),
    ),
    "status": ((r"\b(?:status|state|statut|estado|estat|stato|zustand|etat|info|situazione)\b", 9),),
    "refunded": (
        (r"\b(?:converted|fee|date|is|id)\b", NEVER),
        (
            r"\b(?:refunded|reversed|ruckerstattet|erstattet|rembourse|reembolsado|rimborsato|charged back)\b",
            9,
        ),
    ),
    "currency": (
        (
            (
                r"\b(?:settlement|original|foreign|local|fee|converted|exchange|oorspr|ursprung\w*|target|"
                r"date|datum)\b"
            ),
            NEVER,
        ),
        (
            (
                r"\b(?:currency|curr|ccy|wahrung|waehrung|whg|moneda|divisa|devise|devies|valuta|munt|moeda|"
                r"monnaie)\b"
            ),
            9,
        ),
    ),
    "payer": (
        (rf"\b(?:{_OWN})\b", NEVER),
        (r"\b(?:tegenrekening|gegenkonto)\b", 9),
        (r"^counter ?party$", 8),
        (rf"\b(?:{_OTHER_SIDE})\b.*\b(?:{_ACCOUNT})\b|\b(?:{_ACCOUNT})\b.*\b(?:{_OTHER_SIDE})\b", 9),
        (rf"^(?:{_OTHER_SIDE}) ?(?:id|number|nummer|nr|no|slug|uuid)$", 7),
        (rf"\b(?:{_ACCOUNT})\b", 3),
    ),
    "email": (
        (
            (
                r"\b(?:to|recipient|empfanger|empfaenger|receiver|merchant|seller|host|sent|opt|optin|"
                r"newsletter|beneficiari[oa]|"
                r"destinatari[oa]|verified)\b"
            ),
            NEVER,
        ),
        (rf"\b(?:{_OTHER_SIDE})\b.*\b(?:e ?mail|mail|correo|correu|courriel)\b", 9),
        (rf"\b(?:e ?mail|mail|correo|correu|courriel)\b.*\b(?:{_OTHER_SIDE})\b", 9),
        (r"\b(?:e ?mail|mail|correo|correu|courriel)\b", 6),
    ),
    "name": (
        (r"\b(?:first ?name|given ?name|forename|vorname|prenom|voornaam)\b", NEVER),
        (r"\bopposite account name\b", 9),
        (
            (
                rf"\b(?:auftragskonto|auftraggeberkonto|kontoinhaber|rekeninghouder|bank|bankname|file|"
                rf"campaign|project|projekt|"
                rf"product|produkt|company name|card|user|username|iban|bic|{_ACCOUNT}|account|titulaire|"
                rf"e ?mail|mail|"
                r"e ?mail\w*|correo|correu|courriel|recipient|id|ids|slug|ultimate|uiteindelijke|"
                r"initierende|adres\w*|address|country|"
                r"host|event|form|item|tier|plan|category|rubrieknaam|method|number|nummer|code|type|date|"
                r"datum)\b"
            ),
            NEVER,
        ),
        (rf"\b(?:{_OTHER_SIDE})\b.*\b(?:last ?name|surname|nachname|apellidos?|cognoms?|cognome)\b", 9),
        (rf"\b(?:name|naam|nom|nombre|nome)\b.*\b(?:{_OTHER_SIDE})\b", 9),
        (rf"\b(?:{_OTHER_SIDE})\b.*\b(?:name|naam|nom|nombre|nome)\b", 9),
        (
            r"\b(?:zahlungspflichtige\w*|payer|donor|zahler|debtor|pagador|ordenante?|spender\w*|absender)\b",
            8,
        ),
        (rf"\b(?:{_OTHER_SIDE})\b", 7),
        (r"^(?:name|naam|nom|nombre|nome|full name|nom complet|nombre completo|wer|who)\b", 7),
        (r"\b(?:last ?name|surname|family name|nachname|achternaam|apellidos?|cognoms?|cognome)\b", 6),
        (r"\b(?:name|naam|nom|nombre|nome|payee)\b", 5),
    ),
    "reference": (
        (r"\b(?:mandat\w*|glaubiger|glaeubiger|creditor|date|datum|amount|id|number|type|art)\b", NEVER),
        (
            (
                r"\b(?:verwendungszweck|zweck|mededelingen?|vrije mededeling|communications?|concepto?|"
                r"causale|purpose|motif|message|"
                r"payment reference|nachricht|missatge|mensaje)\b"
            ),
            9,
        ),
        (
            (
                r"\b(?:reference|referenz|referencia|omschrijving\w*|description|libelle|descripcion|"
                r"descripcio|descrizione|descricao|"
                r"betreff|comments?|kommentar|comentaris?|comentarios?|commentaire|memo|notes?|notiz|"
                r"bemerkung|moviment|movimiento)\b"
            ),
            7,
        ),
        (
            (
                r"\b(?:\w*referenz|betalingskenmerk|kenmerk|mededeling|end to end|observaciones|"
                r"observacions|mes dades|mas datos|"
                r"details?|beschreibung)\b"
            ),
            5,
        ),
        (r"\b(?:buchungstext|text|info)\b", 1),
    ),
    "id": (
        (
            (
                r"\b(?:glaubiger|glaeubiger|creditor|crediteur|mandat\w*|machtiging\w*|customer|client|"
                r"kunden?|payer|donor|debtor|"
                r"account|konto\w*|card|campaign|project|user|member|tax|steuer|invoice|with|method|"
                r"parent|related|zugehorig\w*|"
                r"batch|group|location|product|plan|subscription|recurring|merchant|recipient|incassant|"
                r"sender|contact|check|cheque)\b"
            ),
            NEVER,
        ),
        (
            rf"^(?:{_PAYMENT}) ?(?:{_NUMBER})$|^(?:{_NUMBER}) (?:of |de |de la |du |der |di )?(?:{_PAYMENT})$",
            9,
        ),
        (
            (
                r"^(?:transaktionscode|transaktionsnummer|transactienummer|transactiereferentie|volgnr|"
                r"volgnummer|stripe charge id|"
                r"paypal transaction id|codigo de transaccion|code de transaction|identifiant (?:du |"
                r"de la |de )?\w+)$"
            ),
            9,
        ),
        (r"^(?:id|uuid|short id|reference number|referenznummer|numero de reference)$", 7),
        (rf"\b(?:{_PAYMENT}) (?:{_NUMBER})\b", 6),
    ),
}
_COMPILED = {part: tuple((re.compile(pattern), fit) for pattern, fit in fits) for part, fits in _FITS.items()}
FIRST_NAME = re.compile(r"\b(?:first ?name|given ?name|forename|vorname|prenom|voornaam)\b")
LAST_NAME = re.compile(
    r"\b(?:last ?name|surname|family ?name|nachname|achternaam|apellidos?|cognoms?|cognome)\b"
)
SHORT_NAME = re.compile(r"\b(?:name|naam|nom|nombre|nome)\b")


@lru_cache(maxsize=5_000)
def fit(part: str, column: str) -> int:
    """How well the name of a column fits a part of a payment: 9 at best, 0 not at all, below zero never."""
    words = plain(column)
    return next((value for pattern, value in _COMPILED[part] if pattern.search(words)), 0)


def parts_named(column: str) -> set[str]:
    """The parts that a column could be by its name."""
    return {part for part in _COMPILED if fit(part, column) > 0}


def is_of_the_other_side(column: str) -> bool:
    """Whether the name of a column of accounts says that they are the payers'."""
    return fit("payer", column) > 3  # noqa: PLR2004  what says no more than “account”
