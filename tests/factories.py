"""People, organisations and rooms for tests, made the way the site makes them."""
