"""Bank files in CAMT for tests, with as much in them as a test says."""

import io
import zipfile

_WRAPPERS = {
    "052": ("BkToCstmrAcctRpt", "Rpt"),
    "053": ("BkToCstmrStmt", "Stmt"),
    "054": ("BkToCstmrDbtCdtNtfctn", "Ntfctn"),
}


def camt(
    *entries, kind="053", version="08", account="DE02120300000000202051", prefix="", namespace=True
) -> bytes:
    """A file of one statement."""
    wrapper, statement = _WRAPPERS[kind]
    inside = f"<Acct><Id><IBAN>{account}</IBAN></Id></Acct>" if account else ""
    text = (
        f"<Document><{wrapper}><{statement}>{inside}{''.join(entries)}</{statement}></{wrapper}></Document>"
    )
    name = f"urn:iso:std:iso:20022:tech:xsd:camt.{kind}.001.{version}"
    if prefix:
        text = (
            text.replace("</", "</\0").replace("<", f"<{prefix}:").replace(f"<{prefix}:/\0", f"</{prefix}:")
        )
        text = text.replace(f"<{prefix}:Document>", f'<{prefix}:Document xmlns:{prefix}="{name}">')
    elif namespace:
        text = text.replace("<Document>", f'<Document xmlns="{name}">')
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}'.encode()


def ntry(
    amount="120.00",
    *,
    way="CRDT",
    ref="",
    status="<Sts><Cd>BOOK</Cd></Sts>",
    day="2027-05-03",
    more="",
    details="",
) -> str:
    """An entry."""
    number = f"<AcctSvcrRef>{ref}</AcctSvcrRef>" if ref else ""
    inside = f"<NtryDtls>{details}</NtryDtls>" if details else ""
    return (
        f'<Ntry><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>{way}</CdtDbtInd>{status}'
        f"<BookgDt><Dt>{day}</Dt></BookgDt>{number}{more}{inside}</Ntry>"
    )


def tx(
    name="Ada Okafor",
    *,
    amount="",
    iban="ES91",
    text="Gift",
    behind="",
    end="",
    more="",
    party="<Pty><Nm>{}</Nm></Pty>",
) -> str:
    """One payment of an entry; `behind`: the ultimate debtor."""
    refs = f"<Refs><EndToEndId>{end}</EndToEndId></Refs>" if end else ""
    sum_ = f'<Amt Ccy="EUR">{amount}</Amt>' if amount else ""
    payer = f"<Dbtr>{party.format(name)}</Dbtr>" if name else ""
    account = f"<DbtrAcct><Id><IBAN>{iban}</IBAN></Id></DbtrAcct>" if iban else ""
    ultimate = f"<UltmtDbtr>{party.format(behind)}</UltmtDbtr>" if behind else ""
    said = f"<RmtInf><Ustrd>{text}</Ustrd></RmtInf>" if text else ""
    return f"<TxDtls>{refs}{sum_}{more}<RltdPties>{payer}{account}{ultimate}</RltdPties>{said}</TxDtls>"


def fee(amount: str, *, records=True) -> str:
    """What a bank kept, as newer and older versions say it."""
    inside = f'<Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>DBIT</CdtDbtInd>'
    return f"<Chrgs>{f'<Rcrd>{inside}</Rcrd>' if records else inside}</Chrgs>"


def zipped(files: dict[str, bytes]) -> bytes:
    """An archive of files, by name."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in files.items():
            # Of a fixed day: two processes of a test have the same archive.
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return packed.getvalue()
