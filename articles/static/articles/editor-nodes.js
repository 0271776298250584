// What our editor knows beyond paragraphs: the wall, pull quotes and pictures of the library.
// A plain ES module; the server's half of the same list is articles/editor.py.
import { Extension, Mark, Node, Plugin, mergeAttributes, updateAttrsDialog, crel } from "django-prose-editor/editor"

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

// The admin's own popup answers by calling one of two functions of its opener.
const waiting = new Map()
let opened = 0
for (const name of ["dismissRelatedLookupPopup", "dismissAddRelatedObjectPopup"]) {
  const admins = window[name]
  window[name] = (win, id, ...rest) => {
    const chosen = waiting.get(win.name)
    if (!chosen) return admins?.(win, id, ...rest)
    waiting.delete(win.name)
    win.close()
    chosen(String(id))
  }
}

const choosePicture = () =>
  new Promise((resolve) => {
    const name = `desk_picture_${++opened}__1`
    waiting.set(name, resolve)
    window.open(`${library()}?_popup=1&_to_field=id`, name, "height=640,width=960,resizable=yes,scrollbars=yes")?.focus()
  })

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
            act("Another picture", () => choosePicture().then((picture) => change({ picture }))),
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
        credit.textContent = card?.credit || ""
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
      command: (editor) => choosePicture().then((picture) => {
        editor.chain().focus().command(({ state, tr }) => {
          insertBlock(tr, placeBelow(state.selection), state.schema.nodes.picture.create({ picture }))
          return true
        }).run()
      }),
    })
  },
})

// --- Pasting -------------------------------------------------------------------------------------

/**
 * Word processors say bold and italic in style attributes, and Google Docs puts everything into a <b> that is none.
 * Our policy forbids such attributes, so what they mean is read before the browser looks at them.
 */
function readStyles(html) {
  const quiet = html.replace(/<style[\s\S]*?<\/style>/gi, "").replace(/(<[a-z][^<>]*?\s)style\s*=/gi, "$1data-said=")
  const { body } = new DOMParser().parseFromString(quiet, "text/html")
  for (const element of body.querySelectorAll("[data-said]")) {
    const said = element.dataset.said
    delete element.dataset.said
    if (/^(B|STRONG)$/.test(element.tagName) && /font-weight:\s*(normal|400)/i.test(said)) {
      element.replaceWith(...element.childNodes)
    } else if (element.tagName === "SPAN") {
      if (/font-weight:\s*(bold|[6-9]00)/i.test(said)) wrapContent(element, "strong")
      if (/font-style:\s*italic/i.test(said)) wrapContent(element, "em")
    }
  }
  return body.innerHTML
}

function wrapContent(element, tag) {
  const around = document.createElement(tag)
  around.append(...element.childNodes)
  element.append(around)
}

export const Pasting = Extension.create({
  name: "pasting",
  addProseMirrorPlugins: () => [new Plugin({ props: { transformPastedHTML: readStyles } })],
})
