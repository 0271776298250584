// What comes from Word, Google Docs, LibreOffice and mail: its structure stays, the rest is left out and told.
// A plain ES module that knows how those programs write; what may stand in a text at all is the editor's own list.
import { Extension, Plugin } from "django-prose-editor/editor"

/** Pasted HTML as our editor should read it, and what was left out: words to how often. */
export function tidied(html) {
  const left = new Map()
  const isOurs = html.includes("data-pm-slice")
  const { body } = new DOMParser().parseFromString(prepared(html), "text/html")
  if (isOurs) {
    for (const element of body.querySelectorAll("[data-said]")) delete element.dataset.said
    return { html: body.innerHTML, left }
  }
  const leaveOut = (words, selector, isMeant = () => true) => {
    for (const element of [...body.querySelectorAll(selector)].filter(isMeant)) {
      element.remove()
      left.set(words, (left.get(words) || 0) + 1)
    }
  }
  for (const style of body.querySelectorAll("style, link, meta, title, xml")) style.remove()
  leaveOut("script", "script, noscript, template")
  leaveOut("hidden passage", "[data-said], [hidden]", (one) => one.hidden || /display:\s*none|mso-hide:\s*all/i.test(said(one)))
  leaveOut("comment", "[class^=MsoComment], .msocomoff, .msocomanchor, [data-said]", (one) => !one.dataset.said || /mso-element:\s*comment/i.test(said(one)) || /^Mso?com/i.test(one.className))
  leaveOut("deleted passage", "del, s.deleted")
  leaveOut("signature", ".gmail_signature, .moz-signature")
  leaveOut("picture", "img, picture, svg, v\\:imagedata")
  leaveOut("frame, form or film", "iframe, object, embed, video, audio, form, input, button, select, textarea")
  lists(body)
  meanings(body)
  footnotes(body)
  headings(body)
  links(body)
  layouts(body)
  for (const empty of body.querySelectorAll("p")) if (!empty.textContent.trim() && !empty.querySelector("hr")) empty.remove()
  return { html: body.innerHTML, left }
}

const said = (element) => element.dataset.said || ""

// Our policy forbids style attributes and handlers; they are renamed before the browser looks at them. Mail writes a new
// paragraph as two line breaks.
const prepared = (html) =>
  html
    .replace(/<!--[\s\S]*?-->/g, "")
    .replace(/<style[\s\S]*?<\/style>/gi, "")
    .replace(/<[a-z][^<>]*>/gi, (tag) => tag.replace(/([\s/"'])style\s*=/gi, "$1data-said=").replace(/([\s/"'])on[a-z]+\s*=/gi, "$1data-off="))
    .replace(/(?:<br\b[^<>]*>(?:\s|&nbsp;)*){2,}/gi, "</p><p>")

function wrapContent(element, tag) {
  const around = document.createElement(tag)
  around.append(...element.childNodes)
  element.append(around)
}

function renamed(element, tag) {
  const made = document.createElement(tag)
  made.append(...element.childNodes)
  element.replaceWith(made)
  return made
}

/** Bold and italic that are said in styles; and the <b> around all of a Google document, which is none. */
function meanings(body) {
  for (const element of body.querySelectorAll("[data-said]")) {
    const words = said(element)
    delete element.dataset.said
    if (/^(B|STRONG)$/.test(element.tagName) && /font-weight:\s*(normal|400)/i.test(words)) {
      element.replaceWith(...element.childNodes)
    } else if (element.tagName === "SPAN") {
      if (/font-weight:\s*(bold|[6-9]00)/i.test(words)) wrapContent(element, "strong")
      if (/font-style:\s*italic/i.test(words)) wrapContent(element, "em")
    }
  }
}

/** Word writes a list as paragraphs with their bullets typed in front of them. */
function lists(body) {
  let open = []
  let last = null
  for (const line of [...body.querySelectorAll("p[data-said*=mso-list], p[class^=MsoListParagraph]")]) {
    const level = Number(/level(\d+)/i.exec(said(line))?.[1] || 0)
    if (!level) continue
    const bullet = [...line.querySelectorAll("[data-said]")].find((one) => /mso-list:\s*ignore/i.test(said(one)))
    const kind = /^\s*[\da-z]{1,4}[.)]/i.test(bullet?.textContent || "") ? "ol" : "ul"
    bullet?.remove()
    const follows = last && line.previousElementSibling === open[0]?.list
    if (!follows) open = []
    open = open.slice(0, level)
    while (open.length < level) {
      const list = document.createElement(kind)
      const around = open.at(-1)
      if (around) (around.list.lastElementChild || around.list.appendChild(document.createElement("li"))).append(list)
      else line.before(list)
      open.push({ list })
    }
    const item = document.createElement("li")
    open.at(-1).list.append(item)
    delete line.dataset.said
    line.removeAttribute("class")
    item.append(line)
    last = line
  }
}

/** A number that leads to a note, and the note that leads back to it: the note goes where the number is. */
function footnotes(body) {
  const named = new Map()
  for (const anchor of body.querySelectorAll("a")) {
    for (const name of [anchor.name, anchor.id]) if (name) named.set(name, anchor)
  }
  const target = (anchor) => named.get((anchor.getAttribute("href") || "").split("#")[1])
  for (const number of [...body.querySelectorAll("a[href*='#']")]) {
    const back = target(number)
    if (!back || back === number || target(back) !== number || !number.isConnected) continue
    if (!(number.compareDocumentPosition(back) & Node.DOCUMENT_POSITION_FOLLOWING)) continue
    const block = back.closest("p, li, aside, div")
    if (!block || block.contains(number)) continue
    back.remove()
    const note = document.createElement("span")
    note.className = "footnote"
    note.textContent = block.textContent.replace(/\s+/g, " ").replace(/^[\s.)\]]+/, "").trim()
    const raised = number.closest("sup")
    ;(raised && raised.textContent.trim() === number.textContent.trim() ? raised : number).replaceWith(note)
    const around = block.parentElement
    block.remove()
    if (around !== body && !around.textContent.trim()) around.remove()
  }
}

/** Our headings are of two levels, below the one of the article. */
function headings(body) {
  for (const title of [...body.querySelectorAll("h1, p.MsoTitle")]) renamed(title, "h2")
  for (const low of [...body.querySelectorAll("h4, h5, h6")]) renamed(low, "h3")
}

/** Where a link leads in truth: mail programs and Google put their own address around it, newsletters add marks. */
function links(body) {
  for (const link of body.querySelectorAll("a[href]")) {
    const href = link.getAttribute("href")
    if (href.startsWith("#") || /^(file|about|blob):/i.test(href)) { link.removeAttribute("href"); continue }
    let address
    try { address = new URL(href) } catch { continue }
    const isWrapped = (/(^|\.)google\.[a-z.]+$/.test(address.hostname) && address.pathname === "/url") || /\.safelinks\.protection\.outlook\.com$/.test(address.hostname)
    const inside = isWrapped && (address.searchParams.get("url") || address.searchParams.get("q"))
    if (inside && /^https?:/i.test(inside)) try { address = new URL(inside) } catch { continue }
    const marks = [...address.searchParams.keys()].filter((name) => /^(utm_\w+|fbclid|gclid|mc_[ce]id)$/.test(name))
    for (const name of marks) address.searchParams.delete(name)
    if (inside || marks.length) link.setAttribute("href", address.href)
  }
}

/** Tables that only place things on a page are none. */
function layouts(body) {
  for (const table of [...body.querySelectorAll("table")].reverse()) {
    const cells = [...table.querySelectorAll("td, th")].filter((cell) => cell.closest("table") === table)
    if (table.getAttribute("role") === "presentation" || cells.length < 2) {
      table.replaceWith(...cells.flatMap((cell) => [...cell.childNodes, document.createElement("p")]))
    }
  }
}

const counted = (words, count) => (count === 1 ? `1 ${words}` : `${count} × ${words}`)

function tell(view, left) {
  const editor = view.dom.parentElement
  let line = editor.parentElement.querySelector(".desk-pasted")
  if (!line) {
    line = document.createElement("p")
    line.className = "desk-pasted help"
    line.setAttribute("role", "status")
    editor.after(line)
  }
  const names = [...left].map(([words, count]) => counted(words, count))
  line.textContent = names.length ? `Pasted without ${names.join(", ")}.${left.has("picture") ? " Pictures are uploaded one by one." : ""}` : ""
}

export const Pasting = Extension.create({
  name: "pasting",
  addProseMirrorPlugins: () => [
    new Plugin({
      props: {
        transformPastedHTML(html, view) {
          const { html: clean, left } = tidied(html)
          if (view) tell(view, left)
          return clean
        },
        handlePaste: (view, event) => takeFile(event, event.clipboardData),
        handleDrop: (view, event) => takeFile(event, event.dataTransfer),
      },
    }),
  ],
})

/** A picture that is dropped or pasted as a file opens the upload. */
function takeFile(event, data) {
  const file = [...(data?.files || [])].find((one) => one.type.startsWith("image/"))
  if (!file || data.types.includes("text/html") || !window.desk?.putPicture) return false
  event.preventDefault()
  window.desk.putPicture(file)
  return true
}
