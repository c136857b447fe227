"""HTTP without domain: forms, csrf, headers, errors, pages, rate limits."""
