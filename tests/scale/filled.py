"""A site with any number of articles and readers, made by the database itself (PostgreSQL): minutes for a million.

Rows are the same for the same numbers. Triggers are off meanwhile; the search tables are filled at the end from
vectors of their halves, which costs a tenth of reading every text again.
"""

import random
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.apps import apps
from django.db import connection, models

from articles import body
from newsroom.demo import content

# So many different beginnings and ends, of so many paragraphs before the wall and behind it, make the articles.
PARTS = 2000
OPEN, PAID = 2, 3
# They lie spread over so many days, however many they are.
DAYS = 3700
# The largest agreement holds a tenth of all seats.
IN_LARGEST = 10


@dataclass(frozen=True)
class Size:
    """How much there is. What else there is follows from these two."""

    articles: int
    readers: int

    @property
    def topics(self) -> int:
        return max(20, self.articles // 1000)

    @property
    def authors(self) -> int:
        return max(20, self.articles // 2000)

    @property
    def groups(self) -> int:
        return max(10, self.readers // 500)

    @property
    def subscribers(self) -> int:
        return self.readers * 3 // 10

    @property
    def seats(self) -> int:
        return self.readers // 10


def fill(size: Size, *, at: datetime, say: Callable[[str], object] = lambda words: None) -> None:
    """Make it, in a database whose tables are empty, so that everything is published before `at`. Ends with ANALYZE."""
    with connection.cursor() as cursor, _without_triggers(cursor):
        headlines = _materials(cursor)
        say("articles")
        _articles(size, headlines, at)
        say("search")
        _search(cursor)
        say("readers")
        _readers(size, at)
        say("money")
        _money(size, at)
        say("agreements")
        _groups(size, at)
        say("statistics")
        _count_on(cursor)
        cursor.execute("ANALYZE")


@contextmanager
def _without_triggers(cursor: Any) -> Iterator[None]:
    cursor.execute("SET session_replication_role = replica; SET maintenance_work_mem = '512MB'; SET work_mem = '64MB'")
    cursor.execute("SET default_toast_compression = 'lz4'")
    try:
        yield
    finally:
        cursor.execute("RESET session_replication_role; RESET maintenance_work_mem; RESET work_mem")


# --- Articles -----------------------------------------------------------------------------------------


def _materials(cursor: Any) -> int:
    """What articles are put together from, each with its vector, in tables of this session; how many headlines."""
    cursor.execute(
        "CREATE TEMP TABLE beginning (n int PRIMARY KEY, standfirst text, html text, plain text, vector tsvector);"
        "CREATE TEMP TABLE ending (n int PRIMARY KEY, html text, plain text, vector tsvector);"
        "CREATE TEMP TABLE headline (n int PRIMARY KEY, plain text);"
        # Names that nobody has, some on many pages and most on few, as names are.
        "CREATE FUNCTION pg_temp.name_of(n bigint) RETURNS text IMMUTABLE LANGUAGE sql AS $$"
        " SELECT initcap((ARRAY['bar','ko','lin','mar','ne','os','pel','ri','sta','tor','ul','ves','wil','zan','dre',"
        "'fa'])[1 + n % 16] || (ARRAY['da','bek','cor','dim','el','fin','gor','han'])[1 + n / 16 % 8] ||"
        " (ARRAY['ov','sen','ić','ez','mann','eau','ski','ton'])[1 + n / 128 % 8] || CASE WHEN n >= 1024 THEN"
        " chr(97 + (n / 1024 % 26)::int) || chr(97 + (n / 26624 % 26)::int) ELSE '' END) $$;"
        "CREATE FUNCTION pg_temp.dice(n bigint, turn int) RETURNS double precision IMMUTABLE LANGUAGE sql AS $$"
        " SELECT (hashint8(n * 31 + turn)::bigint + 2147483648) / 4294967296.0 $$"
    )
    stories = content.stories()
    blocks = [one for story in stories for one in body.top_level_blocks(body.clean(story.html)) if one[:2] == "<p"]
    dice = random.Random(0)
    vector = "setweight(to_tsvector('english', articles_search_folded(%s)), '{}')"
    beginnings = [(dice.choice(stories).standfirst, "".join(dice.sample(blocks, OPEN))) for _ in range(PARTS)]
    cursor.executemany(
        f"INSERT INTO beginning SELECT %s, %s, %s, %s, {vector.format('B')} || {vector.format('D')}",
        [(n, said, html, body.as_text(html), said, body.as_text(html)) for n, (said, html) in enumerate(beginnings)],
    )
    endings = ["".join(dice.sample(blocks, PAID)) for _ in range(PARTS)]
    cursor.executemany(
        f"INSERT INTO ending SELECT %s, %s, %s, {vector.format('D')}",
        [(n, html, body.as_text(html), body.as_text(html)) for n, html in enumerate(endings)],
    )
    cursor.executemany(
        "INSERT INTO headline VALUES (%s, %s)", [(n, story.headline[:80]) for n, story in enumerate(stories)]
    )
    cursor.execute("ANALYZE beginning, ending, headline")
    return len(stories)


def _articles(size: Size, headlines: int, at: datetime) -> None:
    sections = [(row["slug"], row["name"]) for row in content.rows("sections")]
    put("articles.Section", len(sections), at, slug=f"(ARRAY[{_texts(s for s, _ in sections)}])[g]",
        name=f"(ARRAY[{_texts(n for _, n in sections)}])[g]", position="g")  # fmt: skip
    put("articles.Author", size.authors, at, name="pg_temp.name_of(g) || ' ' || pg_temp.name_of(g * 7 + 3)",
        slug="'author-' || g")  # fmt: skip
    put("articles.Topic", size.topics, at, name="'Topic ' || g", slug="'topic-' || g")
    put("articles.Picture", 200, at, alt="'A harbour'", credit="'House'", width="1280", height="720",
        stem="lpad(g::text, 20, '0')", widths="'[320, 640, 1280]'", original="'originals/' || g")  # fmt: skip
    state = "CASE WHEN g % 50 = 0 THEN 'draft' WHEN g % 997 = 0 THEN 'withdrawn' ELSE 'published' END"
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TEMP TABLE made AS SELECT g, {state} AS state,"
            " pg_temp.name_of(floor(262144 * pg_temp.dice(g, 11) ^ 4)::bigint) who,"
            f" floor(pg_temp.dice(g, 12) * {PARTS})::int b, floor(pg_temp.dice(g, 13) * {PARTS})::int e,"
            f" floor(pg_temp.dice(g, 14) * {headlines})::int h FROM generate_series(1, {size.articles}) g;"
            " ANALYZE made"
        )
    rows = "made JOIN beginning ON beginning.n = b JOIN headline ON headline.n = h"
    spacing = f"interval '{DAYS} days' / {size.articles}"
    put(
        "articles.Article", size.articles, at, rows=rows, headline="who || ': ' || headline.plain",
        slug="'story-' || g", standfirst="standfirst", teaser="beginning.html",
        teaser_text="beginning.plain", words="600", words_behind_wall="300", status="state",
        section_id=f"1 + g % {len(sections)}", hero_id="CASE WHEN g % 3 > 0 THEN 1 + g % 200 END",
        kicker="CASE WHEN g % 40 = 0 THEN 'Investigation' WHEN g % 7 = 0 THEN 'Analysis' ELSE '' END",
        published_at="CASE WHEN state <> 'draft' THEN {at} - interval '1 hour'"
        f" - ({size.articles} - g) * {spacing} END",
        changed_at=f"{{at}} - ({size.articles} - g) * {spacing}",
        withdrawn_at="CASE WHEN state = 'withdrawn' THEN {at} END",
        withdrawn_because="CASE WHEN state = 'withdrawn' THEN 'It was wrong.' ELSE '' END",
    )  # fmt: skip
    put(
        "articles.FullText", size.articles, at,
        rows="made JOIN beginning ON beginning.n = b JOIN ending ON ending.n = e", article_id="g",
        html="beginning.html || ending.html", text="beginning.plain || ' ' || ending.plain",
    )  # fmt: skip
    put("articles.Byline", size.articles, at, article_id="g", author_id=_skewed(size.authors, 21))
    for turn in (0, 1):
        half = size.topics // 2
        put("articles.Article.topics", size.articles, at, article_id="g",
            topic_id=f"{turn * half} + {_skewed(half, 22 + turn)}")  # fmt: skip
    put("articles.Step", size.articles, at, article_id="g", kind="'published'", at="{at}")
    put("articles.ArticleVersion", size.articles, at, article_id="g", number="1", said="'{}'")
    put("articles.FormerAddress", size.articles // 20, at, article_id="g * 20", slug="'former-' || g")
    put("articles.Correction", size.articles // 50, at, article_id="g * 50 - 1", note="'It was wrong.'",
        published_at=f"{{at}} - ({size.articles} / 50 - g) * {spacing} * 50")  # fmt: skip
    put("articles.ArticleDay", size.articles, at, article_id="g", day="({at} - interval '1 day' * (g % 400))::date")
    put("articles.Brief", size.articles // 10, at, headline="'In brief ' || g", text="'A sentence.'",
        published_at=f"{{at}} - interval '1 hour' - ({size.articles} / 10 - g) * {spacing} * 10")  # fmt: skip


def _search(cursor: Any) -> None:
    indexes = _drop_indexes(cursor, "articles_search")
    cursor.execute(
        "CREATE TEMP TABLE named AS SELECT id, setweight(to_tsvector('simple', articles_search_folded(name)), 'C') ||"
        " setweight(to_tsvector('english', articles_search_folded(name)), 'D') AS vector FROM articles_author;"
        "ANALYZE named; DELETE FROM articles_search;"
        "INSERT INTO articles_search (article_id, for_everyone, for_the_entitled)"
        " SELECT g, head, head || ending.vector FROM (SELECT g, e, setweight(to_tsvector('english',"
        "  articles_search_folded(t.headline)), 'A') || named.vector || beginning.vector AS head"
        "  FROM made JOIN articles_article t ON t.id = g JOIN articles_byline y ON y.article_id = g"
        "  JOIN named ON named.id = y.author_id JOIN beginning ON beginning.n = b"
        "  WHERE state = 'published' OFFSET 0) q JOIN ending ON ending.n = e"
    )
    cursor.execute(
        "DELETE FROM articles_search_desk; INSERT INTO articles_search_desk (article_id, words)"
        " SELECT id, to_tsvector('english', articles_search_folded(headline || ' ' || teaser_text))"
        " FROM articles_article WHERE status <> 'published'"
    )
    for index in indexes:
        cursor.execute(index)


# --- Readers, money, agreements -----------------------------------------------------------------------


def _readers(size: Size, at: datetime) -> None:
    many = size.readers
    put("readers.User", many, at, email="'reader' || g || '@example.org'", password="'!'", name="pg_temp.name_of(g)",
        date_joined=f"{{at}} - ({many} - g) * interval '2 minutes'", is_active="true")  # fmt: skip
    put("account.EmailAddress", many, at, user_id="g", email="'reader' || g || '@example.org'", verified="true",
        primary="true")  # fmt: skip
    put("readers.Letter", many, at, reader_id="g", to="'reader' || g || '@example.org'", kind="'welcome'",
        occasion="'sub_' || g", subject="'Welcome'", text="'Words.'", html="'<p>Words.</p>'",
        written_at=f"{{at}} - ({many} - g) * interval '2 minutes'",
        sent_at=f"{{at}} - ({many} - g) * interval '2 minutes'")  # fmt: skip
    put("readers.Consent", many // 2, at, reader_id="g * 2", purpose="'newsletter'")
    put("articles.SavedArticle", many, at, reader_id="g", article_id=f"1 + g % {size.articles}")
    put("articles.OpenedArticle", many, at, reader_id="g", article_id=f"1 + g % {size.articles}")
    put("articles.GiftLink", many // 10, at, giver_id="g", article_id=f"1 + g % {size.articles}",
        token_hash="md5(g::text)", expires_at="{at}")  # fmt: skip
    put("sessions.Session", many // 2, at, session_key="md5(g::text)", expire_date="{at} + interval '9 days'")
    put("usersessions.UserSession", many // 2, at, user_id="g * 2", session_key="md5(g::text)", ip="'127.0.0.1'",
        data="'{}'")  # fmt: skip


def _money(size: Size, at: datetime) -> None:
    put("subscriptions.Plan", 2, at, interval="CASE g WHEN 1 THEN 'year' ELSE 'month' END",
        price_cents="CASE g WHEN 1 THEN 15000 ELSE 1500 END", lookup_key="'plan' || g", is_on_sale="true",
        stripe_price_id="'price_' || g")  # fmt: skip
    many = size.subscribers
    put("subscriptions.Customer", many, at, reader_id="g", stripe_id="'cus_' || g")
    live = "g % 3 > 0"
    put("subscriptions.Subscription", many, at, reader_id="g", plan_id="1 + g % 2", stripe_id="'sub_' || g",
        status=f"CASE WHEN {live} THEN 'active' ELSE 'canceled' END", started_at="{at} - interval '200 days'",
        period_starts_at="{at} - interval '100 days'",
        period_ends_at=f"CASE WHEN {live} THEN {{at}} + interval '1 hour' * (g % 6000) + interval '1 hour'"
        " ELSE {at} - interval '30 days' END",
        ends_at=f"CASE WHEN {live} THEN NULL ELSE {{at}} - interval '30 days' END",
        card_last4="'4242'", card_brand="'visa'", surplus="''")  # fmt: skip
    put("subscriptions.Contract", many, at, number="'VD-2020-' || g", number_key="'vd2020' || g", reader_id="g",
        subscription_id="g", kind="'subscription'", channel="'web'", email="'reader' || g || '@example.org'",
        price_cents="15000", interval="'year'", concluded_at="{at} - interval '200 days'")  # fmt: skip
    put("subscriptions.Notice", many, at, subscription_id="g", kind="'renewal_first'", result="'sent'", sent_at="{at}",
        about_at="{at} - interval '40 days'", said="'{}'")  # fmt: skip
    put("subscriptions.StripeEvent", many, at, stripe_id="'evt_' || g", kind="'invoice.paid'", payload="'{}'",
        received_at=f"{{at}} - ({many} - g) * interval '2 minutes'", handled_at="{at}")  # fmt: skip
    put("subscriptions.Refund", many // 20, at, id="gen_random_uuid()", subscription_id="g * 20", cents="100",
        payment_id="'pi_' || g", stripe_id="'re_' || g", status="'succeeded'", kind="'goodwill'")  # fmt: skip
    put("subscriptions.Grant", size.readers // 50, at, reader_id=f"{many} + g", kind="'student'", reason="'A card'",
        starts_at="{at} - interval '1 day' * (1 + g % 300)", ends_at="{at} + interval '1 day' * (g % 300)",
        granted_by_id="1")  # fmt: skip
    put("admin.LogEntry", size.readers, at, user_id="1 + g % 200", content_type_id="1", object_id="g::text",
        action_flag="2", action_time=f"{{at}} - ({size.readers} - g) * interval '2 minutes'")  # fmt: skip


def _groups(size: Size, at: datetime) -> None:
    put("groups.GroupAccount", size.groups, at, organisation="'Organisation ' || g", kind="'company'",
        created_at="{at} - interval '300 days'")  # fmt: skip
    put("groups.Term", size.groups, at, group_id="g", starts_on="({at} - interval '300 days')::date",
        ends_on="({at} + interval '1 day' * (65 + g % 300))::date", price_cents="150000", accepted_at="{at}",
        invoiced_at="{at}", paid_at="{at}", vat_percent="21", accepted_name="'Anna'")  # fmt: skip
    seat = f"{size.subscribers} + {size.readers} / 50 + g"
    largest = size.seats // IN_LARGEST
    put("groups.Seat", size.seats, at, reader_id=seat,
        group_id=f"CASE WHEN g <= {largest} THEN 1 ELSE 1 + g % {size.groups} END",
        address=f"'reader' || ({seat}) || '@example.org'", mailbox=f"'reader' || ({seat}) || '@example.org'",
        how="'invitation'", proved_at="{at} - interval '90 days'", given_at="{at} - interval '90 days'")  # fmt: skip
    put("groups.Manager", size.groups, at, reader_id=f"{size.readers} - g", group_id="g",
        address=f"'reader' || ({size.readers} - g) || '@example.org'")  # fmt: skip
    put("groups.GroupEvent", size.seats, at, group_id=f"1 + g % {size.groups}", verb="'seat given'", facts="'{}'")
    put("groups.PersonDay", size.seats, at, group_id=f"1 + g % {size.groups}", reader_id=seat, begins_at="{at}",
        articles="1", times="1")  # fmt: skip


# --- Rows ---------------------------------------------------------------------------------------------


def put(model: str, count: int, at: datetime, /, *, rows: str = "", **given: str) -> None:
    """So many rows, each value an SQL expression over `g`; the fields that are not given get what a new row has."""
    app, name, *many = model.split(".")
    found: Any = apps.get_model(app, name)
    table = found._meta.get_field(many[0]).remote_field.through if many else found
    moment = f"timestamptz '{at.isoformat()}'"
    values = {field.column: given.get(field.column) or _usual(field) for field in table._meta.local_concrete_fields}
    if unknown := set(given) - set(values):
        raise ValueError(f"{model} has no {', '.join(sorted(unknown))}.")
    key = table._meta.pk
    if many:
        del values[key.column]
    elif isinstance(key, models.AutoField):
        values[key.column] = given.get(key.column, "g")
    columns = ", ".join(f'"{column}"' for column in values)
    expressions = ", ".join(values.values()).replace("{at}", moment)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table._meta.db_table} ({columns}) SELECT {expressions}"
            f" FROM {rows.replace('{at}', moment) or f'generate_series(1, {count}) g'}"
        )


def _usual(field: Any) -> str:
    if field.null:
        return "NULL"
    if field.has_default() and not callable(field.default):
        return "'{}'" if field.default in ({}, []) else f"'{field.default}'"
    kinds = {
        models.DateTimeField: "{at}",
        models.DateField: "({at})::date",
        models.UUIDField: "gen_random_uuid()",
        models.JSONField: "'{}'",
        models.BooleanField: "false",
        models.IntegerField: "0",
        models.BinaryField: "''",
    }
    return next((value for kind, value in kinds.items() if isinstance(field, kind)), "''")


def _skewed(count: int, turn: int) -> str:
    """A number from 1 to `count`, small ones far more often."""
    return f"1 + floor({count} * pg_temp.dice(g, {turn}) ^ 3)::int"


def _texts(words: Iterable[str]) -> str:
    return ", ".join("'" + word.replace("'", "''") + "'" for word in words)


def _drop_indexes(cursor: Any, *tables: str) -> list[str]:
    """Drop what is no constraint, for a fill that is much quicker; returns the statements that make it again."""
    cursor.execute(
        "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index"
        " WHERE indrelid = ANY(%s::regclass[]) AND NOT indisunique",
        [list(tables)],
    )
    found = cursor.fetchall()
    for name, _ in found:
        cursor.execute(f"DROP INDEX {name}")
    return [statement for _, statement in found]


def _count_on(cursor: Any) -> None:
    """Let the keys that the database gives go on after ours."""
    cursor.execute(
        "SELECT format('SELECT setval(%L, (SELECT coalesce(max(%I), 0) + 1 FROM %s))', pg_get_serial_sequence("
        " c.table_name::text, c.column_name::text), c.column_name, c.table_name) FROM information_schema.columns c"
        " WHERE c.table_schema = 'public' AND c.is_identity = 'YES'"
    )
    for (statement,) in cursor.fetchall():
        cursor.execute(statement)
