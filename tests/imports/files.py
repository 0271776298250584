"""Files of other systems, made as their public descriptions say; fixed values throughout."""

import io
import json
from html import escape
from pathlib import Path
from typing import Any

from django.core.management import call_command
from PIL import Image

HEAD = """<?xml version="1.0" encoding="UTF-8" ?>
<!-- generator="WordPress/6.7" created="2026-11-01 10:00" -->
<rss version="2.0" xmlns:excerpt="http://wordpress.org/export/1.2/excerpt/"
 xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:wfw="http://wellformedweb.org/CommentAPI/"
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:wp="http://wordpress.org/export/1.2/">
<channel><title>The Old Gazette</title><link>https://old.example.org</link><language>en-GB</language>
<wp:wxr_version>1.2</wp:wxr_version><wp:base_site_url>https://old.example.org</wp:base_site_url>
<wp:base_blog_url>https://old.example.org</wp:base_blog_url>
<wp:author><wp:author_id>1</wp:author_id><wp:author_login><![CDATA[ana]]></wp:author_login>
<wp:author_email><![CDATA[ana@old.example.org]]></wp:author_email>
<wp:author_display_name><![CDATA[Ana Novak]]></wp:author_display_name></wp:author>
"""
TAIL = "</channel></rss>\n"
CLASSIC = (
    "The first paragraph\nwith a line break.\n\nThe second has <b>bold</b> words.<!--more-->\n\n"
    "The third is paid for and says canaryword."
)


def item(number: int = 1, **said: Any) -> str:
    """An item of WXR: a published post of the year 2019, unless told otherwise."""
    slug = said.get("slug", f"story-{number}")
    values = {
        "title": f"Story {number}",
        "link": f"https://old.example.org/2019/05/{slug}/",
        "pubDate": "Fri, 17 May 2019 08:30:00 +0000",
        "dc:creator": "ana",
        "content": CLASSIC,
        "excerpt": "",
        "date": "2019-05-17 10:30:00",
        "gmt": "2019-05-17 08:30:00",
        "modified": "2019-05-18 08:30:00",
        "status": "publish",
        "type": "post",
        "password": "",
        "terms": '<category domain="category" nicename="climate"><![CDATA[Climate]]></category>'
        '<category domain="post_tag" nicename="rivers"><![CDATA[Rivers]]></category>',
        "more": "",
    } | said
    return f"""<item><title><![CDATA[{values["title"]}]]></title><link>{escape(values["link"])}</link>
<pubDate>{values["pubDate"]}</pubDate><dc:creator><![CDATA[{values["dc:creator"]}]]></dc:creator>
<guid isPermaLink="false">https://old.example.org/?p={number}</guid><description></description>
<content:encoded><![CDATA[{values["content"]}]]></content:encoded>
<excerpt:encoded><![CDATA[{values["excerpt"]}]]></excerpt:encoded><wp:post_id>{number}</wp:post_id>
<wp:post_date><![CDATA[{values["date"]}]]></wp:post_date>
<wp:post_date_gmt><![CDATA[{values["gmt"]}]]></wp:post_date_gmt>
<wp:post_modified_gmt><![CDATA[{values["modified"]}]]></wp:post_modified_gmt>
<wp:post_name><![CDATA[{slug}]]></wp:post_name><wp:status><![CDATA[{values["status"]}]]></wp:status>
<wp:post_parent>0</wp:post_parent><wp:post_type><![CDATA[{values["type"]}]]></wp:post_type>
<wp:post_password><![CDATA[{values["password"]}]]></wp:post_password>{values["terms"]}{values["more"]}</item>
"""


def meta(key: str, value: str) -> str:
    """A field that WordPress keeps beside a post."""
    return (
        f"<wp:postmeta><wp:meta_key><![CDATA[{key}]]></wp:meta_key>"
        f"<wp:meta_value><![CDATA[{value}]]></wp:meta_value></wp:postmeta>"
    )


def attachment(number: int, address: str, *, alt: str = "", caption: str = "") -> str:
    """A picture of WordPress's library."""
    more = f"<wp:attachment_url><![CDATA[{address}]]></wp:attachment_url>" + meta("_wp_attachment_image_alt", alt)
    return item(number, type="attachment", status="inherit", content="", excerpt=caption, more=more)


def wxr(path: Path, *items: str) -> Path:
    """A whole export."""
    path.write_text(HEAD + "".join(items) + TAIL, encoding="utf-8")
    return path


def post(key: str = "p1", **said: Any) -> dict[str, Any]:
    """A post of Ghost: published and for everybody, unless told otherwise."""
    return {
        "id": key,
        "title": f"Post {key}",
        "slug": f"post-{key}",
        "html": "<p>The first.</p><p>The second.</p><p>The third says canaryword.</p>",
        "feature_image": None,
        "type": "post",
        "status": "published",
        "visibility": "public",
        "created_at": "2024-02-01T09:00:00.000Z",
        "updated_at": "2024-02-03T09:00:00.000Z",
        "published_at": "2024-02-02T09:00:00.000Z",
        "custom_excerpt": None,
    } | said


def ghost(path: Path, *posts: dict[str, Any], **tables: Any) -> Path:
    """A whole export of Ghost; its posts stand before what they are joined with."""
    data = (
        {"posts": list(posts)}
        | {
            "posts_authors": [{"id": "a", "post_id": one["id"], "author_id": "u1", "sort_order": 0} for one in posts],
            "posts_meta": [],
            "posts_tags": [
                {"id": "t", "post_id": one["id"], "tag_id": tag, "sort_order": place}
                for one in posts
                for place, tag in enumerate(("g1", "g2"))
            ],
            "tags": [
                {"id": "g1", "name": "Climate", "slug": "climate", "visibility": "public"},
                {"id": "g2", "name": "#internal", "slug": "hash-internal", "visibility": "internal"},
            ],
            "users": [
                {"id": "u1", "name": "Zoë Zabel", "slug": "zoe", "email": "zoe@old.example.org", "bio": "Writes."}
            ],
        }
        | tables
    )
    meta = {"exported_on": 1753891082041, "version": "6.0.0"}
    path.write_text(json.dumps({"db": [{"meta": meta, "data": data}]}), encoding="utf-8")
    return path


def ninjs(**said: Any) -> dict[str, Any]:
    """An item of ninjs 3."""
    return {
        "uri": "urn:newsml:agency.example:20260517:1",
        "standard": {"name": "ninjs", "version": "3.0"},
        "type": "text",
        "version": "1",
        "versionCreated": "2026-05-17T16:02:28+02:00",
        "pubStatus": "usable",
        "language": "de",
        "by": "Von Jan Mertens und Ida Berg, agency",
        "headlines": [{"role": "main", "value": "Eine Brücke für alle"}],
        "subjects": [{"name": "Climate", "uri": "https://agency.example/climate"}],
        "bodies": [
            {"role": "text", "contentType": "text/plain", "value": "Nur Text."},
            {"role": "html", "contentType": "text/html", "value": "<section><h1>Eine</h1><p>Ein Satz.</p></section>"},
        ],
    } | said


def picture(path: Path, *, width: int = 64) -> Path:
    """A picture, in a format of its own for each suffix."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = io.BytesIO()
    colour = (width % 256, 90, 120)
    Image.new("RGB", (width, 40), colour).save(content, {"jpg": "JPEG", "png": "PNG"}[path.suffix[1:]])
    path.write_bytes(content.getvalue())
    return path


def bring_in(kind: str, path: Path, *more: str) -> str:
    """Run `import_articles` and return what it says."""
    said = io.StringIO()
    call_command("import_articles", kind, str(path), *more, stdout=said)
    return said.getvalue()
