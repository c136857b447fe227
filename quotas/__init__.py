"""The rules of the co-operative as pure functions; they know nothing but the standard library."""
