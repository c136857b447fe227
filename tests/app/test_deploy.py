"""What is shipped for proxies and systemd fits the program: sizes, streams, connections, times."""

import asyncio
import os
import re
import shutil
import ssl
import subprocess
import time

import httpx
import pytest
import trustme

from app.draining import GRACE_SECONDS
from app.settings import ROOT, Settings
from app.web import connections
from app.web.frame import LARGEST_BODY, LARGEST_FILE, largest_body
from app.web.index import every_route
from app.web.streams import SHARE_OF_FILES
from tests.factories import a_person, a_room
from tests.house import free_port
from tests.socketry import opened_door

DEPLOY = ROOT / "deploy"
NGINX, CADDY = (DEPLOY / "nginx.conf").read_text(), (DEPLOY / "Caddyfile").read_text()
UNIT = (DEPLOY / "systemd" / "guildhall-serve.service").read_text()
CHANGES = {"POST", "PUT", "PATCH", "DELETE"}
# Many who wait, on two processes.
WAITING = 5_000


def bytes_of(size):
    """`8m`, `128k`, `8MB`: as nginx and Caddy read them, the smaller of both readings."""
    number, unit = re.fullmatch(r"(\d+)([km])b?", size.lower()).groups()
    return int(number) * {"k": 1_000, "m": 1_000_000}[unit]


def blocks(text, head):
    """The insides of nginx's blocks that begin so, with what follows the word."""
    return re.findall(rf"{head}([^{{}}]*)\{{([^{{}}]*)\}}", text)


def of_nginx(path):
    """What nginx lets through to a path: its locations in the order in which it tries them."""
    server = NGINX[NGINX.index("listen 443") : NGINX.index("listen 80;")]
    locations = [(words.split(), inside) for words, inside in blocks(server, "location ")]
    exact = [inside for words, inside in locations if words[0] == "=" and words[1] == path]
    patterns = [inside for words, inside in locations if words[0] == "~" and re.search(words[1], path)]
    inside = (exact + patterns + [""])[0]
    found = re.search(r"client_max_body_size (\w+);", inside)
    return bytes_of(found[1] if found else re.search(r"client_max_body_size (\w+);", server)[1])


def of_caddy(path):
    """What Caddy lets through to it: the first matcher by path that fits, else the rest."""
    sizes = dict(re.findall(r"request_body @(\w+) \{\s*max_size (\w+)\s*\}", CADDY))
    exact = dict(re.findall(r"^\t@(\w+) path (\S+)$", CADDY, re.MULTILINE))
    patterns = dict(re.findall(r"^\t@(\w+) path_regexp (\S+)$", CADDY, re.MULTILINE))
    fits = [name for name, one in exact.items() if one == path]
    fits += [name for name, one in patterns.items() if re.search(one, path)]
    return bytes_of(sizes[[*fits, "others"][0]])


def paths(site):
    """An address of every route that takes something."""
    for route in every_route(site.routes):
        if CHANGES & set(getattr(route, "methods", None) or ()):
            yield re.sub(r"\{\w+(:\w+)?\}", "some-1", str(route.path))


@pytest.mark.parametrize("lets_through", [of_nginx, of_caddy])
def test_proxies_let_through_what_every_route_takes_and_not_much_more(whole_site, lets_through):
    found = set(paths(whole_site))
    assert len(found) > 100
    for path in found:
        ours, theirs = largest_body(path), lets_through(path)
        # What is a little too large is refused by us, in words; what is much too large by the proxy.
        assert ours < theirs <= max(2 * ours, 2 * LARGEST_BODY), (path, ours, theirs)


def test_caddy_names_the_same_paths_in_what_it_leaves_to_the_rest():
    named = re.findall(r"^\t@(?:payments|uploads|reports) (.+)$", CADDY, re.MULTILINE)
    assert re.findall(r"^\t\tnot (.+)$", CADDY, re.MULTILINE) == named


def test_nginx_holds_back_no_stream_and_only_streams_are_let_go_on(whole_site):
    [(pattern, inside)] = [
        (words.split()[1], inside)
        for words, inside in blocks(NGINX, "location ")
        if "proxy_buffering off;" in inside
    ]
    for route in every_route(whole_site.routes):
        path = re.sub(r"\{\w+\}", "some-1", str(route.path))
        assert bool(re.search(pattern, path)) == str(route.name).endswith(".events"), path
    assert "proxy_read_timeout 1h;" in inside


def test_nginx_has_connections_for_all_who_wait_and_counts_those_of_one_address():
    each = int(re.search(r"worker_connections (\d+);", NGINX)[1])
    assert each > 2 * WAITING, "one from the browser, one to us"
    assert int(re.search(r"worker_rlimit_nofile (\d+);", NGINX)[1]) > each
    streams = int(re.search(r"limit_conn guildhall_streams (\d+);", NGINX)[1])
    ours = Settings.model_fields["streams_per_address"].default
    assert 2 * ours <= streams < WAITING / 10, (
        "a school's pages are refused by us first, one visitor's by nginx"
    )
    requests = int(re.search(r"limit_conn guildhall_requests (\d+);", NGINX)[1])
    assert streams < requests < each / 10


def test_the_unit_lets_a_process_hold_all_who_wait():
    assert int(re.search(r"LimitNOFILE=(\d+)", UNIT)[1]) * SHARE_OF_FILES > WAITING


def test_proxies_close_a_resting_connection_before_we_do():
    for text, pattern in ((NGINX, r"keepalive_timeout (\d+)s;\n    }"), (CADDY, r"keepalive (\d+)s")):
        assert int(re.search(pattern, text)[1]) < connections.KEEP_ALIVE_SECONDS


def test_a_start_that_waits_for_bigbluebutton_is_waited_for():
    for pattern, text in ((r"proxy_read_timeout (\d+)s", NGINX), (r"response_header_timeout (\d+)s", CADDY)):
        assert int(re.search(pattern, text)[1]) >= 60


# The real programs, where they are installed


@pytest.fixture(scope="module")
def door(settings, tmp_path_factory):
    with opened_door(settings, tmp_path_factory.mktemp("door")) as opened:
        yield opened


@pytest.fixture(scope="module")
def nginx(door, tmp_path_factory):
    """nginx with the file that is shipped, but for its ports, its certificate, and where it writes."""
    program = shutil.which("nginx")
    if program is None:
        pytest.skip("nginx is not installed")
    folder, port = tmp_path_factory.mktemp("nginx"), free_port()
    issued = trustme.CA().issue_cert("meet.example.org")
    issued.private_key_pem.write_to_path(folder / "key.pem")
    for part in issued.cert_chain_pems:
        part.write_to_path(folder / "cert.pem", append=True)
    text = re.sub(r"\n *listen \[::\]:\S+( ssl http2)?;", "", NGINX)
    for old, new in (
        ("listen 443 ssl http2", f"listen 127.0.0.1:{port} ssl http2"),
        ("listen 80;", f"listen 127.0.0.1:{free_port()};"),
        ("/etc/ssl/meet.example.org.pem", f"{folder}/cert.pem"),
        ("/etc/ssl/meet.example.org.key", f"{folder}/key.pem"),
        ("/run/nginx.pid", f"{folder}/pid"),
        ("/var/log/nginx", str(folder)),
        ("127.0.0.1:8000", f"127.0.0.1:{door.port}"),
        ("worker_rlimit_nofile 65536", "worker_rlimit_nofile 4096"),
        ("worker_processes auto", "worker_processes 1"),
        # Its files are in a folder of whoever runs the tests.
        ("user www-data;", "user root;" if os.geteuid() == 0 else ""),
    ):
        assert old in text, old
        text = text.replace(old, new)
    temporary = "".join(
        f"{name}_temp_path {folder}/{name};\n"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(text.replace("http {\n", f"http {{\n{temporary}", 1))
    words = [program, "-e", str(folder / "error.log"), "-c", str(folder / "nginx.conf"), "-p", str(folder)]
    tried = subprocess.run([*words, "-t"], capture_output=True, text=True, check=False)
    assert tried.returncode == 0, tried.stderr
    running = subprocess.Popen([*words, "-g", "daemon off;"])
    try:
        end = time.monotonic() + 10
        while not (folder / "pid").exists():
            assert time.monotonic() < end
            time.sleep(0.05)
        yield f"https://127.0.0.1:{port}"
    finally:
        running.terminate()
        running.wait(10)


@pytest.fixture
async def browser(nginx):
    """A browser that reaches the site through nginx."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    headers = {"host": "meet.example.org"}
    async with httpx.AsyncClient(
        base_url=nginx, verify=context, headers=headers, trust_env=False, timeout=20
    ) as client:
        yield client


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "size"),
    [
        ("/ledger/imports", 5_000_000),
        ("/organisations/some/invitations", 290_000),
        ("/organisations/some/logo", 200_000),
        ("/callbacks/meetings/1/token/analytics", 3_900_000),
        ("/sign-in", 60_000),
    ],
)
async def test_an_upload_comes_through_nginx(site, browser, path, size):
    assert largest_body(path) > size
    answer = await browser.post(path, files={"file": b"a" * size})
    assert answer.status_code not in {413, 502, 504}
    assert "nginx" not in answer.text.lower()


@pytest.mark.slow
async def test_what_is_a_little_too_large_is_refused_in_words_and_much_more_by_nginx(site, browser):
    answer = await browser.post("/ledger/imports", files={"file": b"a" * (LARGEST_FILE + 1)})
    assert (answer.status_code, "This is too large" in answer.text) == (413, True)
    assert (await browser.post("/sign-in", files={"file": b"a" * 2_000_000})).status_code == 413


@pytest.mark.slow
async def test_news_comes_through_nginx_at_once(site, database, browser):
    from app.live import announce, room_topic

    room = await a_room(database, await a_person(database), address="the-place")
    async with browser.stream("GET", "/r/the-place/events") as stream, asyncio.timeout(5):
        chunks = stream.aiter_bytes()
        assert await anext(chunks) == b": here\n\n"
        async with database.transaction() as session:
            await announce(session, room_topic(room.id))
        assert b"changed" in await anext(chunks)


@pytest.mark.slow
async def test_nginx_says_who_asks_whatever_the_browser_claims(site, database, browser, door):
    """Six streams of one browser, each as if from another address: by the count of the browser it is one too many."""
    await a_room(database, await a_person(database), address="the-place")
    opened = []
    for number in range(7):
        headers = {"x-forwarded-for": f"192.0.2.{number}"}
        request = browser.build_request("GET", "/r/the-place/events", headers=headers)
        opened.append(await browser.send(request, stream=True))
    assert [each.status_code for each in opened] == [200] * 6 + [429], "without a cookie all are one browser"
    for each in opened:
        await each.aclose()


def test_caddy_reads_the_file_that_is_shipped():
    program = shutil.which("caddy")
    if program is None:
        pytest.skip("Caddy is not installed")
    words = [program, "validate", "--adapter", "caddyfile", "--config", str(DEPLOY / "Caddyfile")]
    tried = subprocess.run(words, capture_output=True, text=True, check=False)
    assert tried.returncode == 0, tried.stderr


def test_systemd_gives_a_stop_the_time_that_it_may_take_and_the_socket_is_the_ports():
    stop = re.search(r"^TimeoutStopSec=(\d+)$", UNIT, re.MULTILINE)
    assert int(stop[1]) > GRACE_SECONDS + 5
    port = re.search(r"--port (\d+)", UNIT)[1]
    held = (DEPLOY / "systemd" / "guildhall-serve.socket").read_text()
    assert f"ListenStream=127.0.0.1:{port}\n" in held
