"""How many requests a second an address takes, and how long the slowest hundredth waits: measured by wrk."""

import json
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass

from bench.many import Ask, seconds_for

CONNECTIONS = 16
_MIXED = """
local count, some, others = 0, {some}, {others}
request = function()
  count = count + 1
  return wrk.format("GET", nil, count % {one_in} == 0 and some or others)
end
"""
_UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3}


@dataclass(frozen=True)
class Load:
    """What was measured. `p99_ms` is 0 where no tool told it."""

    per_second: float
    p99_ms: float


def load(
    base: str,
    path: str,
    *,
    seconds: int,
    headers: dict[str, str] | None = None,
    expect: int = 200,
    one_in: int = 1,
    others: dict[str, str] | None = None,
    connections: int = CONNECTIONS,
) -> Load:
    """Ask for so many seconds, through so many connections. Raises RuntimeError where another status comes.

    With `one_in`, only every so-manieth request carries `headers`, and the rest carry `others`.
    """
    if not (wrk := shutil.which("wrk")):
        return _without_wrk(base, path, headers or {}, expect, one_in, others or {}, connections)
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(_MIXED.format(one_in=one_in, some=_lua(headers or {}), others=_lua(others or {})))
        script.flush()
        command = [wrk, "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", script.name, base + path]
        said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    # wrk counts 304 as an error of no kind; whatever is 400 or more it names.
    if bad := re.search(r"Non-2xx or 3xx responses: (\d+)", said):
        raise RuntimeError(f"{path}: {bad[1]} answers were errors.")
    p99 = re.search(r"99%\s+([\d.]+)(us|ms|s)", said)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", said)
    if p99 is None or rate is None:
        raise RuntimeError(f"wrk said: {said}")
    return Load(float(rate[1]), float(p99[1]) * _UNITS[p99[2]])


def _lua(headers: dict[str, str]) -> str:
    return "{" + ", ".join(f"[{json.dumps(name)}] = {json.dumps(value)}" for name, value in headers.items()) + "}"


def _without_wrk(
    base: str,
    path: str,
    headers: dict[str, str],
    expect: int,
    one_in: int,
    others: dict[str, str],
    connections: int,
) -> Load:
    asks = [Ask(path, others if number % one_in else headers) for number in range(2000)]
    return Load(len(asks) / seconds_for(base, asks, connections=connections, expect=expect), 0.0)
