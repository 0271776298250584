"""The limit of the server: one answer, always the same bytes, and nothing else."""

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

CONTENT = Path(os.environ["BENCH_BYTES"]).read_bytes()
HEADERS = [
    ("Content-Type", "text/html; charset=utf-8"),
    ("Content-Length", str(len(CONTENT))),
    *([("Content-Encoding", os.environ["BENCH_ENCODING"])] if os.environ.get("BENCH_ENCODING") else []),
]


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer everything with those bytes."""
    start_response("200 OK", HEADERS)
    return [CONTENT]
