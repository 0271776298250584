{% load static %}// Keeps a reader's saved articles on a device on which they asked for it. The rules stand in articles/offline.py.
const SHELL = ["{% url "offline" %}", "{% static "site.css" %}", "{% static "site.js" %}", "{% static "offline.js" %}", "{% static "img/icon.svg" %}", "{% static "fonts/piazzolla.woff2" %}", "{% static "fonts/hanken.woff2" %}"{% if brand_css %}, "{{ brand_css }}"{% endif %}];
const KEPT = "{% url "kept" %}", OFFLINE = SHELL[0], OWN = "reader-", STATE = "/offline/state";
const HOURS = {{ hours }}, ASK_EVERY = 10 * 60_000;
const LEAVING = /\/accounts\/logout\/$|\/account\/delete\/$/, SAVING = /\/account\/saved\/(\d+|all)\/(save|remove)\/$/;
const NAME = "shell-" + [...SHELL.join()].reduce((sum, letter) => (sum * 31 + letter.charCodeAt()) | 0, 0).toString(36);

// Emptied while an answer was under way: what comes after is not kept.
let turn = 0, asking = null;

addEventListener("install", (event) => event.waitUntil(furnish().then(() => skipWaiting())));
addEventListener("activate", (event) => event.waitUntil(dropOthers("shell-", NAME).then(() => clients.claim())));
addEventListener("message", (event) => event.waitUntil(answer(event)));
addEventListener("fetch", (event) => {
  const { request } = event, url = new URL(request.url);
  if (url.origin !== location.origin) return;
  if (request.method === "POST") {
    if (LEAVING.test(url.pathname)) event.waitUntil(empty());
    else if (SAVING.test(url.pathname)) {
      const sent = fetch(request);
      event.respondWith(sent);
      event.waitUntil(sent.then(() => ask(true), () => {}));
    }
  } else if (request.method !== "GET") return;
  else if (request.mode === "navigate") event.respondWith(visit(event, url));
  else if (url.pathname === KEPT) event.respondWith(fetch(request).catch(list));
  else if (SHELL.includes(url.pathname)) event.respondWith(fromShell(request));
});

async function answer({ data, ports }) {
  if (data === "empty") await empty();
  if (data === "ask") await ask(true);
  const state = await stateOf(await own());
  ports[0]?.postMessage(state ? state.articles.length : 0);
}

async function furnish() {
  const shell = await caches.open(NAME);
  await shell.addAll(SHELL.map((path) => new Request(path, { cache: "reload" })));
}

const fromShell = async (request) => (await (await caches.open(NAME)).match(request, { ignoreVary: true })) ?? fetch(request);

// --- A page is asked for --------------------------------------------------------------------------

async function visit(event, url) {
  try {
    const page = await fetch(event.request);
    event.waitUntil(ask());
    return page;
  } catch {
    return (await text(url.pathname)) ?? fromShell(new Request(OFFLINE));
  }
}

/** The text that is kept for an address, if it may be shown now. */
async function text(path) {
  const cache = await own(), state = await stateOf(cache);
  const article = state?.articles.find((one) => one.path === path);
  return article && (await mayShow(article, state, cache)) ? cache.match(path, { ignoreVary: true }) : undefined;
}

/** Whether a text may be shown; one whose time is over is deleted here. */
async function mayShow(article, state, cache) {
  if (!article.is_paid_for) return true;
  const now = Date.now(), since = now - state.asked;
  const isOver = state.until && now >= Date.parse(state.until);
  // A clock that was set back tells nothing.
  if (!isOver && since >= 0 && since < HOURS * 3_600_000) return true;
  await cache.delete(article.path);
  return false;
}

/** What /offline/kept.json would say, with what of it can be opened. */
async function list() {
  const cache = await own(), state = await stateOf(cache);
  const articles = await Promise.all((state?.articles ?? []).map(async (one) => {
    const isThere = (await mayShow(one, state, cache)) && !!(await cache.match(one.path, { ignoreVary: true }));
    return { ...one, can_be_read: isThere };
  }));
  return Response.json({ is_offline: true, articles });
}

// --- What may be kept is asked for ----------------------------------------------------------------

/** Ask, unless that was done within ten minutes, and keep what may be kept. One at a time. */
function ask(atOnce = false) {
  asking = (asking ?? Promise.resolve()).catch(() => {}).then(() => askNow(atOnce));
  return asking;
}

async function askNow(atOnce) {
  const mine = turn, known = await stateOf(await own());
  const since = Date.now() - (known?.asked ?? 0);
  if (!atOnce && since >= 0 && since < ASK_EVERY) return;
  const told = await fetch(KEPT, { cache: "no-store" }).then((found) => (found.ok ? found.json() : null), () => null);
  if (!told || mine !== turn) return;
  if (!told.reader) return empty();
  await dropOthers(OWN, OWN + told.reader);
  const cache = await caches.open(OWN + told.reader), had = await stateOf(cache);
  for (const one of told.articles) {
    const same = had?.articles.some((other) => other.path === one.path && other.version === one.version);
    if (same && (await cache.match(one.path, { ignoreVary: true }))) continue;
    const page = await fetch(one.path, { cache: "no-store", headers: { "{{ kept_header }}": "1" } }).catch(() => null);
    if (mine !== turn) return;
    if (page?.ok && !page.redirected) await cache.put(one.path, page);
  }
  const paths = [STATE, ...told.articles.map((one) => one.path)];
  for (const { url } of await cache.keys()) if (!paths.includes(new URL(url).pathname)) await cache.delete(url);
  await cache.put(STATE, Response.json({ asked: Date.now(), until: told.until, articles: told.articles }));
  await furnish().catch(() => {});
  if (mine !== turn) await dropOthers(OWN);
}

async function empty() {
  turn++;
  await dropOthers(OWN);
}

async function dropOthers(prefix, but) {
  for (const name of await caches.keys()) if (name.startsWith(prefix) && name !== but) await caches.delete(name);
}

async function own() {
  const name = (await caches.keys()).find((one) => one.startsWith(OWN));
  return name ? caches.open(name) : null;
}

const stateOf = async (cache) => (await cache?.match(STATE))?.json();
