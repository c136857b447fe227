"""A CA of one's own is believed where the operator names it: at BigBlueButton, at providers, for mail."""

import pytest

from app.servers.pool import Servers
from app.settings import Settings
from app.web.outside import OutsideError, outside
from bbb_client.errors import CouldNotAsk
from tests.authority import https_server

MEETINGS = b"<response><returncode>SUCCESS</returncode><meetings/></response>"


async def test_providers_behind_a_ca_of_ones_own_are_asked_where_it_is_named(settings, authority):
    trusting = settings.model_copy(update={"ca_file": authority.file})
    async with https_server(authority.server(), b'{"issuer": "x"}', "application/json") as port:
        address = f"https://localhost:{port}/.well-known/openid-configuration"
        with pytest.raises(OutsideError):
            async with outside(settings) as http:
                await http.get(address)
        async with outside(trusting) as http:
            assert (await http.get(address)).json() == {"issuer": "x"}


async def test_bigbluebutton_behind_a_ca_of_ones_own_is_asked_where_it_is_named(settings, authority):
    async with https_server(authority.server(), MEETINGS, "text/xml") as port:
        there = settings.model_copy(update={"bbb_url": f"https://localhost:{port}/bigbluebutton"})
        async with Servers(there).connected() as servers:
            with pytest.raises(CouldNotAsk):
                await servers.client.get_meetings()
        async with Servers(there.model_copy(update={"ca_file": authority.file})).connected() as servers:
            assert await servers.client.get_meetings() == ()


async def test_another_name_in_the_certificate_is_not_believed(settings, authority):
    trusting = settings.model_copy(update={"ca_file": authority.file})
    async with https_server(authority.server("mail.example.org"), b"{}", "application/json") as port:
        with pytest.raises(OutsideError):
            async with outside(trusting) as http:
                await http.get(f"https://localhost:{port}/")


def test_a_file_without_certificates_is_refused_at_the_start(settings, tmp_path):
    known = {
        name: getattr(settings, name) for name in ("database_url", "secret_key", "bbb_url", "bbb_secret")
    }
    empty = tmp_path / "empty.pem"
    empty.write_text("")
    for file in (empty, tmp_path / "not-there.pem", tmp_path):
        with pytest.raises(ValueError, match="must be a file of certificates in PEM"):
            Settings(**known, ca_file=file)
    assert Settings(**known, ca_file="").ca_file is None
