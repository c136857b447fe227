"""What an organisation says of itself, and how its rooms look."""

import struct
import zlib

import pytest

from app.organisations.pictures import MOST_BYTES, PictureError, clean_picture, type_of
from tests.conftest import new_person
from tests.factories import a_room

HOME = "/organisations/riverside-housing"


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int = 2, height: int = 2, *more: bytes) -> bytes:
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    data = zlib.compress(b"".join(b"\0" + b"\x80" * width for _row in range(min(height, 4))))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(more) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def jpeg(width: int = 2, height: int = 2) -> bytes:
    def part(marker: int, body: bytes) -> bytes:
        return bytes((0xFF, marker)) + struct.pack(">H", len(body) + 2) + body

    frame = struct.pack(">BHHB", 8, height, width, 1) + b"\x01\x11\x00"
    parts = part(0xE1, b"Exif\0\0 GPS 41.38 N"), part(0xFE, b"<script>"), part(0xC0, frame)
    return b"\xff\xd8" + b"".join(parts) + part(0xDA, b"\x01\x01\x00\x00\x3f\x00") + b"\x12\x34\xff\xd9"


def webp(width: int = 2, height: int = 2) -> bytes:
    bits = (width - 1) | (height - 1) << 14
    chunks = b"VP8X" + struct.pack("<IBBHHBHB", 10, 0x08, 0, 0, width - 1, 0, height - 1, 0)
    body = b"\x2f" + struct.pack("<I", bits) + b"\0"
    chunks += b"VP8L" + struct.pack("<I", len(body)) + body
    chunks += b"EXIF" + struct.pack("<I", 4) + b"GPS!"
    return b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WEBP" + chunks


def test_what_is_no_picture_in_a_picture_is_left_out():
    cleaned = clean_picture(png(2, 2, chunk(b"tEXt", b"GPS <script>")) + b"<script>")
    assert cleaned == png()
    assert clean_picture(cleaned) == cleaned
    assert type_of(cleaned) == "image/png"
    for made, kind in ((jpeg() + b"<script>", "image/jpeg"), (webp() + b"<script>", "image/webp")):
        cleaned = clean_picture(made)
        assert type_of(cleaned) == kind
        assert b"GPS" not in cleaned
        assert b"<script>" not in cleaned
        assert clean_picture(cleaned) == cleaned


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>",
        b"\x89PNG\r\n\x1a\n",
        png()[:-8],
        png().replace(b"IDAT", b"IDAX"),
        png(1, 1, chunk(b"IHDR", b"")),
        png(2001, 2),
        b"\xff\xd8\xff",
        b"\xff\xd8 <script>alert(1)</script>",
        jpeg()[:30],
        jpeg(2, 3000),
        jpeg(0, 0),
        b"RIFF\0\0\0\0WEBP",
        webp()[:-20],
        webp(2500, 2),
        png() + b"x" * MOST_BYTES,
    ],
    ids=range(16),
)
def test_what_is_no_picture_or_too_large_is_refused(data):
    with pytest.raises(PictureError):
        clean_picture(data)


async def test_colour_and_logo_are_on_the_pages_of_its_rooms_and_of_no_others(
    at_ada_s, site, database, ada, riverside
):
    room = await a_room(database, ada, "Assembly", holder_id=riverside.holder_id)
    own = await a_room(database, ada, "Private")
    await at_ada_s.open(f"{HOME}/profile")
    await at_ada_s.submit("/profile", accent="#FFEE00", about="We live here.")
    assert "Saved." in at_ada_s.words
    token = at_ada_s.form("/logo").fields["form_token"]
    files = {"logo": ("../../logo.html", png(2, 2, chunk(b"tEXt", b"x")), "text/html")}
    at_ada_s.page = await at_ada_s.client.post(f"{HOME}/logo", data={"form_token": token}, files=files)
    async with new_person(site) as guest:
        await guest.open(f"/r/{room.slug}")
        text = guest.page.text
        sheet = await guest.client.get(f"{HOME}/colour/ffee00.css")
        assert f"{HOME}/colour/ffee00.css" in text
        # Yellow is made darker until it can be read on paper.
        assert "--accent-light:#" in sheet.text
        assert "--accent-light:#ffee00" not in sheet.text
        where = text.split('<img src="')[1].split('"')[0]
        picture = await guest.client.get(where)
        assert picture.content == png()
        assert picture.headers["content-type"] == "image/png"
        assert picture.headers["content-security-policy"] == "default-src 'none'; sandbox"
        assert picture.headers["x-content-type-options"] == "nosniff"
        await guest.open(f"/r/{own.slug}")
        assert "/organisations/" not in guest.page.text
    await at_ada_s.open(f"{HOME}/profile")
    assert "The logo as it is" in at_ada_s.page.text
    await at_ada_s.client.post(f"{HOME}/logo", data={"form_token": token})
    assert (await at_ada_s.client.get(where)).status_code == 404


async def test_a_file_that_is_no_picture_is_refused_and_what_was_there_stays(at_ada_s):
    await at_ada_s.open(f"{HOME}/profile")
    token = at_ada_s.form("/logo").fields["form_token"]
    files = {"logo": ("logo.png", b"<html>", "image/png")}
    at_ada_s.page = await at_ada_s.client.post(f"{HOME}/logo", data={"form_token": token}, files=files)
    assert at_ada_s.page.status_code == 422
    assert "This is not a PNG, JPEG or WebP picture" in at_ada_s.words


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("name", ""),
        ("website", "javascript:alert(1)"),
        ("accent", "red"),
        ("accent", "#12345"),
        ("about", "x" * 2001),
        ("address", "x" * 301),
    ],
)
async def test_what_cannot_be_is_said_beside_its_field(at_ada_s, field, typed):
    await at_ada_s.open(f"{HOME}/profile")
    page = await at_ada_s.submit("/profile", **{field: typed})
    assert page.status_code == 422
    assert f'id="f-{field}-error"' in at_ada_s.page.text


async def test_of_two_admins_at_once_the_second_is_told_and_loses_nothing_typed(at_ada_s, olu, riverside):
    await at_ada_s.open(f"{HOME}/profile")
    await olu.open(f"{HOME}/profile")
    await olu.submit("/profile", website="https://riverside.example.org")
    page = await at_ada_s.submit("/profile", about="We live here.", name="Riverside Homes")
    assert page.status_code == 409
    assert "Someone else changed this while you had it open." in at_ada_s.words
    assert "Website is now: https://riverside.example.org" in at_ada_s.words
    assert "We live here." in at_ada_s.words
    await at_ada_s.submit("/profile", website="https://riverside.example.org")
    assert "Saved." in at_ada_s.words
    assert "Riverside Homes" in at_ada_s.words
