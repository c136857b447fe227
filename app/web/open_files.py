"""How many files and connections this process may have open: raised to what it is allowed, and watched."""

import resource

NO_LIMIT = 1_000_000


def raise_open_files_limit() -> int:
    """Raise the soft limit of open files to the hard one, for this process and those it starts; the new limit."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return open_files_limit()


def open_files_limit() -> int:
    """How many files this process may have open."""
    soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return NO_LIMIT if soft == resource.RLIM_INFINITY else soft
