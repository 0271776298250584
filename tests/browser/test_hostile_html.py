"""What an editor pastes in, cleaned, and then really given to a browser: nothing of it runs."""

from typing import Any

import pytest

from articles import body
from tests.make import an_article
from tests.security.hostile_html import pieces

pytestmark = [pytest.mark.browser]
# Without any policy of ours, which would hide what got through.
BARE = "<!doctype html><meta charset=utf-8><script>window.met = new Set(); window.ran = (n) => { met.add(n) }</script>"
# Each piece on its own: read, written out and read again, as an editor does, and then touched everywhere.
TRY = """async (pieces) => {
  const events = ["click", "mouseover", "pointerenter", "focus", "animationstart", "toggle", "scroll", "error", "load",
                  "begin", "end", "pageshow", "hashchange", "beforematch", "cancel"];
  const leads = (value) => URL.canParse(value, "https://here.example/") && new URL(value, "https://here.example/").protocol;
  const room = document.body.appendChild(document.createElement("div"));
  const links = [];
  const touch = (root) => {
    for (const one of root.querySelectorAll("*")) {
      for (const name of events) one.dispatchEvent(new Event(name, { bubbles: false, cancelable: true }));
      for (const name of ["href", "src", "action", "formaction", "data", "xlink:href"]) {
        const value = one.getAttribute(name);
        if (value !== null && !["https:", "http:", "mailto:", "tel:", false].includes(leads(value)))
          links.push(one.outerHTML);
      }
    }
  };
  for (const [number, html] of pieces) {
    room.innerHTML = html;
    touch(room);
    room.innerHTML = room.innerHTML;
    room.innerHTML = room.innerHTML;
    touch(room);
  }
  await new Promise((done) => setTimeout(done, 300));
  room.remove();
  return [[...met].length, [...met].slice(0, 10), links.slice(0, 10), links.length];
}"""


def tried(page: Any, corpus: list[tuple[int, str]]) -> Any:
    page.route("**/*", lambda route: route.abort())
    page.set_content(BARE)
    return page.evaluate(TRY, corpus)


def test_nothing_that_was_cleaned_runs(page: Any) -> None:
    corpus = [(number, body.clean(html)) for number, html in pieces()]
    assert len(corpus) > 3_000
    assert tried(page, corpus) == [0, [], [], 0]


def test_it_would_run_if_it_were_not_cleaned(page: Any) -> None:
    ran, _, _, links = tried(page, list(pieces())[::10])
    assert ran > 100
    assert links > 10


@pytest.mark.django_db(transaction=True)
def test_an_article_made_of_nothing_else_is_an_article(page: Any, site: str, complaints: list[str]) -> None:
    everything = "\n".join(f"<p>{number}</p>{html}" for number, html in list(pieces())[::4])
    article = an_article("A hostile text", text=f"<p>One.</p>{everything}", is_free=True)
    page.add_init_script("window.met = new Set(); window.ran = (n) => { met.add(n) }")
    page.goto(site + article.get_absolute_url())
    page.evaluate("""() => { for (const one of document.querySelectorAll("main *"))
      for (const name of ["mouseover", "focus", "toggle", "animationstart"]) one.dispatchEvent(new Event(name)) }""")
    assert page.evaluate("[...met]") == []
    assert page.locator("main script:not([type]), main iframe, main object, main embed").count() == 0
