// What is typed survives a closed lid, a lost session and a lost connection: it is kept in this browser at once and
// on the server a moment later, and what was not saved is offered again. The form saves without this script, too.
"use strict"
{
  const form = document.getElementById("article_form")
  const facts = document.querySelector("[data-form-key]")?.dataset
  if (form && facts) {
    const DAYS = 30
    const NOT_KEPT = new Set(["csrfmiddlewaretoken", "verb", "drop"])
    const prefix = `desk:${facts.editor}:${facts.article}:`
    const place = prefix + facts.formKey
    const line = document.querySelector("[data-kept]")
    const wasRefused = Boolean(document.querySelector(".errornote"))

    const say = (...words) => {
      line?.classList.remove("warns")
      line?.replaceChildren(...words)
    }
    const link = (href, textContent) => Object.assign(document.createElement("a"), { href, textContent, target: "_blank" })
    const typed = () => [...new FormData(form)].filter(([name, value]) => !NOT_KEPT.has(name) && typeof value === "string")
    const same = (one, other) => JSON.stringify(one) === JSON.stringify(other)
    // Hidden values differ from page to page without anybody's typing.
    const meant = (values) => values.filter(([name, value]) => value && !["form_key", "began_with", "holds"].includes(name))
    const begun = typed()

    // --- In this browser ---------------------------------------------------------------------------

    const read = (key) => { try { return JSON.parse(localStorage.getItem(key)) } catch { return null } }
    const write = (key, value) => { try { localStorage.setItem(key, JSON.stringify(value)) } catch { /* full, or not allowed */ } }
    const forget = (key) => { try { localStorage.removeItem(key) } catch { /* not allowed */ } }
    let isLeaving = false
    const keepHere = (isSubmitted = false) => {
      if (isLeaving) return
      const values = typed()
      if (!wasRefused && same(values, begun)) return
      write(place, { at: Date.now(), values, isSubmitted })
    }
    const kept = () => {
      try { return Object.keys(localStorage).filter((key) => key.startsWith("desk:")) } catch { return [] }
    }
    for (const key of kept()) if (!(read(key)?.at > Date.now() - DAYS * 86400e3)) forget(key)

    // --- On the server -----------------------------------------------------------------------------

    const token = form.elements.csrfmiddlewaretoken
    /** Whether the session is there: "yes", "no" or "offline". Logging in again changed what forms must carry. */
    async function renew() {
      try {
        const response = await fetch(facts.token, { headers: { Accept: "application/json" } })
        if (!response.ok || response.redirected) return "no"
        const { token: fresh } = await response.json()
        for (const input of document.getElementsByName("csrfmiddlewaretoken")) input.value = fresh
        return "yes"
      } catch { return "offline" }
    }
    async function send(key, values) {
      const body = new FormData()
      for (const [name, value] of values) body.append(name, value)
      body.set("form_key", key)
      body.set("of_article", facts.article)
      const response = await fetch(facts.keep, { method: "POST", body, headers: { "X-CSRFToken": token.value } })
      if (response.redirected) return null
      return response.ok ? response.json() : response.status
    }
    const tellTrouble = (state) => {
      if (state === "offline") say("No connection. What you type is kept in this browser; save again when you are online.")
      else say("You are logged out. What you type is kept in this browser. ", link(facts.desk, "Log in in another window"), ", then save again here.")
      line?.classList.add("warns")
    }
    let sent = begun
    let isSending = false
    async function keepThere() {
      const values = typed()
      if (isSending || same(values, sent)) return
      isSending = true
      try {
        let answer = await send(facts.formKey, values)
        if (answer === null || answer === 403) {
          const state = await renew()
          if (state !== "yes") return tellTrouble(state)
          answer = await send(facts.formKey, values)
        }
        if (answer?.kept) {
          sent = values
          say(`Not saved yet; kept at ${answer.kept}.`)
        }
      } catch { tellTrouble("offline") } finally { isSending = false }
    }

    // --- While typing ------------------------------------------------------------------------------

    let here, there, since = 0
    const changed = () => {
      isLeaving = false
      clearTimeout(here)
      here = setTimeout(keepHere, 300)
      clearTimeout(there)
      since ||= Date.now()
      // After a pause, and in the midst of a long stretch of typing.
      there = setTimeout(() => { since = 0; keepThere() }, Date.now() - since > 15000 ? 0 : 2500)
    }
    form.addEventListener("input", changed)
    form.addEventListener("change", changed)
    document.addEventListener("visibilitychange", () => { if (document.hidden && !isLeaving) { keepHere(); keepThere() } })
    window.addEventListener("pagehide", () => keepHere())
    window.addEventListener("online", keepThere)
    if (wasRefused) keepHere()

    // --- Saving ------------------------------------------------------------------------------------

    let isSure = false, isAsking = false
    form.addEventListener("submit", async (event) => {
      const button = event.submitter
      if (button?.formTarget === "_blank") return
      if (button && "atOnce" in button.dataset) { isLeaving = true; forget(place); return forget(prefix + button.value) }
      if (isSure) { keepHere(true); isLeaving = true; return }
      event.preventDefault()
      if (isAsking) return
      isAsking = true
      keepHere()
      const state = await renew()
      isAsking = false
      if (state !== "yes") {
        tellTrouble(state)
        line?.scrollIntoView({ block: "center" })
        return form.dispatchEvent(new Event("input"))
      }
      isSure = true
      form.requestSubmit(button?.type === "submit" ? button : undefined)
      // Where the answer never comes it may be sent again: the server saves it once.
      setTimeout(() => { isSure = isLeaving = false }, 4000)
    })
    document.addEventListener("keydown", (event) => {
      if (!(event.ctrlKey || event.metaKey) || event.altKey || event.key.toLowerCase() !== "s") return
      event.preventDefault()
      form.querySelector(".desk-verbs__save button:not([name])")?.click()
    })

    // --- What was kept before ----------------------------------------------------------------------

    const isTakenUp = "takenUp" in facts
    const button = (textContent, run) => {
      const made = Object.assign(document.createElement("button"), { type: "button", textContent })
      made.addEventListener("click", run)
      return made
    }
    function offer(key, copy) {
      const words = document.createElement("p")
      const day = new Date(copy.at).toLocaleString("en-GB", { day: "numeric", month: "long", hour: "2-digit", minute: "2-digit" })
      const headline = copy.values.find(([name]) => name === "headline")?.[1]
      const what = facts.article ? "What you typed here" : `A new article${headline ? `, “${headline.slice(0, 80)}”,` : ""} that you typed`
      words.textContent = `${what} on ${day} was not saved. It is kept in this browser.`
      const box = document.createElement("section")
      box.className = "kept"
      box.append(words, button("Go on with it", async () => {
        const its = key.slice(prefix.length)
        const answer = await send(its, copy.values).catch(() => null)
        if (!answer?.kept) return tellTrouble(await renew())
        isLeaving = true
        location.search = `?take_up=${its}`
      }), " ", button("Throw it away", async () => {
        forget(key)
        box.remove()
        const body = new FormData()
        body.set("drop", key.slice(prefix.length))
        await fetch(facts.drop, { method: "POST", body, headers: { "X-CSRFToken": token.value }, redirect: "manual" }).catch(() => null)
      }))
      document.querySelector(`[data-copy="${key.slice(prefix.length)}"]`)?.remove()
      form.prepend(box)
    }
    const saved = facts.savedKeys.split(" ")
    for (const key of kept()) {
      const copy = read(key)
      // What is new becomes an article: its form was sent from the page to add one.
      const isSaved = copy?.isSubmitted && saved.some((one) => one && key.endsWith(one))
      if (isSaved) forget(key)
      else if (!key.startsWith(prefix) || !copy) continue
      else if (key !== place && same(meant(copy.values), meant(begun))) forget(key)
      else if (key !== place) offer(key, copy)
    }
    if (isTakenUp) say("Not saved yet.")
  }
}
