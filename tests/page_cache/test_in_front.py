"""Behind a real nginx that keeps pages, set up as docs/scaling.md says: everybody gets their own, nobody another's."""

import contextlib
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

from articles import gifts
from articles.models import Article
from groups.models import Network
from groups.models.network import in_line
from readers.models import User
from tests.make import a_plan, a_reader, a_subscription, an_agreement, an_article
from tests.programs import ROOT, free_port, wait_for

from .processes import Answer, ask, site, stop

NGINX = shutil.which("nginx") or shutil.which("/usr/sbin/nginx")
ARTICLE = "/climate/ministers-agree-on-a-bridge/"
PAID = b"canaryword"
INSIDE, OUTSIDE = "127.0.0.5", "127.0.0.6"
DAY = timedelta(days=1)

pytestmark = [
    pytest.mark.skipif(NGINX is None, reason="nginx (apt-get install nginx)"),
    pytest.mark.django_db(transaction=True),
]


@contextlib.contextmanager
def nginx(folder: Path, *sites: str) -> Iterator[str]:
    """The block of docs/scaling.md around an ordinary proxy."""
    block = re.search(r"```nginx\n(.*?)```", (ROOT / "docs" / "scaling.md").read_text(), re.DOTALL)
    assert block
    around, in_location = block[1].replace("/var/cache/nginx/news", str(folder / "kept")).split("# In its `location /`")
    port = free_port()
    upstreams = "".join(f"server {url.removeprefix('http://')} max_fails=0; " for url in sites)
    (folder / "nginx.conf").write_text(
        f"worker_processes 1; daemon off; pid {folder}/pid; error_log {folder}/error.log;\n"
        "events { worker_connections 256; }\n"
        f"http {{ access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;\n"
        f"fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;\n"
        f"upstream site {{ {upstreams} }}\n{around}\n"
        f"server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://site; proxy_set_header Host localhost;\n"
        "proxy_set_header X-Forwarded-For $remote_addr; proxy_next_upstream error timeout;\n"
        f"# {in_location}\n}} }} }}\n"
    )
    folder.chmod(0o755)
    command = [str(NGINX), "-c", str(folder / "nginx.conf"), "-p", str(folder)]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        url = f"http://127.0.0.1:{port}"
        wait_for(f"{url}/healthz", process)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=10)


@pytest.fixture
def folder() -> Iterator[Path]:
    """One that nginx may enter, whoever it runs as."""
    with tempfile.TemporaryDirectory(prefix="in-front-", ignore_cleanup_errors=True) as made:
        Path(made).chmod(0o777)
        yield Path(made)


def session_of(reader: User) -> str:
    """The cookies of somebody who is signed in."""
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY], session[HASH_SESSION_KEY] = str(reader.pk), reader.get_session_auth_hash()
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session.create()
    return f"sessionid={session.session_key}; csrftoken={'A' * 32}"


def a_site_to_read() -> User:
    """An article, a subscriber, and a library with a network; at the real time, which other processes know."""
    now = datetime.now(UTC)
    a_plan("year")
    a_plan("month")
    an_article(published=now - DAY)
    group = an_agreement("Royal Library", seats=None, starts_on=(now - DAY).date(), ends_on=(now + DAY).date())
    network = Network(group=group, cidr=f"{INSIDE}/32", added_at=now)
    network.first = in_line(network.range[0])
    network.save()
    reader = a_reader()
    a_subscription(reader, at=now)
    return reader


def soon(happens: Callable[[], bool], *, seconds: float = 10) -> bool:
    """Whether it does within that time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if happens():
            return True
        time.sleep(0.05)
    return False


def test_everybody_gets_their_own_page_and_nobody_that_of_another(folder: Path) -> None:
    reader = a_site_to_read()
    gift = gifts.give(reader, Article.objects.get(), at=datetime.now(UTC))
    with (
        site(folder / "var", SHARED_CACHE_SECONDS="60") as (behind, process),
        nginx(folder, behind) as url,
    ):

        def get(path: str = ARTICLE, source: str = OUTSIDE, **headers: str) -> Answer:
            return ask(url, path, source=source, **headers)

        def is_the_wall_from_the_cache(answer: Answer) -> bool:
            return answer.headers["x-cache"] == "HIT" and PAID not in answer.body and answer.status == 200

        # Anybody: once for all of them, whatever cookie of ours or others they bring, and in each form once.
        assert get().headers["x-cache"] == "MISS"
        assert is_the_wall_from_the_cache(get())
        assert is_the_wall_from_the_cache(get(Cookie="theme=dark; csrftoken=" + "A" * 32))
        assert get(Accept_Encoding="br").headers["content-encoding"] == "br"
        assert get(Accept_Encoding="gzip").headers["content-encoding"] == "gzip"
        assert "content-encoding" not in get().headers

        # Just signed in: the very next page is theirs, and stays with them.
        cookies = session_of(reader)
        for _ in range(2):
            theirs = get(Cookie=cookies)
            assert PAID in theirs.body
            assert (theirs.headers["x-cache"], theirs.headers["cache-control"]) == ("BYPASS", "private, no-store")
        assert is_the_wall_from_the_cache(get())

        # On the network: the wall of everybody, which asks past the cache, and its button.
        wall = get(source=INSIDE)
        assert is_the_wall_from_the_cache(wall)
        form = re.search(rb'action="([^"]+)" data-on-site="([^"]+)"', wall.body)
        assert form
        here, button = form[2].decode(), form[1].decode()
        for _ in range(2):
            assert b"Royal Library" in get(here, source=INSIDE).body
            assert b"Royal Library" not in get(here).body
        pressed = {"method": "POST", "body": urlencode({"next": ARTICLE}), "Origin": "http://localhost"}
        assert ask(url, button, source=OUTSIDE, **pressed).status == 403
        opened = ask(url, button, source=INSIDE, **pressed)
        assert (opened.status, opened.headers["location"]) == (302, ARTICLE)
        assert PAID in get(source=INSIDE, Cookie=opened.cookies).body
        assert PAID not in get(source=OUTSIDE, Cookie=opened.cookies).body
        assert is_the_wall_from_the_cache(get(source=INSIDE))

        # A gift: for who has the link, each time from the site itself.
        for _ in range(2):
            given = get(f"/gift/{gift.token}/")
            assert PAID in given.body
            assert given.headers["x-cache"] != "HIT"
        assert PAID not in get("/gift/another/").body
        assert is_the_wall_from_the_cache(get())

        # Deceptions: nothing of a reader's can be made to look like a file.
        for path in (f"{ARTICLE}x.css", f"{ARTICLE.rstrip('/')}%2fx.js", f"{ARTICLE};x.png", "/account/x.css"):
            get(path, Cookie=cookies)
            assert PAID not in get(path).body
            assert b"bob@example.org" not in get(path).body
        for header in (
            {"X_Forwarded_Host": "evil.example"},
            {"X_Original_URL": "/account/"},
            {"Forwarded": "host=evil"},
        ):
            assert b"evil.example" not in get("/latest/", **header).body

        # The site is killed: who has no session reads on, everybody else is told.
        stop(process, number=9)
        assert PAID not in get().body
        assert get().status == 200
        assert get(Cookie=cookies).status == 502


def test_what_is_published_is_there_within_seconds_without_a_purge(folder: Path) -> None:
    a_site_to_read()
    with (
        site(folder / "var", SHARED_CACHE_SECONDS="1") as (behind, _),
        nginx(folder, behind) as url,
    ):
        assert b"Bridge falls" not in ask(url, "/latest/").body
        Article.objects.update(headline="Bridge falls")
        assert soon(lambda: b"Bridge falls" in ask(url, "/latest/").body)
        assert soon(lambda: ask(url, "/latest/").headers["x-cache"] == "HIT")
