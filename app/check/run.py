"""All checks, one after the other, and what they come to."""

from collections.abc import Iterator

from app.check.bbb import check_bbb
from app.check.database import check_database
from app.check.environment import check_settings
from app.check.findings import Finding, Verdict
from app.check.mail import check_mail
from app.check.site import check_site
from app.settings import Settings


async def check_all(settings: Settings) -> list[Finding]:
    """What was found, in the order in which an installation is built. Changes nothing anywhere."""
    return [
        *check_settings(settings),
        *await check_database(settings),
        *await check_bbb(settings),
        *await check_mail(settings),
        *await check_site(settings),
    ]


def summary(findings: list[Finding]) -> str:
    """The last line: how many are to be mended."""
    broken = sum(finding.verdict is Verdict.MEND for finding in findings)
    if not broken:
        return "Everything that could be checked from here is in order."
    return f"{broken} to mend." if broken > 1 else "One to mend."


def broken(findings: list[Finding]) -> Iterator[Finding]:
    """Those that do not work."""
    return (finding for finding in findings if finding.verdict is Verdict.MEND)
