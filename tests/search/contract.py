"""A stand-in for OpenSearch on loopback that holds us to its documented API, since no server can run here.

Every request is judged: method, path, parameters, and each key of its body. Answers have the documented form, and are
worked out from what was written: words are analysed as the index was told to, and queries mean what the documentation
says they mean. What it does not know is a violation, and one violation fails the test.
"""

import gzip
import json
import re
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import snowballstemmer

SHARDS = {"total": 1, "successful": 1, "skipped": 0, "failed": 0}
STEMMERS = {name.capitalize(): snowballstemmer.stemmer(name) for name in ("english", "french", "dutch", "german")}
# Which request may carry which parameters.
KNOWN = (
    ("HEAD", r"/(?P<index>[^/_][^/]*)", "exists", set()),
    ("PUT", r"/(?P<index>[^/_][^/]*)", "create", {"timeout", "wait_for_active_shards"}),
    ("GET", r"/_alias/(?P<alias>[^/]+)", "get_alias", set()),
    ("POST", r"/_aliases", "update_aliases", {"timeout"}),
    ("POST", r"/_bulk", "bulk", {"refresh", "timeout", "require_alias", "wait_for_active_shards"}),
    ("POST", r"/(?P<index>[^/_][^/]*)/_search", "search", {"preference", "request_cache", "timeout"}),
    ("POST", r"/(?P<index>[^/_][^/]*)/_refresh", "refresh", set()),
    ("POST", r"/(?P<index>[^/_][^/]*)/_delete_by_query", "delete_by_query", {"conflicts", "refresh", "slices"}),
)
# Which keys may stand where in a search.
BODY = {"query", "sort", "size", "from", "_source", "track_total_hits", "timeout", "suggest"}
BOOL = {"must", "must_not", "filter", "should", "minimum_should_match"}
MULTI_MATCH = {"query", "type", "fields", "operator", "slop", "tie_breaker", "analyzer"}
TERM_SUGGESTER = {"field", "suggest_mode", "prefix_length", "min_word_length", "size", "max_edits", "sort"}


class Violation(Exception):
    """A request that OpenSearch would not understand as it was meant."""


@dataclass
class Index:
    """One index: what it was made with, and its documents with their versions."""

    made_with: dict[str, Any]
    documents: dict[str, tuple[int, dict[str, Any]]] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)

    def tokens(self, name: str, words: Any) -> list[list[str]]:
        """The values of a field, each as the tokens its analyzer makes of it."""
        analysis = self.made_with["settings"]["analysis"]
        analyzer = analysis["analyzer"][self.made_with["mappings"]["properties"][name]["analyzer"]]
        values = words if isinstance(words, list) else [words]
        return [[_filtered(one, analyzer["filter"], analysis) for one in re.findall(r"\w+", value)] for value in values]


def _filtered(token: str, filters: list[str], analysis: dict[str, Any]) -> str:
    for name in filters:
        if name == "lowercase":
            token = token.lower()
        elif name == "asciifolding":
            token = "".join(c for c in unicodedata.normalize("NFKD", token) if not unicodedata.combining(c))
        else:
            token = STEMMERS[analysis["filter"][name]["language"]].stemWord(token)
    return token


@dataclass
class Contract:
    """The server's memory, what it was asked, and what it objects to."""

    indexes: dict[str, Index] = field(default_factory=dict)
    aliases: dict[str, set[str]] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    written_to: dict[str, str] = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)
    # A status that every request gets, or every document of that key within a bulk request.
    status: int = 0
    status_of: dict[str, int] = field(default_factory=dict)
    timed_out: bool = False
    url: str = ""

    def answer(self, method: str, target: str, body: bytes) -> tuple[int, Any]:
        """What OpenSearch would answer."""
        parts = urlsplit(target)
        self.asked.append((method, parts.path))
        if self.status:
            return self.status, {"error": {"type": "x", "reason": "x", "root_cause": []}, "status": self.status}
        try:
            for known_method, pattern, name, parameters in KNOWN:
                found = re.fullmatch(pattern, parts.path)
                if found and method == known_method:
                    _only(dict(parse_qsl(parts.query)), parameters, f"{method} {parts.path}")
                    return getattr(self, f"_{name}")(body, **found.groupdict())
            raise Violation(f"no such request: {method} {target}")
        except (Violation, KeyError, ValueError) as wrong:
            self.violations.append(f"{method} {target}: {wrong!r}")
            return 400, {"error": {"type": "parse_exception", "reason": str(wrong), "root_cause": []}, "status": 400}

    def searches(self) -> list[str]:
        """The names that searches went to."""
        return [path.split("/")[1] for _, path in self.asked if path.endswith("/_search")]

    def _at(self, name: str) -> list[Index] | None:
        names = self.aliases.get(name) or ({name} if name in self.indexes else set())
        return [self.indexes[one] for one in sorted(names)] or None

    def _missing(self, name: str) -> tuple[int, Any]:
        why = {"type": "index_not_found_exception", "reason": f"no such index [{name}]", "index": name}
        return 404, {"error": {"root_cause": [why], **why}, "status": 404}

    def _exists(self, body: bytes, index: str) -> tuple[int, Any]:
        return (200 if self._at(index) else 404), None

    def _create(self, body: bytes, index: str) -> tuple[int, Any]:
        made_with = json.loads(body)
        _only(made_with, {"settings", "mappings", "aliases"}, "index")
        _only(made_with["settings"], {"analysis", "index", "number_of_shards", "number_of_replicas"}, "settings")
        if not re.fullmatch(r"[a-z0-9][a-z0-9._-]*", index):
            raise Violation(f"not a name of an index: {index}")
        _judge_analysis(made_with["settings"]["analysis"])
        _judge_mapping(made_with["mappings"], made_with["settings"]["analysis"])
        if index in self.indexes:
            why = {"type": "resource_already_exists_exception", "reason": index, "index": index}
            return 400, {"error": {"root_cause": [why], **why}, "status": 400}
        self.indexes[index] = Index(made_with)
        return 200, {"acknowledged": True, "shards_acknowledged": True, "index": index}

    def _get_alias(self, body: bytes, alias: str) -> tuple[int, Any]:
        if not self.aliases.get(alias):
            return 404, {"error": f"alias [{alias}] missing", "status": 404}
        return 200, {name: {"aliases": {alias: {}}} for name in self.aliases[alias]}

    def _update_aliases(self, body: bytes) -> tuple[int, Any]:
        for action in json.loads(body)["actions"]:
            ((kind, about),) = action.items()
            if kind == "add":
                _only(about, {"index", "alias"}, kind)
                _ = self.indexes[about["index"]]
                self.aliases.setdefault(about["alias"], set()).add(about["index"])
            elif kind == "remove_index":
                _only(about, {"index"}, kind)
                del self.indexes[about["index"]]
                for names in self.aliases.values():
                    names.discard(about["index"])
            else:
                raise Violation(f"no such action: {kind}")
        return 200, {"acknowledged": True}

    def _bulk(self, body: bytes) -> tuple[int, Any]:
        if not body.endswith(b"\n"):
            raise Violation("the last line must end, too")
        lines = iter(body.decode().splitlines())
        items = []
        for line in lines:
            ((action, about),) = json.loads(line).items()
            if action not in {"index", "delete"}:
                raise Violation(f"no such action: {action}")
            _only(about, {"_index", "_id", "version", "version_type"}, action)
            source = json.loads(next(lines)) if action == "index" else None
            if source is not None:
                self.written_to[about["_index"]] = self.written_to.get(about["_index"], "") + json.dumps(source)
            items.append({action: self._one(action, about, source)})
        errors = any(one["status"] >= 400 and "error" in one for item in items for one in item.values())
        return 200, {"took": 3, "errors": errors, "items": items}

    def _one(self, action: str, about: dict[str, Any], source: Any) -> dict[str, Any]:
        name, key, version = about["_index"], about["_id"], about["version"]
        if about["version_type"] != "external_gte" or not isinstance(key, str) or len(key.encode()) > 512:
            raise Violation(f"not a document's name or version: {about}")
        kept, said = self.indexes[name], {"_index": name, "_id": key}
        if status := self.status_of.get(key):
            return said | {"status": status, "error": {"type": "x_exception", "reason": "x"}}
        if version < kept.versions.get(key, 0):
            return said | {"status": 409, "error": {"type": "version_conflict_engine_exception", "reason": "x"}}
        kept.versions[key] = version
        said |= {
            "_version": version,
            "_shards": {"total": 2, "successful": 1, "failed": 0},
            "_seq_no": 1,
            "_primary_term": 1,
        }
        was_there = key in kept.documents
        if action == "delete":
            kept.documents.pop(key, None)
            return said | (
                {"result": "deleted", "status": 200} if was_there else {"result": "not_found", "status": 404}
            )
        _judge_document(source, kept.made_with["mappings"]["properties"])
        kept.documents[key] = (version, source)
        return said | ({"result": "updated", "status": 200} if was_there else {"result": "created", "status": 201})

    def _refresh(self, body: bytes, index: str) -> tuple[int, Any]:
        return (200, {"_shards": SHARDS}) if self._at(index) else self._missing(index)

    def _delete_by_query(self, body: bytes, index: str) -> tuple[int, Any]:
        asked = json.loads(body)
        _only(asked, {"query"}, "delete by query")
        gone = 0
        for kept in self._at(index) or []:
            for key in [
                key for key, (_, one) in kept.documents.items() if _score(kept, one, asked["query"]) is not None
            ]:
                del kept.documents[key]
                gone += 1
        told = {"took": 1, "timed_out": False, "total": gone, "deleted": gone, "batches": 1, "version_conflicts": 0}
        return 200, told | {"noops": 0, "throttled_millis": 0, "failures": []}

    def _search(self, body: bytes, index: str) -> tuple[int, Any]:
        asked = json.loads(body)
        _only(asked, BODY, "search")
        there = self._at(index)
        if there is None:
            return self._missing(index)
        if asked.get("size", 10) > 10_000:
            raise Violation("more than index.max_result_window")
        told: dict[str, Any] = {"took": 1, "timed_out": self.timed_out, "_shards": SHARDS}
        told["hits"] = {"max_score": None, "hits": _hits(index, there, asked) if "query" in asked else []}
        if "suggest" in asked:
            told["suggest"] = {name: _suggested(there, one) for name, one in asked["suggest"].items()}
        return 200, told


def _only(given: Any, allowed: set[str], where: str) -> None:
    if unknown := set(given) - allowed:
        raise Violation(f"unknown in {where}: {sorted(unknown)}")


def _judge_analysis(analysis: dict[str, Any]) -> None:
    _only(analysis, {"analyzer", "filter", "tokenizer", "char_filter", "normalizer"}, "analysis")
    for one in analysis["filter"].values():
        _only(one, {"type", "language"}, "snowball")
        _ = one["type"] == "snowball" and STEMMERS[one["language"]]
    for one in analysis["analyzer"].values():
        _only(one, {"type", "tokenizer", "filter", "char_filter"}, "analyzer")
        if (one["type"], one["tokenizer"]) != ("custom", "standard"):
            raise Violation(f"unknown analyzer: {one}")
        _only(one["filter"], {"lowercase", "asciifolding", *analysis["filter"]}, "filters of an analyzer")


def _judge_mapping(mapping: dict[str, Any], analysis: dict[str, Any]) -> None:
    _only(mapping, {"dynamic", "_source", "properties"}, "mappings")
    _only(mapping["_source"], {"enabled", "includes", "excludes"}, "_source")
    for one in mapping["properties"].values():
        _only(one, {"type", "analyzer"} if one["type"] == "text" else {"type"}, "a property")
        if one["type"] not in {"text", "keyword", "long", "date"}:
            raise Violation(f"unknown type: {one}")
        if one["type"] == "text":
            _ = analysis["analyzer"][one["analyzer"]]


def _judge_document(source: dict[str, Any], properties: dict[str, Any]) -> None:
    kinds: dict[str, Any] = {"text": str, "keyword": str, "long": int, "date": str}
    for name, value in source.items():
        for one in value if isinstance(value, list) else [value]:
            if not isinstance(one, kinds[properties[name]["type"]]):
                raise Violation(f"mapper_parsing_exception: {name} is {one!r}")


def _hits(name: str, there: list[Index], asked: dict[str, Any]) -> list[dict[str, Any]]:
    found = []
    for kept in there:
        for key, (_, source) in kept.documents.items():
            score = _score(kept, source, asked["query"])
            if score is not None:
                found.append((key, score, source))
    for order in reversed(asked.get("sort", [{"_score": "desc"}])):
        ((by, way),) = order.items()
        found.sort(key=lambda one, by=by: one[1] if by == "_score" else one[2][by], reverse=way == "desc")  # type: ignore[misc]
    return [{"_index": name, "_id": key, "_score": score} for key, score, _ in found[: asked.get("size", 10)]]


def _score(kept: Index, source: dict[str, Any], query: dict[str, Any]) -> float | None:
    """How well a document answers; None where it does not."""
    ((kind, about),) = query.items()
    if kind == "bool":
        _only(about, BOOL, "bool")
        scores = [_score(kept, source, one) for one in about.get("must", [])]
        barred = [_score(kept, source, one) for one in about.get("must_not", [])]
        narrowed = [_score(kept, source, one) for one in about.get("filter", [])]
        if None in scores or None in narrowed or any(one is not None for one in barred):
            return None
        return sum(one for one in scores if one is not None)
    if kind == "multi_match":
        _only(about, MULTI_MATCH, "multi_match")
        if about["type"] != "phrase":
            raise Violation(f"unknown type: {about['type']}")
        return max(
            (score for one in about["fields"] if (score := _of_field(kept, source, one, about["query"]))), default=None
        )
    if kind == "term":
        ((name, value),) = about.items()
        there = source[name] if isinstance(source[name], list) else [source[name]]
        return 0.0 if value in there else None
    if kind == "range":
        ((name, bounds),) = about.items()
        _only(bounds, {"lte", "gt", "gte", "lt"}, "range")
        value = source[name]
        holds = {"lte": lambda one: value <= one, "gt": lambda one: value > one}
        return 0.0 if all(holds[how](one) for how, one in bounds.items()) else None
    raise Violation(f"unknown query: {kind}")


def _of_field(kept: Index, source: dict[str, Any], weighted: str, phrase: str) -> float | None:
    name, _, weight = weighted.partition("^")
    if kept.made_with["mappings"]["properties"][name]["type"] != "text":
        raise Violation(f"not a text: {name}")
    wanted = [token for part in kept.tokens(name, phrase) for token in part]
    times = sum(
        tokens[place : place + len(wanted)] == wanted
        for tokens in kept.tokens(name, source.get(name, []))
        for place in range(len(tokens))
    )
    return float(weight or 1) * times / (times + 1) if wanted and times else None


def _suggested(there: list[Index], asked: dict[str, Any]) -> list[dict[str, Any]]:
    from rapidfuzz.distance import DamerauLevenshtein

    _only(asked, {"text", "term"}, "suggest")
    about = asked["term"]
    _only(about, TERM_SUGGESTER, "term suggester")
    known = {
        token
        for kept in there
        for _, source in kept.documents.values()
        for tokens in kept.tokens(about["field"], source.get(about["field"], []))
        for token in tokens
    }
    said = []
    for token in there[0].tokens(about["field"], asked["text"])[0]:
        near = sorted(known, key=lambda one, token=token: DamerauLevenshtein.distance(one, token))  # type: ignore[misc]
        near = [one for one in near if DamerauLevenshtein.distance(one, token) <= 2 and one[:1] == token[:1]]
        is_short = len(token) < about.get("min_word_length", 4)
        options = [] if token in known or is_short else near[: about.get("size", 5)]
        offset = asked["text"].lower().find(token)
        said.append(
            {
                "text": token,
                "offset": max(offset, 0),
                "length": len(token),
                "options": [{"text": one, "score": 0.8, "freq": 1} for one in options],
            }
        )
    return said


@contextmanager
def listening() -> Iterator[Contract]:
    """The stand-in on a port of its own. Raises AssertionError at the end for each violation."""
    contract = Contract()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _take(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"] or 0))
            if self.headers["Content-Encoding"] == "gzip":
                body = gzip.decompress(body)
            wanted = "application/x-ndjson" if self.path.startswith("/_bulk") else "application/json"
            if body and self.headers["Content-Type"] not in {wanted, "application/json"}:
                contract.violations.append(f"{self.path}: {self.headers['Content-Type']}")
            status, told = contract.answer(self.command, self.path, body)
            said = b"" if told is None else json.dumps(told).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json; charset=UTF-8")
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(said)

        def log_message(self, *args: Any) -> None:
            pass

    for method in ("GET", "HEAD", "POST", "PUT", "DELETE"):
        setattr(Handler, f"do_{method}", Handler._take)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.block_on_close = False
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    contract.url = f"http://reader:secret@127.0.0.1:{server.server_address[1]}"
    try:
        yield contract
    finally:
        server.shutdown()
        server.server_close()
    assert not contract.violations
