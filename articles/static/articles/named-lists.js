// Lists that are searched while typing have no name of their own (select2 in Django's admin): they get their label's.
window.django?.jQuery?.(() => {
  for (const list of document.querySelectorAll("select.admin-autocomplete")) {
    const name = document.querySelector(`label[for="${list.id}"]`)?.textContent.replace(":", "").trim()
    const made = list.parentElement.querySelectorAll("[role=combobox], [role=searchbox], [role=textbox]")
    for (const one of name ? made : []) {
      one.setAttribute("aria-label", name)
      one.removeAttribute("aria-labelledby")
    }
  }
})
