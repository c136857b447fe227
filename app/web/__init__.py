"""HTTP without domain: forms, csrf, headers, errors, pages, rate limits."""

# Before any route is written down: each keeps the meaning that `int` has at that moment.
from app.web import numbers as numbers
