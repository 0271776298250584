// What our editor knows beyond paragraphs: the wall, boxes, quotes, notes, links to articles, pictures of the library.
// A plain ES module; the server's half of the same list is articles/editor.py.
import {
  Extension, Link as BaseLink, Mark, Node, Table as BaseTable, crel, mergeAttributes, updateAttrsDialog,
} from "django-prose-editor/editor"

const FREE_PARAGRAPHS = 2
const NO_TEXT = ["heading", "picture", "wall"]

// --- Words ---------------------------------------------------------------------------------------

const split = (text) => text.split(/\s+/).filter(Boolean).length
const wordsIn = (node) => split(node.textBetween(0, node.content.size, " ", " "))

/** Words on both sides of the wall, by the same rule as body.cut_at_wall. */
function countWords(doc) {
  let set = null
  doc.forEach((block, _, index) => { if (set === null && block.type.name === "wall") set = index })
  let before = 0, after = 0, texts = 0
  doc.forEach((block, _, index) => {
    const isFree = set !== null ? index < set : texts < FREE_PARAGRAPHS
    const words = block.isAtom ? split(block.attrs.caption || "") : wordsIn(block)
    if (isFree) before += words
    else after += words
    if (!NO_TEXT.includes(block.type.name) && block.content.size) texts += 1
  })
  return { before, after, isSet: set !== null }
}

const number = (n) => `${n.toLocaleString("en-GB")} ${n === 1 ? "word" : "words"}`

function showWords(editor) {
  const { before, after, isSet } = countWords(editor.state.doc)
  for (const mark of editor.view.dom.querySelectorAll("[data-wall-words]")) {
    mark.textContent = `${number(before)} for everyone above, ${number(after)} for subscribers below`
  }
  const line = document.querySelector("[data-count]")
  if (!line) return
  const minutes = Math.max(1, Math.round((before + after) / 220))
  const isFree = document.getElementById("id_is_free")?.checked
  line.textContent = before + after === 0 ? "No text yet" :
    `${number(before + after)}, ${minutes} min. ` +
    (isFree ? "Free to read: no wall." : after === 0 ? "Nothing is behind the wall." :
      isSet ? `${number(after)} behind the wall.` : `No wall set: ${number(after)} after the second paragraph are behind it.`)
}

// --- Putting a block below the present one -------------------------------------------------------

const placeBelow = ({ $from, to }) => ($from.depth ? $from.after(1) : to)

/** Insert a block that holds no cursor, and leave the cursor in the paragraph after it. */
function insertBlock(tr, place, node) {
  tr.insert(place, node)
  const after = place + node.nodeSize
  if (after === tr.doc.content.size) tr.insert(after, tr.doc.type.schema.nodes.paragraph.create())
  tr.setSelection(tr.selection.constructor.near(tr.doc.resolve(after + 1))).scrollIntoView()
}

// --- The wall ------------------------------------------------------------------------------------

export const Wall = Node.create({
  name: "wall",
  group: "block",
  atom: true,
  selectable: true,
  draggable: true,
  parseHTML: () => [{ tag: "hr.wall", priority: 60 }],
  renderHTML: () => ["hr", { class: "wall" }],
  onCreate() {
    this.editor.view.dom.setAttribute("aria-label", "Text")
    showWords(this.editor)
    document.getElementById("id_is_free")?.addEventListener("change", () => showWords(this.editor))
  },
  onUpdate() { showWords(this.editor) },
  addNodeView() {
    return () => {
      const dom = crel("div", { className: "desk-wall", contentEditable: "false" }, [
        crel("strong", { textContent: "The wall stands here" }),
        crel("span", { "data-wall-words": "" }),
      ])
      return { dom, ignoreMutation: () => true }
    }
  },
  addCommands() {
    return {
      // One at most: setting it a second time moves it here, below the present paragraph.
      setWall: () => ({ state, tr, dispatch }) => {
        if (!dispatch) return true
        const place = placeBelow(state.selection)
        const old = []
        state.doc.descendants((node, pos) => { if (node.type.name === "wall") old.push(pos) })
        insertBlock(tr, place, state.schema.nodes.wall.create())
        for (const pos of old) {
          const moved = tr.mapping.map(pos)
          tr.delete(moved, moved + 1)
        }
        return true
      },
    }
  },
  addMenuItems({ menu, buttons }) {
    menu.defineItem({
      name: "wall",
      groups: "nodes",
      priority: 120,
      button: buttons.text("Wall", "The wall stands here, below this paragraph"),
      option: null,
      active: (editor) => editor.isActive("wall"),
      command: (editor) => editor.chain().focus().setWall().run(),
    })
  },
})

// --- The pull quote ------------------------------------------------------------------------------

export const PullQuote = Node.create({
  name: "pullQuote",
  group: "block",
  content: "paragraph+",
  defining: true,
  parseHTML: () => [{ tag: "aside.pull-quote" }],
  renderHTML: ({ HTMLAttributes }) => ["aside", mergeAttributes(HTMLAttributes, { class: "pull-quote" }), 0],
  addCommands() {
    return { togglePullQuote: () => ({ commands }) => commands.toggleWrap(this.name) }
  },
  addMenuItems({ menu, buttons }) {
    menu.defineItem({
      name: "pullQuote",
      groups: "nodes",
      priority: 110,
      button: buttons.text("Pull quote", "A sentence of the text, set large beside it"),
      option: null,
      active: (editor) => editor.isActive("pullQuote"),
      enabled: (editor) => editor.can().togglePullQuote(),
      command: (editor) => editor.chain().focus().togglePullQuote().run(),
    })
  },
})

// --- Footnotes -----------------------------------------------------------------------------------

// A note is typed where it belongs: what carries this mark is shown to readers as a number there, and below the text.
export const Footnote = Mark.create({
  name: "footnote",
  priority: 1100,
  inclusive: false,
  parseHTML: () => [{ tag: "span.footnote" }],
  renderHTML: () => ["span", { class: "footnote" }, 0],
  addCommands() {
    return {
      // Selected words become a note; with nothing selected a new note begins at the cursor.
      toggleFootnote: () => ({ editor, state, chain }) => {
        if (!state.selection.empty || editor.isActive(this.name)) {
          return chain().extendMarkRange(this.name).toggleMark(this.name).run()
        }
        const words = "Note"
        const { from } = state.selection
        return chain()
          .insertContent({ type: "text", text: words, marks: [{ type: this.name }] })
          .setTextSelection({ from, to: from + words.length })
          .run()
      },
    }
  },
  addKeyboardShortcuts() { return { "Mod-Alt-f": () => this.editor.commands.toggleFootnote() } },
  addMenuItems({ menu, buttons }) {
    menu.defineItem({
      name: "footnote",
      groups: "marks",
      priority: 90,
      button: buttons.text("Note", "A footnote (Ctrl+Alt+F): readers see a number here and the words below the text"),
      option: null,
      active: (editor) => editor.isActive("footnote"),
      command: (editor) => editor.chain().focus().toggleFootnote().run(),
    })
  },
})

// --- Pictures ------------------------------------------------------------------------------------

const library = () => document.querySelector("[data-pictures]")?.dataset.pictures
const cards = new Map()

/** What the library says of a picture: thumbnail, alt, caption, credit; null where it is gone. */
function cardOf(id) {
  if (!cards.has(id)) {
    const asked = fetch(`${library()}${id}/card/`, { credentials: "same-origin", headers: { Accept: "application/json" } })
    cards.set(id, asked.then((r) => (r.ok && !r.redirected ? r.json() : null)).catch(() => { cards.delete(id); return null }))
  }
  return cards.get(id)
}

/** The id of the picture chosen or uploaded in the dialog; nothing where the editor thought better of it. */
const choosePicture = async (options) => {
  const card = await window.desk.choosePicture(options)
  if (card) cards.set(String(card.id), Promise.resolve(card))
  return card && String(card.id)
}

const putPicture = (editor, picture) =>
  editor.chain().focus().command(({ state, tr }) => {
    insertBlock(tr, placeBelow(state.selection), state.schema.nodes.picture.create({ picture }))
    return true
  }).run()

const choosePictureFor = async (editor, options) => {
  const picture = await choosePicture(options)
  if (picture) putPicture(editor, picture)
}

const askCaption = (editor, caption) =>
  updateAttrsDialog(
    { caption: { title: "Caption", format: "textarea", description: "Empty: the caption of the library." } },
    { title: "Caption in this article", submitText: "Set caption" },
  )(editor, { caption })

export const Picture = Node.create({
  name: "picture",
  group: "block",
  atom: true,
  selectable: true,
  draggable: true,
  addAttributes: () => ({
    picture: { default: null, parseHTML: (e) => e.dataset.picture, renderHTML: (a) => ({ "data-picture": a.picture }) },
    caption: { default: "", parseHTML: (e) => e.querySelector("figcaption")?.textContent || "", rendered: false },
  }),
  parseHTML: () => [{ tag: "figure[data-picture]", priority: 60 }],
  renderHTML: ({ node, HTMLAttributes }) => ["figure", HTMLAttributes, ["figcaption", {}, node.attrs.caption || ""]],
  addNodeView() {
    return ({ node, editor, getPos }) => {
      let shown = node
      const image = crel("img", { alt: "" })
      const caption = crel("span", { className: "desk-picture__caption" })
      const credit = crel("small")
      const change = (attrs) => editor.commands.command(({ tr }) => {
        tr.setNodeMarkup(getPos(), undefined, { ...shown.attrs, ...attrs })
        return true
      })
      const act = (textContent, run) => {
        const button = crel("button", { type: "button", textContent })
        button.addEventListener("click", (event) => { event.preventDefault(); run() })
        return button
      }
      const dom = crel("figure", { className: "desk-picture", contentEditable: "false" }, [
        image,
        crel("div", {}, [
          caption, credit,
          crel("p", { className: "desk-picture__acts" }, [
            act("Caption", () => askCaption(editor, shown.attrs.caption).then((said) => said && change(said))),
            act("Another picture", () => choosePicture().then((picture) => picture && change({ picture }))),
          ]),
        ]),
      ])
      const show = async () => {
        const { picture, caption: own } = shown.attrs
        const card = await cardOf(picture)
        if (picture !== shown.attrs.picture) return
        dom.classList.toggle("desk-picture--gone", !card)
        image.hidden = !card?.thumbnail
        if (card?.thumbnail) image.src = card.thumbnail
        image.alt = card?.alt || ""
        caption.textContent = card ? own || card.caption || "No caption" : `Picture ${picture} is no longer in the library; readers see nothing here.`
        caption.classList.toggle("desk-picture__caption--library", !own)
        credit.textContent = [card?.credit, card?.warning].filter(Boolean).join(". ")
        credit.classList.toggle("warns", Boolean(card?.warning))
      }
      show()
      return {
        dom,
        update(next) {
          if (next.type.name !== "picture") return false
          shown = next
          show()
          return true
        },
        stopEvent: (event) => event.target.tagName === "BUTTON",
        ignoreMutation: () => true,
      }
    }
  },
  addMenuItems({ menu, buttons }) {
    menu.defineItem({
      name: "picture",
      groups: "nodes",
      priority: 115,
      button: buttons.text("Picture", "A picture from the library, or a new one"),
      option: null,
      active: (editor) => editor.isActive("picture"),
      command: (editor) => choosePictureFor(editor),
    })
  },
})

// --- Tables --------------------------------------------------------------------------------------

export const Table = BaseTable.extend({
  addCommands() {
    return {
      ...this.parent?.(),
      // Columns and rows are added with the buttons that appear in a table; its first row says what they hold.
      insertTableWithOptions: () => ({ commands }) => commands.insertTable({ rows: 3, cols: 3, withHeaderRow: true }),
    }
  },
})

// --- Links ---------------------------------------------------------------------------------------

const articles = () => document.querySelector("[data-links]")?.dataset.links

/** An address as it is typed, with what is left out when people type one. */
function address(typed) {
  const plain = typed.trim()
  if (!plain || /^(https?:|mailto:|\/(?!\/))/i.test(plain)) return plain
  return plain.includes("@") && !plain.includes("/") ? `mailto:${plain}` : `https://${plain}`
}

function askLink(present) {
  return window.desk.openDialog("Link", "link-dialog", (answer) => {
    const { element, afterPause } = window.desk
    const typed = element("input", { id: "desk-link", type: "text", value: present, autocomplete: "off", autofocus: true })
    const search = element("input", { id: "desk-link-search", type: "search", autocomplete: "off" })
    const found = element("ul", { className: "link-found" })
    const said = element("p", { className: "help", role: "status" })
    let asked = 0
    const look = async () => {
      const mine = ++asked
      const response = await fetch(`${articles()}?${new URLSearchParams({ q: search.value })}`).catch(() => null)
      const told = response?.ok && !response.redirected ? await response.json() : null
      if (mine !== asked) return
      found.replaceChildren(...(told?.articles || []).map((one) => element("li", {}, [
        element("button", { type: "button", on: { click: () => answer({ href: one.address, words: one.headline }) } }, [
          element("span", { textContent: one.headline }), element("small", { textContent: one.about }),
        ]),
      ])))
      said.textContent = !told ? "The search does not answer." : search.value && !told.articles.length ? "Nothing published fits these words." : ""
    }
    search.addEventListener("input", afterPause(look))
    search.addEventListener("keydown", (event) => { if (event.key === "Enter") { event.preventDefault(); look() } })
    const form = element("form", {}, [
      element("p", {}, [element("label", { htmlFor: typed.id, textContent: "Address" }), typed]),
      element("p", {}, [element("button", { type: "submit", className: "btn default", textContent: "Set link" })]),
    ])
    form.addEventListener("submit", (event) => { event.preventDefault(); answer({ href: address(typed.value), words: typed.value.trim() }) })
    if (!articles()) return [form]
    look()
    return [form, element("p", {}, [element("label", { htmlFor: search.id, textContent: "Or an article of ours" }), search]), found, said]
  })
}

export const Link = BaseLink.extend({
  // What is typed after a link is none.
  inclusive: false,
  addMenuItems(storage) {
    this.parent?.(storage)
    storage.menu.defineItem({
      name: "link",
      groups: "link",
      command: (editor) => editor.commands.addLink(),
      button: storage.buttons.material("insert_link", "Link (Ctrl+K)"),
      active: (editor) => editor.isActive("link"),
    })
  },
  addCommands() {
    return {
      ...this.parent?.(),
      addLink: () => ({ editor }) => {
        askLink(editor.getAttributes("link").href || "").then((said) => {
          if (!said) return
          const chain = editor.chain().focus()
          if (!said.href) return chain.extendMarkRange("link").unsetLink().run()
          const attrs = { href: said.href }
          if (editor.isActive("link")) return chain.extendMarkRange("link").setMark("link", attrs).run()
          if (!editor.state.selection.empty) return chain.setMark("link", attrs).run()
          return chain.insertContent({ type: "text", text: said.words, marks: [{ type: "link", attrs }] }).run()
        })
        return true
      },
    }
  },
})

// --- Boxes ---------------------------------------------------------------------------------------

const BOXES = { explainer: "Explainer", list: "The list" }

export const Box = Node.create({
  name: "box",
  group: "block",
  content: "heading? (paragraph | bulletList | orderedList)+",
  defining: true,
  addAttributes: () => ({
    kind: {
      default: "explainer",
      parseHTML: (element) => (element.classList.contains("the-list") ? "list" : "explainer"),
      renderHTML: ({ kind }) => ({ class: kind === "list" ? "box the-list" : "box" }),
    },
  }),
  parseHTML: () => [{ tag: "aside.box", priority: 60 }, { tag: "aside.the-list", priority: 60 }],
  renderHTML: ({ HTMLAttributes }) => ["aside", HTMLAttributes, 0],
  addCommands() {
    return {
      // Below the present block, with its title filled in and the cursor in its first line.
      putBox: (kind) => ({ state, tr, dispatch }) => {
        if (!dispatch) return true
        const { heading, paragraph, bulletList, orderedList, listItem, box } = state.schema.nodes
        const title = heading.create({ level: 3 }, state.schema.text(BOXES[kind]))
        const list = bulletList || orderedList
        const line = kind === "list" && list ? list.create(null, listItem.create(null, paragraph.create())) : paragraph.create()
        const place = placeBelow(state.selection)
        tr.insert(place, box.create({ kind }, [title, line]))
        const inside = place + 1 + title.nodeSize + 1
        tr.setSelection(tr.selection.constructor.near(tr.doc.resolve(inside))).scrollIntoView()
        return true
      },
      // Out of a box, a quotation or a table: to the line below it, made where there is none.
      leaveBlock: () => ({ state, tr, dispatch }) => {
        const { $from } = state.selection
        if ($from.depth < 2) return false
        if (!dispatch) return true
        const after = $from.after(1)
        if (tr.doc.resolve(after).nodeAfter?.type.name !== "paragraph") tr.insert(after, state.schema.nodes.paragraph.create())
        tr.setSelection(tr.selection.constructor.near(tr.doc.resolve(after + 1))).scrollIntoView()
        return true
      },
    }
  },
  addMenuItems({ menu, buttons }) {
    const item = (kind, title, priority) => menu.defineItem({
      name: `box:${kind}`,
      groups: "nodes",
      priority,
      button: buttons.text(BOXES[kind], title),
      option: null,
      active: (editor) => editor.isActive("box", { kind }),
      command: (editor) => editor.chain().focus().putBox(kind).run(),
    })
    item("explainer", "A box beside the story that explains", 108)
    item("list", "A box with a list: who, what, when", 107)
  },
})

// --- Shortcuts -----------------------------------------------------------------------------------

const HELP = [
  ["Ctrl+S", "Save"],
  ["Ctrl+B, Ctrl+I", "Bold, italic"],
  ["Ctrl+K", "Link, or an article of ours"],
  ["Ctrl+Alt+2, Ctrl+Alt+3", "Heading, lower heading"],
  ["Ctrl+Shift+8, Ctrl+Shift+7", "List, numbered list"],
  ["Ctrl+Shift+B", "Quotation"],
  ["Ctrl+Alt+Q", "Pull quote"],
  ["Ctrl+Alt+F", "Footnote"],
  ["Ctrl+Alt+P", "Picture"],
  ["Ctrl+Alt+T", "Table"],
  ["Ctrl+Alt+X, Ctrl+Alt+L", "Box: Explainer, The list"],
  ["Ctrl+Alt+W", "The wall stands here"],
  ["Ctrl+Alt+Enter", "Leave a box, a quotation, a table"],
  ["Ctrl+Z, Ctrl+Shift+Z", "Undo, redo"],
  ["Ctrl+Shift+V", "Paste without any formatting"],
  ["Alt+F10", "To the buttons above the text"],
  ["Ctrl+/", "This help"],
]

const showHelp = () =>
  window.desk.openDialog("Keyboard shortcuts", "shortcuts-dialog", () => {
    const { element } = window.desk
    const rows = HELP.map(([keys, words]) => element("div", {}, [element("dt", { textContent: words }), element("dd", { textContent: keys })]))
    return [element("dl", {}, rows), element("p", { className: "help", textContent: "On a Mac, Ctrl is ⌘ and Alt is ⌥." })]
  })

export const Shortcuts = Extension.create({
  name: "shortcuts",
  onCreate() {
    window.desk.putPicture = (file) => choosePictureFor(this.editor, { file })
  },
  addKeyboardShortcuts() {
    const knows = (name) => name in this.editor.schema.nodes
    const run = (name, ...values) => () => this.editor.commands[name]?.(...values) ?? false
    return {
      "Mod-/": () => { showHelp(); return true },
      "Alt-F10": () => { this.editor.view.dom.parentElement.querySelector(".prose-menubar button:not(.hidden)")?.focus(); return true },
      "Mod-Alt-Enter": run("leaveBlock"),
      "Mod-Alt-t": run("insertTableWithOptions"),
      "Mod-Alt-q": run("togglePullQuote"),
      "Mod-Alt-x": run("putBox", "explainer"),
      "Mod-Alt-l": run("putBox", "list"),
      "Mod-Alt-w": run("setWall"),
      "Mod-Alt-p": () => { if (knows("picture")) choosePictureFor(this.editor); return knows("picture") },
    }
  },
  addMenuItems({ menu, buttons }) {
    menu.defineItem({
      name: "shortcuts",
      groups: "utility",
      priority: 1,
      button: buttons.text("?", "Keyboard shortcuts (Ctrl+/)"),
      option: null,
      command: showHelp,
    })
  },
})
