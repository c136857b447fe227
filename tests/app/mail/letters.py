"""Every mail there is, once in each of its ways, with what it is told."""

from datetime import UTC, datetime
from types import SimpleNamespace

AT = datetime(2026, 11, 2, 18, 30, tzinfo=UTC)
LINK = "https://meet.example.org/x/WzEsMl0.aAbB-_9.zzz?a=1&b=2"
ANSWER = "Thank you & welcome.\n\n<Bring> the minutes,\nand a cake: 5 € > 3 €."
HALL = 'Rosa’s "Hall" & <Sons>'
EACH = {"name": "Assembly <1>", "recorded_at": AT, "bytes": 5_000_000}
SAYING = SimpleNamespace(sentence="“Member & friend” ends on 2 November.", next="give")
ENDING = {
    "tier": "Member",
    "free": "Free",
    "saying": SAYING,
    "ends_at": AT,
    "kept_days": 30,
    "reference": "RF97GH4",
    "link": LINK,
}
RECORDINGS = {"ends_at": AT, "for_time": [EACH], "for_space": [EACH, EACH], "link": LINK}
GRANT = {"tier": "Member", "cents": 5000, "starts_on": AT.date(), "ends_on": AT.date(), "link": LINK}

LETTERS = [
    ("verify_address", {"link": LINK}),
    ("account_exists", {"link": LINK}),
    ("new_password", {"link": LINK}),
    ("password_changed", {"link": LINK, "tokens_go_on": False}),
    ("password_changed", {"link": LINK, "tokens_go_on": True}),
    ("token_made", {"link": LINK, "name": "robot", "scopes": ["Read"], "ends": None}),
    ("confirm_address", {"link": LINK}),
    ("address_change_asked", {"new": "new@example.org", "link": LINK}),
    ("address_changed", {"new": "new@example.org"}),
    ("address_again", {"link": LINK}),
    ("code_guessed", {"room": "Weekly assembly", "link": LINK}),
    ("code_guessed", {"room": HALL, "link": LINK}),
    ("worker_gone", {"last": AT}),
    ("worker_gone", {"last": None}),
    ("goodbye", {}),
    ("grant_made", GRANT | {"organisation": None, "settles": True, "renews": False}),
    ("grant_made", GRANT | {"organisation": HALL, "settles": False, "renews": True}),
    ("interest_confirm", {"link": LINK}),
    ("interest_new", {"name": HALL, "link": LINK}),
    ("interest_accepted", {"name": HALL, "answer": ANSWER, "link": LINK}),
    ("interest_accepted", {"name": HALL, "answer": "", "link": None}),
    ("interest_declined", {"name": HALL, "answer": ANSWER, "link": None}),
    ("invitation", {"organisation": HALL, "days": 14, "link": LINK}),
    *(
        (
            "membership_changed",
            {"act": act, "organisation": HALL, "tier": "Member", "starts_at": AT, "saying": SAYING}
            | {"reason": "Because & <so>", "link": LINK},
        )
        for act in ("suspended", "lifted", "replaced", "withdrawn", "ended")
    ),
    (
        "membership_ending",
        ENDING | {"organisation": None, "is_today": True, "works_until": AT, "is_last": False},
    ),
    (
        "membership_ending",
        ENDING | {"organisation": HALL, "is_today": False, "works_until": None, "is_last": True},
    ),
    *(
        (
            "recording_ending",
            RECORDINGS
            | {"organisation": HALL, "removal": removal, "is_last": is_last, "count": 3 + more, "more": more},
        )
        for removal, is_last, more in (("delete", True, 0), ("unpublish", False, 2))
    ),
    *(
        (
            "recording_storage",
            {"organisation": None, "step": step, "used": 95, "limit": 100, "is_over": is_over}
            | {"stays_until": AT, "link": LINK},
        )
        for step, is_over in ((80, False), (100, False), (100, True))
    ),
    *(
        ("task_news", {"news": news, "title": HALL, "answer": ANSWER, "link": LINK})
        for news in ("suggested", "handed_in", "accepted", "closed", "returned")
    ),
    ("totals_repaired", {"repaired": ["Rosa <1>: 5 instead of 7", "Jo: 0 instead of 1"]}),
]
