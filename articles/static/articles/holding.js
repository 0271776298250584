/* Who is writing this now, and how long until it goes out. Without this file the server still tells, once, on saving. */
"use strict"
{
  const banner = document.querySelector("[data-hold]")
  const form = document.getElementById("article_form")
  if (banner && form) {
    const csrf = form.querySelector("[name=csrfmiddlewaretoken]").value
    const holds = form.querySelector("[name=holds]")
    let isLeaving = false
    let isChanged = false

    const show = (told) => {
      holds.value = told.token
      banner.hidden = !told.who
      form.inert = Boolean(told.who)
      if (!told.who) return
      banner.querySelector("[data-who]").textContent = told.who
      banner.querySelector("[data-since]").textContent = told.since
      banner.querySelector("[data-typed]").hidden = !isChanged
    }
    const words = (more) => {
      const body = new FormData()
      body.set("csrfmiddlewaretoken", csrf)
      body.set("token", holds.value)
      for (const name of more) body.set(name, "1")
      return body
    }
    const beat = async () => {
      try {
        const answer = await fetch(banner.dataset.hold, { method: "POST", body: words([]), redirect: "error" })
        if (answer.ok) show(await answer.json())
      } catch {
        // No network, or logged out: what is typed stays, and saving will say so.
      }
    }

    holds.value = banner.dataset.token
    form.inert = !banner.hidden
    form.addEventListener("input", () => { isChanged = true })
    form.addEventListener("submit", (event) => { isLeaving = event.submitter?.formTarget !== "_blank" })
    setInterval(beat, Number(banner.dataset.beat) * 1000)
    document.addEventListener("visibilitychange", () => { if (!document.hidden) beat() })
    window.addEventListener("pageshow", (event) => { if (event.persisted) beat() })
    window.addEventListener("pagehide", () => {
      if (!isLeaving && holds.value) navigator.sendBeacon(banner.dataset.hold, words(["gone"]))
    })
  }

  const whole = (number, unit) => `${number} ${unit}${number === 1 ? "" : "s"}`
  const inWords = (seconds) => {
    const days = Math.floor(seconds / 86400)
    const hours = Math.floor(seconds / 3600) % 24
    const minutes = Math.floor(seconds / 60) % 60
    if (days) return `${whole(days, "day")}, ${whole(hours, "hour")}`
    if (hours) return `${whole(hours, "hour")}, ${whole(minutes, "minute")}`
    return `${whole(minutes, "minute")}, ${whole(Math.floor(seconds) % 60, "second")}`
  }
  const clocks = document.querySelectorAll("[data-countdown]")
  const count = () => {
    for (const clock of clocks) {
      const rest = (new Date(clock.dateTime) - Date.now()) / 1000
      clock.textContent = rest > 0 ? `goes out in ${inWords(rest)}` : "is out now"
    }
  }
  if (clocks.length) {
    count()
    setInterval(count, 1000)
  }
}
