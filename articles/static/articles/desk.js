/* Adds comfort to the desk; every page works without it. */
"use strict"
{
  const $ = window.django?.jQuery

  // The main picture: its thumbnail follows the choice.
  for (const picker of document.querySelectorAll("[data-picker]")) {
    const input = picker.querySelector("input")
    const shown = picker.querySelector("[data-shown]")
    const remove = picker.querySelector("[data-remove]")
    const library = document.querySelector("[data-pictures]")?.dataset.pictures
    const say = (text, credit = "", thumbnail = "") => {
      const words = document.createElement("span")
      const small = document.createElement("small")
      small.textContent = credit
      words.append(text, " ", small)
      shown.replaceChildren(words)
      if (!thumbnail) return
      const image = document.createElement("img")
      image.src = thumbnail
      image.alt = ""
      shown.prepend(image)
    }
    const follow = async () => {
      remove.hidden = !input.value
      if (!input.value) return say("No picture yet.")
      const answer = await fetch(`${library}${encodeURIComponent(input.value)}/card/`)
      if (!answer.ok || answer.redirected) return say("There is no such picture.")
      const card = await answer.json()
      say(card.caption || card.alt, [card.credit, card.warning].filter(Boolean).join(". "), card.thumbnail)
    }
    picker.classList.add("picker--quick")
    // In the dialog where the editor is on the page; otherwise the links open the library as a page.
    for (const link of picker.querySelectorAll(".picker__acts a")) {
      link.addEventListener("click", async (event) => {
        if (!window.desk?.choosePicture) return
        event.preventDefault()
        event.stopImmediatePropagation()
        const card = await window.desk.choosePicture({ isNew: link.id.startsWith("add_") })
        if (!card) return
        input.value = card.id
        $(input).trigger("change")
      }, { capture: true })
    }
    remove.hidden = !input.value
    remove.addEventListener("click", () => { input.value = ""; $(input).trigger("change") })
    $(input).on("change", follow)
  }

  // Names: one more empty list when the last one is used.
  for (const field of document.querySelectorAll(".field-signed_by")) {
    field.addEventListener("change", () => {
      const rows = [...field.querySelectorAll(".ordered__row")]
      const last = rows.at(-1)
      if (!last.querySelector("select").value) return
      const row = last.cloneNode(true)
      const select = row.querySelector("select")
      select.id = `${select.id}x`
      select.setAttribute("aria-label", `Name ${rows.length + 1}`)
      select.value = ""
      last.after(row)
    })
  }

  // How much room is left in a line; what is too long is told, not cut off.
  for (const field of document.querySelectorAll("#article_form :is(input[type=text],textarea)[maxlength]")) {
    const most = Number(field.getAttribute("maxlength"))
    const said = document.createElement("span")
    said.className = "room"
    said.id = `${field.id}_room`
    said.setAttribute("role", "status")
    field.removeAttribute("maxlength")
    field.setAttribute("aria-describedby", [field.getAttribute("aria-describedby"), said.id].filter(Boolean).join(" "))
    field.after(said)
    const tell = () => {
      const left = most - [...field.value].length
      said.classList.toggle("room--none", left < 0)
      said.textContent = left < 0 ? `${-left} too many: there is room for ${most} characters.` : left <= most / 5 ? `Room for ${left} more.` : ""
    }
    field.addEventListener("input", tell)
    tell()
  }

  // The point that matters: click on the picture.
  for (const frame of document.querySelectorAll("[data-focus]")) {
    const x = document.getElementById("id_focus_x")
    const y = document.getElementById("id_focus_y")
    if (!x || !y) continue
    const dot = document.createElement("i")
    frame.append(dot)
    const show = () => {
      dot.style.left = `${x.value * 100}%`
      dot.style.top = `${y.value * 100}%`
    }
    frame.addEventListener("click", (event) => {
      const box = frame.getBoundingClientRect()
      x.value = ((event.clientX - box.left) / box.width).toFixed(2)
      y.value = ((event.clientY - box.top) / box.height).toFixed(2)
      show()
    })
    x.addEventListener("input", show)
    y.addEventListener("input", show)
    show()
  }

  // Leaving with unsaved words asks first.
  const form = document.getElementById("article_form")
  if (form) {
    let isChanged = false
    form.addEventListener("input", () => { isChanged = true })
    form.addEventListener("submit", (event) => {
      if (event.submitter?.formTarget !== "_blank") isChanged = false
    })
    window.addEventListener("beforeunload", (event) => { if (isChanged) event.preventDefault() })
  }
}
