"""Where the time of a page goes that Django makes for each visitor: the profiler's account, by whose code it is."""

import cProfile
import pstats
from collections import Counter
from pathlib import Path

from bench.stage import working_on
from tests import programs

TIMES = 60


def article(name: str, path: str) -> list[tuple[str, float]]:
    """The shares of the processor's time of an article page, the largest first."""
    from django.test import Client

    client = Client(headers={"host": "localhost:8000"})
    profile = cProfile.Profile()
    with working_on(name):
        client.get(path)
        profile.enable()
        for _ in range(TIMES):
            client.get(path)
        profile.disable()
    spent: Counter[str] = Counter()
    for (file, _, function), (_, _, own, _, _) in pstats.Stats(profile).stats.items():  # type: ignore[attr-defined]
        spent[_whose(file, function)] += own
    return [(whose, own / spent.total()) for whose, own in spent.most_common(8)]


def _whose(file: str, function: str) -> str:
    if file == "~":
        return "PostgreSQL, waited for" if "psycopg" in function or "execute" in function else "Python itself"
    path = Path(file)
    if "site-packages" in path.parts:
        inside = path.parts[path.parts.index("site-packages") + 1 :]
        return ".".join(inside[:2]).removesuffix(".py") if inside[0] == "django" else inside[0].removesuffix(".py")
    return "ours" if programs.ROOT in path.parents else "Python itself"
