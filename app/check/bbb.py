"""BigBlueButton: reached, the secret right, of which version, its recordings and web-hooks, its clock."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

from app import clock
from app.check.findings import Finding, look, mend, ok, words_of
from app.settings import Settings
from app.trust import trust_of
from bbb_client.client import BBBClient
from bbb_client.errors import BBBError, CouldNotAsk, Refused
from bbb_client.server import Server
from bbb_client.signing import Algorithm

SUBJECT = "BigBlueButton"
CLOCKS_APART = 60.0  # seconds; minutes of meetings are counted by our clock


async def check_bbb(settings: Settings) -> list[Finding]:
    """Ask as the program does: the version, a signed call, the web-hooks, the time."""
    server = Server(
        settings.bbb_url, settings.bbb_secret.get_secret_value(), Algorithm(settings.bbb_algorithm)
    )
    transport = httpx.AsyncHTTPTransport(verify=trust_of(settings))
    async with BBBClient(server, transport=transport) as bbb:
        try:
            version = await bbb.index()
            meetings = await bbb.get_meetings()
        except Refused as error:
            how = (
                "Compare GUILDHALL_BBB_SECRET and GUILDHALL_BBB_ALGORITHM with what bbb-conf --secret prints."
            )
            return [mend(SUBJECT, f"it refuses our signature ({error.key})", how)]
        except CouldNotAsk as error:
            how = "Open GUILDHALL_BBB_URL with curl from this machine; it is the URL that bbb-conf --secret prints."
            return [mend(SUBJECT, words_of(error), how)]
        seen = f"version {version.bbb_version or version.version}, {len(meetings)} meetings run"
        return [ok(SUBJECT, seen), await _webhooks(bbb, settings), await _clock(settings, server)]


async def _webhooks(bbb: BBBClient, settings: Settings) -> Finding:
    if not settings.bbb_webhooks:
        return ok("Web-hooks", "not wanted (GUILDHALL_BBB_WEBHOOKS)")
    try:
        await bbb.list_hooks()
    except BBBError:
        how = "Install bbb-webhooks on the BBB server, or set GUILDHALL_BBB_WEBHOOKS=false. News then come later."
        return look("Web-hooks", "bbb-webhooks does not answer", how)
    return ok("Web-hooks", "bbb-webhooks answers")


async def _clock(settings: Settings, server: Server) -> Finding:
    """By the Date of an answer: whole seconds, which is enough here."""
    try:
        async with httpx.AsyncClient(timeout=10, verify=trust_of(settings)) as client:
            answer = await client.get(server.address())
        theirs = parsedate_to_datetime(answer.headers["date"]).astimezone(UTC)
    except (httpx.HTTPError, KeyError, ValueError):
        return look("BBB's clock", "its answers carry no date", "Look whether its clock is right: date -u")
    apart = abs((theirs - clock.now().replace(microsecond=0)).total_seconds())
    if apart > CLOCKS_APART:
        how = "Set up time synchronisation (chrony, systemd-timesyncd) on both machines."
        return mend("BBB's clock", f"{apart:.0f} s apart from ours ({_time(theirs)} there)", how)
    return ok("BBB's clock", f"within {max(apart, 1):.0f} s of ours")


def _time(at: datetime) -> str:
    return f"{at:%H:%M:%S} UTC"
