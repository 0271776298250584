// The library of pictures in a dialog: search and choose, or upload, and no page is left for it.
// A plain ES module that the editor loads; it also serves the main picture of the form (desk.js).

const library = () => document.querySelector("[data-pictures]")?.dataset.pictures
const token = () => document.querySelector("[name=csrfmiddlewaretoken]")?.value || ""

export const element = (tag, attributes = {}, children = []) => {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "on") for (const [event, run] of Object.entries(value)) made.addEventListener(event, run)
    else if (name in made && !name.startsWith("aria")) made[name] = value
    else made.setAttribute(name, value)
  }
  made.append(...children)
  return made
}

/** A dialog with a heading and a way out; `answer` closes it with a value. */
export function openDialog(title, className, fill) {
  return new Promise((resolve) => {
    const before = document.activeElement
    const answer = (value) => { dialog.close(); resolve(value) }
    const heading = element("h2", { id: "desk-dialog-title", textContent: title })
    const close = element("button", { type: "button", className: "desk-dialog__close", textContent: "Close", on: { click: () => answer(null) } })
    const dialog = element("dialog", { className: `desk-dialog ${className}`, "aria-labelledby": heading.id }, [
      element("header", {}, [heading, close]),
    ])
    dialog.append(...fill(answer))
    dialog.addEventListener("close", () => { dialog.remove(); resolve(null); before?.focus?.() })
    document.body.append(dialog)
    dialog.showModal()
  })
}

/** Run it once the typing has paused. */
export function afterPause(run, pause = 200) {
  let waiting
  return () => { clearTimeout(waiting); waiting = setTimeout(run, pause) }
}

// --- Choosing ------------------------------------------------------------------------------------

function shelf(answer) {
  const list = element("ul", { className: "picture-shelf" })
  const said = element("p", { className: "help", role: "status" })
  const more = element("button", { type: "button", className: "btn btn--quiet", textContent: "More pictures", hidden: true })
  const search = element("input", { type: "search", id: "desk-picture-search", autocomplete: "off", autofocus: true, maxLength: 100 })
  let page = 1
  let asked = 0
  const show = async (wanted) => {
    page = wanted
    const mine = ++asked
    let found = null
    try {
      const response = await fetch(`${library()}library/?${new URLSearchParams({ q: search.value, page })}`)
      if (response.ok && !response.redirected) found = await response.json()
    } catch { /* said below */ }
    if (mine !== asked) return
    if (!found) { said.textContent = "The library does not answer. Are you still logged in and online?"; return }
    if (page === 1) list.replaceChildren()
    list.append(...found.pictures.map((card) => element("li", {}, [choice(card, answer)])))
    said.textContent = list.children.length ? "" : "No picture fits these words."
    more.hidden = !found.more
  }
  search.addEventListener("input", afterPause(() => show(1)))
  search.addEventListener("keydown", (event) => { if (event.key === "Enter") { event.preventDefault(); show(1) } })
  more.addEventListener("click", () => show(page + 1))
  show(1)
  return element("section", {}, [
    element("p", {}, [element("label", { htmlFor: search.id, textContent: "Search caption, alternative text, credit" }), search]),
    list, said, more,
  ])
}

const choice = (card, answer) =>
  element("button", { type: "button", on: { click: () => answer(card) } }, [
    element("img", { src: card.thumbnail, alt: card.alt, loading: "lazy" }),
    element("span", { textContent: card.caption || card.alt }),
    element("small", { textContent: card.credit }),
    ...(card.warning ? [element("small", { className: "warns", textContent: card.warning })] : []),
  ])

// --- Uploading -----------------------------------------------------------------------------------

const FIELDS = [
  ["original", "File", { type: "file", accept: "image/jpeg,image/png,image/webp,image/avif", required: true }, "JPEG, PNG, WebP or AVIF, up to 30 MB. Where it was taken is removed."],
  ["alt", "Alternative text", { required: true, maxLength: 250 }, "What a reader who cannot see it should know."],
  ["caption", "Caption", { maxLength: 300 }, ""],
  ["credit", "Credit", { required: true, maxLength: 120 }, "Who made it, such as: Photo: European Union."],
  ["rights_holder", "Rights holder", { maxLength: 120 }, "Whom to ask, if it is not who made it."],
  ["usable_until", "May be shown until", { type: "date" }, "Empty: without end."],
]

function uploading(answer, file) {
  const said = element("p", { className: "errornote", role: "alert", hidden: true })
  const send = element("button", { type: "submit", className: "btn default", textContent: "Upload and use it" })
  const inputs = new Map()
  const rows = FIELDS.map(([name, words, attributes, help]) => {
    const input = element("input", { id: `desk-upload-${name}`, name, type: "text", ...attributes, "aria-describedby": `desk-upload-${name}-help` })
    const note = element("span", { className: "help", id: `desk-upload-${name}-help`, textContent: help })
    inputs.set(name, { input, note, help })
    return element("p", {}, [element("label", { htmlFor: input.id, textContent: words }), input, note])
  })
  if (file) {
    const transfer = new DataTransfer()
    transfer.items.add(file)
    inputs.get("original").input.files = transfer.files
  }
  const complain = (errors) => {
    for (const [name, { input, note, help }] of inputs) {
      note.textContent = errors[name]?.join(" ") || help
      note.classList.toggle("warns", name in errors)
      input.setAttribute("aria-invalid", String(name in errors))
    }
    const first = [...inputs].find(([name]) => name in errors)
    first?.[1].input.focus()
    said.hidden = Boolean(first)
    said.textContent = errors.__all__?.join(" ") || "It was not uploaded. Are you still logged in and online?"
  }
  const form = element("form", { className: "picture-upload" }, [said, ...rows, element("p", {}, [send])])
  form.addEventListener("submit", async (event) => {
    event.preventDefault()
    send.disabled = true
    try {
      const response = await fetch(`${library()}put-in/`, { method: "POST", body: new FormData(form), headers: { "X-CSRFToken": token() } })
      const told = response.redirected ? {} : await response.json()
      if (response.ok && told.id) return answer(told)
      complain(told.errors || {})
    } catch {
      complain({})
    } finally {
      send.disabled = false
    }
  })
  return form
}

/** The card of the picture that was chosen or uploaded, or null. */
export function choosePicture({ file = null, isNew = Boolean(file) } = {}) {
  return openDialog("Picture", "picture-dialog", (answer) => {
    const tabs = { "From the library": () => shelf(answer), "Upload a new one": () => uploading(answer, file) }
    const place = element("div")
    const buttons = Object.entries(tabs).map(([words, make]) =>
      element("button", { type: "button", textContent: words, on: { click: () => turnTo(words, make) } }))
    const turnTo = (words, make) => {
      for (const button of buttons) button.setAttribute("aria-pressed", String(button.textContent === words))
      place.replaceChildren(make())
      place.querySelector("input")?.focus()
    }
    turnTo(...Object.entries(tabs)[isNew ? 1 : 0])
    return [element("nav", { "aria-label": "Where from" }, buttons), place]
  })
}

window.desk = { ...window.desk, choosePicture, openDialog, element, afterPause }
