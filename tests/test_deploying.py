"""What stands in deploy/ is what is run here: its very steps, in a clean folder, with real servers on loopback.

No container and no systemd run here. What only they can do (apt-get, useradd, the hardening) is looked at, not done.
"""

import contextlib
import http.client
import http.server
import json
import os
import re
import shlex
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.conf import settings as configured
from django.db import connection

from tests import fresh
from tests.check import production
from tests.programs import free_port

ROOT = Path(__file__).resolve().parent.parent
DEPLOY = ROOT / "deploy"
NAME = "news.example.org"
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
STATIC_FOR_EVER = "max-age=315360000, public, immutable"
pytestmark = pytest.mark.anywhere


# --- Reading what stands there ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Step:
    """An instruction of a Dockerfile."""

    word: str
    rest: str


def stages() -> list[list[Step]]:
    """Its instructions, one list for each FROM."""
    found: list[list[Step]] = []
    for line in (DEPLOY / "Dockerfile").read_text().replace("\\\n", " ").splitlines():
        word, _, rest = line.strip().partition(" ")
        if word == "FROM":
            found.append([])
        if word and not word.startswith("#"):
            found[-1].append(Step(word, rest.strip()))
    return found


def said(steps: list[Step], word: str) -> list[str]:
    return [step.rest for step in steps if step.word == word]


def unit(name: str) -> dict[str, list[str]]:
    """What a unit of systemd's says."""
    found: dict[str, list[str]] = {}
    for line in (DEPLOY / "systemd" / name).read_text().splitlines():
        key, is_said, value = line.partition("=")
        if is_said and not line.startswith(("#", "[")):
            found.setdefault(key, []).append(value)
    return found


def compose_commands() -> dict[str, list[str]]:
    """The command of each service of compose.yaml that has one."""
    found, service = {}, ""
    for line in (DEPLOY / "compose.yaml").read_text().splitlines():
        if match := re.fullmatch(r"  (\w+):", line):
            service = match[1]
        if match := re.fullmatch(r"    command: (\[.*\])", line):
            found[service] = json.loads(match[1])
    return found


# --- A machine ----------------------------------------------------------------------------------------------


@dataclass
class Machine:
    """A folder in which the image's steps were run, and what runs there now."""

    app: Path
    environment: dict[str, str]
    port: int = field(default_factory=free_port)
    # Short, since the path of a socket may have 107 bytes.
    run_folder: str = field(default_factory=lambda: tempfile.mkdtemp(prefix="run-"))

    def in_place(self, words: str) -> str:
        """The same words with this folder and this port."""
        here = re.sub(r"(?<![\w./-])(/srv/newsroom|/app)\b", str(self.app), words)
        here = here.replace("/run/newsroom", self.run_folder).replace("0.0.0.0", "127.0.0.1")
        return re.sub(r"\b8000\b", str(self.port), here)

    def run(self, command: str, **more: str) -> subprocess.CompletedProcess[str]:
        """A step as a shell runs it."""
        done = subprocess.run(
            ["/bin/sh", "-c", self.in_place(command)],
            cwd=self.app,
            env=self.environment | more,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
        return done

    @contextlib.contextmanager
    def running(self, command: str) -> Iterator[subprocess.Popen[bytes]]:
        """A service, stopped by SIGTERM; it has to end well."""
        process = subprocess.Popen(shlex.split(self.in_place(command)), cwd=self.app, env=self.environment)
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=45) in (0, -signal.SIGTERM)


@pytest.fixture
def built(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """What the Dockerfile makes: the build's folder, as the last stage takes it over."""
    app = tmp_path_factory.mktemp("machine") / "app"
    ignored = shutil.ignore_patterns(
        ".git", ".venv", "var", "tests", "__pycache__", "docs", "bench", ".*_cache", ".hyp*"
    )
    kept = {name: os.environ[name] for name in ("HOME", "LANG") if name in os.environ}
    machine = Machine(app, kept | {"PATH": "/usr/bin:/bin", "PIP_NO_INDEX": "1", "PYTHONDONTWRITEBYTECODE": "1"})
    app.mkdir()
    steps = stages()[0]
    for step in steps:
        if step.word == "COPY":
            source, to = step.rest.split()
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT, app, ignore=ignored, dirs_exist_ok=True)
            else:
                (app / to).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / source, app / to)
        elif step.word == "RUN" and "compileall" not in step.rest:
            machine.run(step.rest.replace("python3 ", f"{sys.executable} "))
            if "-m venv" in step.rest:
                # Nothing is fetched here: the packages of the tests' own environment are those of the lock.
                (folder,) = (app / ".venv" / "lib").glob("python3*/site-packages")
                (folder / "already-there.pth").write_text(sysconfig.get_paths()["purelib"])
    return machine


@pytest.fixture
def database(django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    """An address of a database of its own on the tests' server, with the tables that the migrations make."""
    name, template = "newsroom_deployed", fresh.Postgresql()._template
    with django_db_blocker.unblock(), connection._nodb_cursor() as cursor:
        with fresh._one_at_a_time():
            cursor.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            cursor.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        known = configured.DATABASES["default"]
        host = str(known["HOST"]).replace("/", "%2F")
        password = f":{known['PASSWORD']}" if known["PASSWORD"] else ""
        yield f"postgres://{known['USER']}{password}@{host}:{known['PORT'] or 5432}/{name}"
        cursor.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture
def machine(built: Machine, database: str, tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """The same, told what a site in production is told, with its database prepared."""
    var = tmp_path_factory.mktemp("var")
    of_image = dict(
        pair.split("=", 1) for line in said(stages()[1], "ENV") for pair in shlex.split(built.in_place(line))
    )
    built.environment |= (
        of_image
        | production(str(var))
        | {
            "PATH": built.environment["PATH"],
            "STATIC_DIR": str(built.app / "static-files"),
            "SITE_URL": f"https://{NAME}",
            "DATABASE_URL": database,
            "TRUSTED_PROXIES": "unix",
            "METRICS_TOKEN": "m" * 24,
            "LOG_LEVEL": "ERROR",
            "STRIPE_TIMEOUT_SECONDS": "1",
            "STRIPE_BUDGET_SECONDS": "1",
        }
    )
    prepare = compose_commands()["prepare"]
    # Stripe is out of reach here, and that stops nothing.
    built.run(f"{shlex.quote(str(built.app / '.venv/bin/python'))} {shlex.join(prepare[1:])}", HTTPS_PROXY=_NOWHERE)
    return built


_NOWHERE = "http://127.0.0.1:9"


@dataclass(frozen=True)
class Site:
    """What runs: the machine, the server as systemd starts it, and nginx in front."""

    machine: Machine
    process: subprocess.Popen[bytes]
    proxy: "Proxy"


@pytest.fixture
def site(machine: Machine, proxy: "Proxy") -> Iterator[Site]:
    """All of it, until the end of the test."""
    command = unit("newsroom.service")["ExecStart"][0]
    # A process that has only begun to start does not hear that it should stop.
    with machine.running(command.replace("--workers-kill-timeout 30", "--workers-kill-timeout 5")) as process:
        until(lambda: proxy.ask("/healthz").status == 200, process)
        yield Site(machine, process, proxy)


def until(holds: Callable[[], Any], process: subprocess.Popen[bytes] | None = None, seconds: float = 40) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        assert process is None or process.poll() is None
        time.sleep(0.05)


def answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


# --- nginx --------------------------------------------------------------------------------------------------


class _OverTls(http.client.HTTPConnection):
    """Also where it has to connect again, as a browser does."""

    wrap: Callable[[socket.socket], socket.socket]

    def connect(self) -> None:
        super().connect()
        self.sock = self.wrap(self.sock)


@dataclass
class Proxy:
    """nginx with the example's words, on ports of its own."""

    plain: int
    secure: int
    folder: Path

    def ask(self, path: str, method: str = "GET", body: bytes | None = None, **headers: str) -> Any:
        """An answer over TLS, with its body as `.content`."""
        asked = self.connection()
        given = {"Host": NAME} | {name.replace("_", "-"): value for name, value in headers.items()}
        asked.request(method, path, body=body, headers=given)
        answer: Any = asked.getresponse()
        answer.content = answer.read()
        asked.close()
        return answer

    def connection(self, name: str = NAME) -> http.client.HTTPConnection:
        """A connection of a browser's."""
        context = ssl.create_default_context(cafile=str(self.folder / "fullchain.pem"))
        made = _OverTls("127.0.0.1", self.secure, timeout=30)
        made.wrap = lambda plain: context.wrap_socket(plain, server_hostname=name)
        made.connect()
        return made


@pytest.fixture
def proxy(built: Machine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """nginx before the site."""
    with nginx(tmp_path_factory.mktemp("nginx"), before=f"unix:{built.run_folder}/site.sock") as found:
        yield found


@contextlib.contextmanager
def nginx(folder: Path, *, before: str) -> Iterator[Proxy]:
    """It runs before that address, whoever listens there."""
    if NGINX is None:
        pytest.skip("nginx (apt-get install nginx-light)")
    found = Proxy(free_port(), free_port(), folder)
    _certificate(folder)
    words = (DEPLOY / "nginx" / "newsroom.conf").read_text()
    for of_the_example, here in (
        ("listen 80", f"listen 127.0.0.1:{found.plain}"),
        ("listen 443", f"listen 127.0.0.1:{found.secure}"),
        (f"/etc/letsencrypt/live/{NAME}/", f"{folder}/"),
        ("unix:/run/newsroom/site.sock", before),
    ):
        assert of_the_example in words
        words = words.replace(of_the_example, here)
    (folder / "site.conf").write_text(words)
    below = "".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    who = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(
        f"daemon off; {who} pid {folder}/pid; error_log {folder}/error.log warn; worker_processes 1;"
        f"events {{}} http {{ {below} access_log off; include {folder}/site.conf; }}"
    )
    command = [NGINX, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")]
    tried = subprocess.run([*command, "-t"], capture_output=True, text=True)
    assert tried.returncode == 0, tried.stderr
    assert "warn" not in tried.stderr
    process = subprocess.Popen(command)
    try:
        until(lambda: answers(found.secure), process)
        yield found
    finally:
        process.terminate()
        process.wait(timeout=10)


def _certificate(folder: Path) -> None:
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "fullchain.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "privkey.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


# --- What the files say -------------------------------------------------------------------------------------


def test_the_image_is_small_and_belongs_to_nobody() -> None:
    build, last = stages()
    assert all(step.rest.startswith("python:3.11-slim-bookworm") for step in (build[0], last[0]))
    assert "--require-hashes" in said(build, "RUN")[1]
    users = said(last, "USER")
    assert users
    assert users[-1] != "root"
    words = [step.word for step in last]
    assert words.index("USER") < words.index("CMD")
    assert [step.rest for step in last if step.word in ("ADD", "COPY")] == ["--from=build /app /app"]
    assert "postgresql-client" in " ".join(said(last, "RUN"))
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text().split()
    assert {".git", ".venv", "var", "tests", "**/*.env"} <= set(ignored)


def test_nothing_of_compose_listens_to_the_world_and_nothing_may_raise_its_rights() -> None:
    words = (DEPLOY / "compose.yaml").read_text()
    ports = re.findall(r"ports: \[(.*)\]", words)
    assert ports == ['"127.0.0.1:8000:8000"']
    assert "internal: true" in words
    assert words.count("no-new-privileges:true") == 2
    assert compose_commands()["worker"] == ["python", "manage.py", "work"]
    assert not re.search(r"(?i)password: \S|privileged|docker\.sock|network_mode", words)


@pytest.mark.parametrize("name", ["newsroom.service", "newsroom-worker@.service"])
def test_the_units_are_hardened(name: str, tmp_path: Path) -> None:
    for line in (
        *("NoNewPrivileges=yes", "ProtectSystem=strict", "CapabilityBoundingSet=", "PrivateDevices=yes"),
        *("RestrictSUIDSGID=yes", "User=newsroom", "SystemCallFilter=@system-service"),
    ):
        assert f"\n{line}\n" in (DEPLOY / "systemd" / name).read_text()
    if (analyze := shutil.which("systemd-analyze")) is None:
        pytest.skip("systemd-analyze (apt-get install systemd)")
    place = tmp_path / name.replace("@", "@1")
    # A program that is there: its own would be missing on this machine.
    place.write_text((DEPLOY / "systemd" / name).read_text().replace("/srv/newsroom/.venv/bin/python", sys.executable))
    told = subprocess.run([analyze, "verify", str(place)], capture_output=True, text=True)
    ours = [line for line in told.stderr.splitlines() if "newsroom" in line and "Failed to" not in line]
    assert not ours
    told = subprocess.run(
        [analyze, "security", "--offline=true", "--threshold=20", "--no-pager", str(place)],
        capture_output=True,
        text=True,
    )
    if "unrecognized option" not in told.stderr:
        assert told.returncode == 0, told.stdout[-500:] + told.stderr


def test_the_same_server_runs_everywhere() -> None:
    granian = shlex.split(unit("newsroom.service")["ExecStart"][0])[1:]
    image = json.loads(said(stages()[1], "CMD")[0])[1:]
    of_both = {"-m", "granian", "--interface", "wsgi", "--respawn-failed-workers", "newsroom.wsgi:application"}
    assert of_both <= set(granian) & set(image)
    assert shlex.split(unit("newsroom-worker@.service")["ExecStart"][0])[1:] == ["manage.py", "work"]


# --- What they do -------------------------------------------------------------------------------------------


def it_is_prepared_and_can_be_prepared_again(site: Site) -> None:
    assert (site.machine.app / "static-files" / "staticfiles.json").exists()
    told = site.machine.run("/app/.venv/bin/python -m deploy.prepare", HTTPS_PROXY=_NOWHERE)
    assert "No migrations to apply" in told.stdout
    assert "sync_plans failed" in told.stderr


def the_health_check_of_the_image_asks_and_is_answered(site: Site) -> None:
    words = said(stages()[1], "HEALTHCHECK")[0]
    command = json.loads(words[words.index("[") :])
    server = json.loads(said(stages()[1], "CMD")[0])
    with site.machine.running(shlex.join([f"{site.machine.app}/.venv/bin/python", *server[1:]])) as process:
        until(lambda: answers(site.machine.port), process)
        site.machine.run(shlex.join([f"{site.machine.app}/.venv/bin/{command[0]}", *command[1:]]))
        found = http.client.HTTPConnection("127.0.0.1", site.machine.port, timeout=10)
        found.request("GET", "/readyz")
        answer = found.getresponse()
        assert (answer.status, json.load(answer)["database"]) == (200, "ok")
        found.close()


def a_page_comes_through_nginx_over_tls_only(site: Site) -> None:
    page = site.proxy.ask("/")
    assert page.status == 200
    assert "max-age=63072000" in page.headers["Strict-Transport-Security"]
    assert "s-maxage" in page.headers["Cache-Control"]
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    plain = http.client.HTTPConnection("127.0.0.1", site.proxy.plain, timeout=10)
    plain.request("GET", "/climate/?a=b", headers={"Host": NAME})
    answer = plain.getresponse()
    assert (answer.status, answer.headers["Location"]) == (301, f"https://{NAME}/climate/?a=b")
    plain.close()


def static_files_are_kept_for_ever_and_a_picture_can_do_nothing(site: Site) -> None:
    style = re.findall(r'href="(/static/[^"]+\.css)"', site.proxy.ask("/").content.decode())[0]
    answer = site.proxy.ask(style, Accept_Encoding="gzip")
    assert re.search(r"\.[0-9a-f]{12}\.css$", style)
    assert (answer.status, answer.headers["Cache-Control"]) == (200, STATIC_FOR_EVER)
    assert answer.headers["Content-Encoding"] == "gzip"
    picture = Path(site.machine.environment["VAR_DIR"]) / "media" / "pictures" / "0123456789abcdef0123-640.jpg"
    picture.parent.mkdir(parents=True)
    picture.write_bytes(b"<script>alert(1)</script>")
    answer = site.proxy.ask(f"/media/pictures/{picture.name}")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "image/jpeg")
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert "immutable" in answer.headers["Cache-Control"]
    assert site.proxy.ask("/media/../static/staticfiles.json").status in (400, 404)


def what_is_for_the_inside_stays_inside_and_strangers_are_not_served(site: Site) -> None:
    assert [site.proxy.ask(path).status for path in ("/readyz", "/metrics", "/healthz")] == [404, 404, 200]
    plain = http.client.HTTPConnection("127.0.0.1", site.proxy.plain, timeout=10)
    plain.request("GET", "/", headers={"Host": "evil.example"})
    with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
        plain.getresponse()
    plain.close()
    with pytest.raises(ssl.SSLError):
        site.proxy.connection("evil.example")


def uploads_are_limited_before_they_reach_the_site(site: Site) -> None:
    sizes = {("/", 7): 413, ("/accounts/login/code/", 7): 413, ("/admin/", 31): 0, ("/admin/", 33): 413}
    for (path, megabytes), status in sizes.items():
        found = site.proxy.connection()
        found.putrequest("POST", path, skip_host=True)
        found.putheader("Host", NAME)
        found.putheader("Content-Length", str(megabytes * 1024 * 1024))
        found.putheader("Expect", "100-continue")
        found.endheaders()
        line = found.sock.recv(64).decode()
        assert (f" {status} " in line) == bool(status), (path, megabytes, line)
        found.close()


def new_code_is_taken_up_and_no_request_is_lost(site: Site) -> None:
    asked, wrong, over = [0], [], threading.Event()

    def reader(number: int) -> None:
        found = site.proxy.connection()
        while not over.is_set():
            try:
                # Pages from memory, pages that are made, and forms that must not be sent twice.
                path = ("/", f"/search/?q=bridge{asked[0]}", "/healthz")[number % 3]
                method = "POST" if number == 3 else "GET"
                found.request(method, "/stripe/webhook/" if method == "POST" else path, headers={"Host": NAME})
                answer = found.getresponse()
                answer.read()
                asked[0] += 1
                if answer.status not in ((400,) if method == "POST" else (200,)):
                    wrong.append((method, path, answer.status))
            except (OSError, http.client.HTTPException) as error:
                wrong.append((number, repr(error)))
                found.close()
                found = site.proxy.connection()
        found.close()

    before = _children(site.process.pid)
    readers = [threading.Thread(target=reader, args=(number,)) for number in range(4)]
    for thread in readers:
        thread.start()
    try:
        reload = unit("newsroom.service")["ExecReload"][0].replace("$MAINPID", str(site.process.pid))
        site.machine.run(reload)
        until(
            lambda: not (before & _children(site.process.pid)) and len(_children(site.process.pid)) == len(before),
            site.process,
        )
        time.sleep(0.3)
    finally:
        over.set()
        for thread in readers:
            thread.join()
    assert not wrong
    assert asked[0] > 50


def _are_others(now: set[str], before: set[str]) -> bool:
    return len(now) == len(before) and not now & before


def _children(pid: int) -> set[str]:
    return set(Path(f"/proc/{pid}/task/{pid}/children").read_text().split())


def a_worker_of_systemds_begins_and_ends_well(site: Site) -> None:
    with site.machine.running(unit("newsroom-worker@.service")["ExecStart"][0]) as process:
        time.sleep(2)
        assert process.poll() is None


@pytest.mark.postgres
def test_the_steps_of_deploy_bring_up_a_site_and_keep_it_up(site: Site) -> None:
    """One life, since a machine is built only once."""
    it_is_prepared_and_can_be_prepared_again(site)
    a_page_comes_through_nginx_over_tls_only(site)
    static_files_are_kept_for_ever_and_a_picture_can_do_nothing(site)
    what_is_for_the_inside_stays_inside_and_strangers_are_not_served(site)
    uploads_are_limited_before_they_reach_the_site(site)
    new_code_is_taken_up_and_no_request_is_lost(site)
    a_worker_of_systemds_begins_and_ends_well(site)
    the_health_check_of_the_image_asks_and_is_answered(site)


# --- nginx alone --------------------------------------------------------------------------------------------


def test_while_nothing_answers_behind_nginx_says_come_again(tmp_path: Path) -> None:
    with nginx(tmp_path, before=f"127.0.0.1:{free_port()}") as proxy:
        answer = proxy.ask("/stripe/webhook/", method="POST", body=b"{}")
    assert (answer.status, answer.headers["Retry-After"], answer.headers["Cache-Control"]) == (503, "30", "no-store")
    assert "We will be back" in answer.content.decode()
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


class _Echo(http.server.BaseHTTPRequestHandler):
    """Answers with the headers that it got."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = json.dumps([[name.lower(), value] for name, value in self.headers.items()]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words: Any) -> None:
        """Nothing."""


def test_what_a_visitor_says_of_where_they_come_from_is_overwritten(tmp_path: Path) -> None:
    with (
        http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Echo) as echo,
        nginx(tmp_path, before=f"127.0.0.1:{echo.server_port}") as proxy,
    ):
        threading.Thread(target=echo.serve_forever, daemon=True).start()
        answer = proxy.ask(
            "/",
            X_Forwarded_For="192.0.2.1",
            Forwarded="for=192.0.2.1",
            X_Forwarded_Proto="http",
            X_Forwarded_Host="evil.example",
            X_Real_IP="192.0.2.1",
        )
        echo.shutdown()
    told: dict[str, list[str]] = {}
    for name, value in json.loads(answer.content):
        told.setdefault(name, []).append(value)
    assert told["x-forwarded-for"] == ["127.0.0.1"]
    assert told["x-forwarded-proto"] == ["https"]
    assert told["host"] == [NAME]
    assert not {"forwarded", "x-forwarded-host", "x-real-ip"} & told.keys()
    assert "192.0.2.1" not in str(told)
