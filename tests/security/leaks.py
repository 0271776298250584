"""How people read what they have not paid for: the ways that have opened other papers, as requests.

`make leaks` walks all of them at every address as everybody; `make test` the shorter part of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import quote

# Who they say they are.
CRAWLERS = (
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Googlebot-News",
    "Mediapartners-Google",
    "AdsBot-Google (+http://www.google.com/adsbot.html)",
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    "Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)",
    "Mozilla/5.0 AppleWebKit/537.36 (compatible; GPTBot/1.2; +https://openai.com/gptbot)",
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "Twitterbot/1.0",
    "LinkedInBot/1.0",
    "archive.org_bot",
    "ia_archiver",
    "Mozilla/5.0 (compatible; Applebot/0.1)",
    "Feedfetcher-Google",
    "inktomi Slurp",
    "NewsBlur Feed Fetcher",
    "curl/8.0",
    "",
)
# Where they say they come from.
REFERRERS = (
    *("https://www.google.com/", "https://news.google.com/", "https://t.co/abc", "https://www.facebook.com/"),
    *(
        "https://l.facebook.com/l.php",
        "https://www.linkedin.com/",
        "https://www.reddit.com/",
        "https://www.drudgereport.com/",
    ),
    *(
        "https://cdn.ampproject.org/",
        "https://translate.google.com/",
        "http://testserver/account/",
        "http://testserver/admin/",
    ),
    "android-app://com.google.android.googlequicksearchbox/",
)
# From where they say the connection is.
FORWARDED = (
    *("X-Forwarded-For", "True-Client-IP", "CF-Connecting-IP", "X-Real-IP", "X-Client-IP", "X-Cluster-Client-IP"),
    *("Fastly-Client-IP", "X-Originating-IP", "X-Remote-IP", "X-Remote-Addr", "X-ProxyUser-Ip", "Client-IP"),
    *("X-Appengine-User-Ip", "X-Azure-ClientIP", "Fly-Client-IP", "X-Forwarded"),
)
# Addresses that some sites trust: this machine, the network of an organisation, Google's.
TRUSTED = ("127.0.0.1", "::1", "192.0.2.10", "66.249.66.1", "10.0.0.1")
HEADERS: tuple[dict[str, str], ...] = (
    *({"User-Agent": one} for one in CRAWLERS),
    *({"Referer": one} for one in REFERRERS),
    *({name: TRUSTED[number % len(TRUSTED)]} for number, name in enumerate(FORWARDED)),
    *({"X-Forwarded-For": one, "User-Agent": CRAWLERS[0], "Referer": REFERRERS[0]} for one in TRUSTED),
    *({"Forwarded": f'for="{one}";proto=https;by=127.0.0.1'} for one in TRUSTED),
    *(
        {"Accept": one}
        for one in (
            *(
                "application/json",
                "text/markdown",
                "text/plain",
                "application/xml",
                "application/rss+xml",
                "application/pdf",
            ),
            *("application/activity+json", "application/ld+json", "text/vnd.turbo-stream.html", "application/epub+zip"),
            *("text/x-component", "application/vnd.amp+html", "multipart/related", "*/*;q=0", "text/html-partial"),
        )
    ),
    *({"X-Requested-With": one} for one in ("XMLHttpRequest", "com.google.android.apps.magazines")),
    *(
        {name: "1"}
        for name in ("RSC", "HX-Request", "Turbo-Frame", "X-PJAX", "X-Inertia", "Next-Router-Prefetch", "Save-Data")
    ),
    {"Purpose": "prefetch", "Sec-Purpose": "prefetch;prerender", "X-Moz": "prefetch"},
    *({"Range": one} for one in ("bytes=0-", "bytes=0-99999", "bytes=-9999", "bytes=1-2,3-4", "bytes=500-")),
    {"Range": "bytes=0-99999", "If-Range": '"x"'},
    {"If-None-Match": "*"},
    {"If-None-Match": '"x"', "Cache-Control": "no-cache", "Pragma": "no-cache"},
    {"If-Modified-Since": "Thu, 01 Jan 1970 00:00:00 GMT"},
    *({name: "GET"} for name in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override")),
    *({name: "/admin/"} for name in ("X-Original-URL", "X-Rewrite-URL", "X-Accel-Redirect", "X-Sendfile")),
    {"Authorization": "Bearer null"},
    {"Authorization": "Basic YWRtaW46YWRtaW4="},
    {"X-Api-Key": "1", "X-Auth-Token": "1", "X-User-Id": "1", "Remote-User": "root@example.org"},
    {"X-Remote-User": "root@example.org", "X-Forwarded-User": "root@example.org", "X-Authenticated-User": "1"},
    {"X-Subscriber": "1", "X-Premium": "true", "X-Preview": "1", "X-Debug": "1"},
    {"X-Forwarded-Host": "staging.testserver", "X-Forwarded-Proto": "https", "X-Forwarded-Prefix": "/admin"},
    {"Accept-Encoding": "identity", "Accept-Language": "x-none", "DNT": "1", "Sec-GPC": "1"},
)
COOKIES = (
    *(
        "sessionid=" + "a" * 32,
        "sessionid=",
        "sessionid=null",
        "csrftoken=x; sessionid=../../x",
        "subscriber=1",
        "premium=true",
    ),
    *(
        "logged_in=1; user_id=1; role=admin",
        "meter=0",
        "articles_read=0",
        "__Host-session=" + "b" * 32,
        "preview=1",
        "amp=1",
    ),
    *(
        "off_site_pass=1",
        "on_site=1",
        "language=fr",
        "consent=all",
        "ghost-members-ssr=root@example.org",
        "wordpress_logged_in_x=1",
    ),
)
QUERIES = (
    *(
        "amp=1",
        "amp",
        "outputType=amp",
        "output=amp",
        "output=1",
        "output=print",
        "print=1",
        "printpage=true",
        "format=json",
    ),
    *(
        "format=markdown",
        "format=txt",
        "format=pdf",
        "_format=json",
        "page=2",
        "page=all",
        "single=true",
        "singlePage=1",
        "full=1",
    ),
    *(
        "preview=true",
        "preview=1",
        "p=1",
        "draft=1",
        "version=1",
        "revision=1",
        "version_number=1",
        "at=2099-01-01",
        "date=2099-01-01",
    ),
    *(
        "gift=x",
        "share=x",
        "token=x",
        "accessToken=x",
        "key=x",
        "unlocked_article_code=x",
        "st=x",
        "r=x",
        "ref=newsletter",
    ),
    *(
        "utm_source=newsletter&utm_medium=email",
        "utm_source=facebook",
        "fbclid=x",
        "gclid=x",
        "smid=tw-share",
        "mc_cid=x",
    ),
    *(
        "subscriber=1",
        "premium=1",
        "paywall=0",
        "nopaywall",
        "wall=off",
        "meter=off",
        "free=1",
        "access=full",
        "reason=staff",
    ),
    *(
        "as=subscriber",
        "see_as=1",
        "user=1",
        "user_id=1",
        "is_staff=1",
        "debug=1",
        "__debug__=1",
        "test=1",
        "cache=0",
        "nocache=1",
    ),
    *(
        "theme=print",
        "view=text",
        "mode=reader",
        "lite=1",
        "m=1",
        "app=1",
        "embed=1",
        "iframe=1",
        "partial=1",
        "fragment=text",
    ),
    *(
        "callback=x",
        "jsonp=x",
        "rest_route=/wp/v2/posts/1",
        "feed=rss2",
        "replytocom=1",
        "q=quetzal",
        "lang=fr",
        "next=/admin/",
    ),
    *(
        "amp%00=1",
        "a=%2e%2e%2f",
        "[]=1",
        "amp=1;print=1",
        "__proto__[paid]=1",
        "include=full_text",
        "fields=*",
        "expand=full_text",
    ),
)
ENDINGS = (
    *(
        "amp/",
        "amp",
        "print/",
        "print",
        "preview/",
        "feed/",
        "feed.xml",
        "feed.json",
        "index.html",
        "index.json",
        "full/",
        "text/",
    ),
    *(
        "json/",
        ".json",
        ".md",
        ".txt",
        ".xml",
        ".pdf",
        ".amp",
        ".amp.html",
        ".rss",
        ".epub",
        ".html",
        ".bak",
        "~",
        ".orig",
    ),
    *(
        "comments/",
        "embed/",
        "oembed/",
        "raw/",
        "source/",
        "edit/",
        "versions/1/",
        "history/",
        "trackback/",
        "attachment/",
        "page/2/",
    ),
    *(
        "x.css",
        "x.js",
        "x.png",
        "x.woff2",
        "robots.txt",
        ";x.css",
        ";.css",
        ";a=b",
        "%3Bx.css",
        "%3Fx.css",
        "%23x.css",
        "%0Ax.css",
    ),
    *(
        "%00",
        "%00.css",
        "%20",
        "%09",
        "%2f",
        "%2f..%2f",
        "%5c",
        "%252f",
        "%252e%252e%252f",
        "..;/",
        "./",
        ".//",
        "..%2f",
        "/",
        "//",
    ),
    *(
        "%ff",
        "%c0%ae",
        "%u002f",
        "?",
        "??",
        "?/x.css",
        "#x",
        ".",
        "...",
        "%2e",
        "*",
        "'",
        "|",
        "\\",
        "%0d%0aX: y",
        "@",
        ":80",
        "&amp",
    ),
)


@dataclass(frozen=True)
class Trick:
    """A way of asking for a page."""

    method: str = "GET"
    ending: str = ""
    query: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    cookie: str = ""

    def path(self, page: str) -> str:
        """The address with its ending and query, as it stands on the line."""
        return page + self.ending + (f"?{self.query}" if self.query else "")

    def environ(self) -> dict[str, str]:
        """The headers as the test client takes them."""
        said = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in self.headers.items()}
        return said | ({"HTTP_COOKIE": self.cookie} if self.cookie else {})


def tricks() -> Iterator[Trick]:
    """Each by itself."""
    yield from (Trick(headers=headers) for headers in HEADERS)
    yield from (Trick(query=query) for query in QUERIES)
    yield from (Trick(ending=ending) for ending in ENDINGS)
    yield from (
        Trick(method=method)
        for method in (
            "HEAD",
            "POST",
            "PUT",
            "PATCH",
            "DELETE",
            "OPTIONS",
            "TRACE",
            "PROPFIND",
            "SEARCH",
            "get",
            "GE T",
        )
    )


def respelt(path: str) -> Iterator[str]:
    """The same address otherwise: encoded once and twice, with dots, doubled slashes, other case, trailing bytes."""
    inside = path.strip("/")
    first, _, rest = inside.partition("/")
    yield "/" + "".join(f"%{ord(letter):02x}" for letter in inside) + "/"
    yield "/" + quote(inside, safe="").replace("%", "%25") + "/"
    yield f"/{inside.upper()}/"
    yield f"/{inside.title()}/"
    yield f"//{inside}/"
    yield f"/{first}//{rest}/"
    yield f"/./{inside}/"
    yield f"/x/../{inside}/"
    yield f"/x/%2e%2e/{inside}/"
    yield f"/{first}/x/..%2f{rest}/"
    yield f"/{first}%2f{rest}/"
    yield f"/{first}%5c{rest}/"
    yield f"/{first};x=y/{rest}/"
    yield f"/static/..%2f{inside}/"
    yield f"/media/../{inside}/"
    yield f"/fr/{inside}/"
    yield f"/amp/{inside}/"
    yield f"/print/{inside}/"
    yield f"/api/{inside}/"
    yield f"/{inside}%E2%80%8B/"
    yield f"/{inside}/?{inside}"
    yield f"/{inside.replace('-', '%2d')}/"
    yield f"/{inside.replace('a', '%EF%BD%81')}/"
