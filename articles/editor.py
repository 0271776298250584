"""What an editor may write: the nodes of the rich-text editor and, from the same table, what survives cleaning."""

from typing import Any

from django_prose_editor.config import add_allowed_classes, add_tags_and_attributes, html_tags


def _wall(config: Any, shared: dict[str, Any]) -> None:
    add_tags_and_attributes(shared, ["hr"], None)
    add_allowed_classes(shared, {"hr": ["wall"]})


def _pull_quote(config: Any, shared: dict[str, Any]) -> None:
    add_tags_and_attributes(shared, ["aside", "p"], None)
    add_allowed_classes(shared, {"aside": ["pull-quote"]})


def _picture(config: Any, shared: dict[str, Any]) -> None:
    # No img: which file is shown follows from the id, so that a hand-written address is never trusted.
    add_tags_and_attributes(shared, ["figure", "figcaption"], {"figure": ["data-picture"]})


def _box(config: Any, shared: dict[str, Any]) -> None:
    add_tags_and_attributes(shared, ["aside", "h3"], None)
    add_allowed_classes(shared, {"aside": ["box", "the-list"]})


def _footnote(config: Any, shared: dict[str, Any]) -> None:
    # Where one may stand and what may be in it is seen to by footnotes.clean.
    add_tags_and_attributes(shared, ["span"], None)
    add_allowed_classes(shared, {"span": ["footnote"]})


# Nodes of our own; the other half is in these files, which the settings name.
SCRIPTS = ("articles/picture-dialog.js", "articles/editor-nodes.js", "articles/editor-paste.js")
NODES = {
    "Wall": _wall,
    "PullQuote": _pull_quote,
    "Picture": _picture,
    "Footnote": _footnote,
    "Box": _box,
    "Pasting": html_tags([]),
    "Shortcuts": html_tags([]),
    # In the editor's script but missing from its own table.
    "Fullscreen": html_tags([]),
}

BODY_EXTENSIONS: dict[str, Any] = {
    "Bold": True,
    "Italic": True,
    "BulletList": True,
    "OrderedList": True,
    "ListItem": True,
    "HardBreak": True,
    "Heading": {"levels": [2, 3]},
    "Blockquote": True,
    "Link": {"enableTarget": False, "protocols": ["https", "http", "mailto"]},
    "Table": True,
    "TableRow": True,
    "TableHeader": True,
    "TableCell": True,
    "Fullscreen": True,
    "Pasting": True,
    "Shortcuts": True,
    "Wall": True,
    "PullQuote": True,
    "Box": True,
    "Picture": True,
    "Footnote": True,
}
