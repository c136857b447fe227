"""Unsafe or missing settings are refused at the start, by name."""

import pytest

from app.settings import DatabaseSettings, Settings, SettingsError, read

GOOD = {
    "GUILDHALL_DATABASE_URL": "postgresql://g:g@db/guildhall",
    "GUILDHALL_SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyz",
    "GUILDHALL_BBB_URL": "https://bbb.example/bigbluebutton/",
    "GUILDHALL_BBB_SECRET": "s3cret\n",
    "GUILDHALL_PUBLIC_URL": "https://meet.example/",
    "GUILDHALL_SMTP_URL": "smtp://mail.example",
    "GUILDHALL_MAIL_FROM": "Guildhall <hall@example.org>",
}


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    """The settings of a production site, and no others."""
    for name in list(__import__("os").environ):
        if name.startswith("GUILDHALL_"):
            monkeypatch.delenv(name)
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)


def test_good_settings_are_read():
    settings = read(Settings)
    assert settings.public_url == "https://meet.example"
    assert settings.bbb_secret.get_secret_value() == "s3cret"
    assert settings.dsn() == "postgresql://g:g@db/guildhall"
    assert settings.secure
    assert settings.bbb_origins == ["https://bbb.example"]


@pytest.mark.parametrize("name", [*GOOD][:4])
def test_a_missing_setting_is_named(monkeypatch, name):
    monkeypatch.delenv(name)
    with pytest.raises(SettingsError, match=f"{name}: must be set"):
        read(Settings)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GUILDHALL_DATABASE_URL", "sqlite:///x"),
        ("GUILDHALL_SECRET_KEY", "short"),
        ("GUILDHALL_SECRET_KEY", "a" * 64),
        ("GUILDHALL_BBB_URL", "http://bbb.example"),
        ("GUILDHALL_BBB_URL", "bbb.example"),
        ("GUILDHALL_BBB_SECRET", "  \n"),
        ("GUILDHALL_PUBLIC_URL", "http://meet.example"),
        ("GUILDHALL_SMTP_URL", ""),
        ("GUILDHALL_MAIL_FROM", ""),
        ("GUILDHALL_ACCENT", "red"),
        ("GUILDHALL_DATABASE_POOL", "0"),
        ("GUILDHALL_BBB_JOIN_ORIGINS", "https://a.example/path"),
        ("GUILDHALL_BBB_JOIN_ORIGINS", "a.example"),
        ("GUILDHALL_SOURCE_URL", "javascript:alert(1)"),
    ],
)
def test_an_unsafe_setting_is_named_and_its_value_is_not_repeated(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as refused:
        read(Settings)
    assert f"{name}:" in str(refused.value)
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize(
    "address", ["postgresql://g:s3cret@db", "postgresql://g:s3cret@db/", "postgresql:///?host=x"]
)
def test_the_database_is_named_in_its_address(monkeypatch, address):
    monkeypatch.setenv("GUILDHALL_DATABASE_URL", address)
    with pytest.raises(SettingsError, match="GUILDHALL_DATABASE_URL: must name the database"):
        read(Settings)


def test_several_problems_are_told_at_once(monkeypatch):
    monkeypatch.setenv("GUILDHALL_SECRET_KEY", "short")
    monkeypatch.setenv("GUILDHALL_MAIL_FROM", "")
    with pytest.raises(SettingsError) as refused:
        read(Settings)
    assert len(str(refused.value).splitlines()) == 2


def test_migrating_needs_the_database_only(monkeypatch):
    for name in [*GOOD][1:]:
        monkeypatch.delenv(name)
    assert read(DatabaseSettings).dsn() == "postgresql://g:g@db/guildhall"


def test_addresses_of_this_machine_may_go_without_https(monkeypatch):
    monkeypatch.setenv("GUILDHALL_BBB_URL", "http://127.0.0.1:8001/bigbluebutton/")
    monkeypatch.setenv("GUILDHALL_PUBLIC_URL", "http://localhost:8000")
    assert not read(Settings).secure


def test_origins_behind_a_balancer_are_written_with_spaces(monkeypatch):
    monkeypatch.setenv("GUILDHALL_BBB_JOIN_ORIGINS", "https://a.example https://b.example:8443")
    assert read(Settings).bbb_origins[1:] == ["https://a.example", "https://b.example:8443"]


@pytest.mark.parametrize(
    "words",
    [
        "connect_timeout=5",
        "keepalives=1",
        "channel_binding=require",
        "sslmode=require&pool_size=9",
        "ssl=true",
        "x",
    ],
)
def test_what_only_one_of_the_drivers_understands_is_refused(monkeypatch, words):
    monkeypatch.setenv("GUILDHALL_DATABASE_URL", f"postgresql://g:s3cret@db/guildhall?{words}")
    with pytest.raises(SettingsError, match="GUILDHALL_DATABASE_URL: ") as refused:
        read(Settings)
    assert "s3cret" not in str(refused.value)


def test_four_settings_are_enough_to_try_it_on_this_machine(monkeypatch):
    for name in [*GOOD][4:]:
        monkeypatch.delenv(name)
    assert read(Settings).public_url == "http://127.0.0.1:8000"


def test_a_site_that_others_reach_is_no_demo(monkeypatch):
    monkeypatch.setenv("GUILDHALL_DEMO", "true")
    with pytest.raises(SettingsError, match="GUILDHALL_DEMO: "):
        read(Settings)


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("GUILDHALL_SMTP_URL", "mail.example:587", "must begin with smtp://"),
        ("GUILDHALL_SMTP_URL", "http://mail.example", "must begin with smtp://"),
        ("GUILDHALL_PUBLIC_URL", "https://example.org/meet", "without a path"),
        ("GUILDHALL_PUBLIC_URL", "https://meet.example/?x=1", "without a user name, a question mark"),
        ("GUILDHALL_PROXIES", "proxy.example", "no names"),
        ("GUILDHALL_PROXIES", "10.0.0.1, nginx", "no names"),
    ],
)
def test_what_would_not_work_is_refused_with_the_reason(monkeypatch, name, value, reason):
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=f"{name}: .*{reason}"):
        read(Settings)


@pytest.mark.parametrize("value", ["10.0.0.5,172.16.0.0/12", "127.0.0.1", "*", "::1, fd00::/8"])
def test_proxies_are_addresses_and_networks(monkeypatch, value):
    monkeypatch.setenv("GUILDHALL_PROXIES", value)
    assert read(Settings).proxies == value
