// The front desk: cards go to their place by mouse, or follow the list in them. Without this the lists alone do it.
(() => {
  const desk = document.querySelector("[data-front-desk]");
  const said = desk?.querySelector("[data-said]");
  if (!said) return;
  const pool = desk.querySelector("[data-pool]");
  const cardOf = (article) => desk.querySelector(`article[data-article="${CSS.escape(article)}"]`);
  const listOf = (card) => card.querySelector("select");
  const spotOf = (value) => value && desk.querySelector(`li[data-place="${CSS.escape(value)}"]`);
  const cardIn = (spot) => spot.querySelector("article");
  const nameOf = (card) => card.querySelector("h3").textContent.trim();
  const labelOf = (card) => listOf(card).selectedOptions[0].textContent;
  const mayStand = (card, value) => [...listOf(card).options].some((option) => option.value === value);

  function lay(card, value) {
    listOf(card).value = value;
    const spot = spotOf(value);
    if (spot) spot.querySelector(".front-number").after(card);
    else pool.prepend(card);
  }

  // Whatever stood there moves down by one, up to the first gap; the last one goes back to the articles.
  function makeRoom(spot) {
    const card = cardIn(spot);
    if (!card) return;
    const next = spot.nextElementSibling;
    if (next && mayStand(card, next.dataset.place)) {
      makeRoom(next);
      lay(card, next.dataset.place);
    } else lay(card, "");
  }

  function put(card, value) {
    if (!mayStand(card, value)) {
      tell(`“${nameOf(card)}” cannot stand there.`);
      listOf(card).value = card.closest("li")?.dataset.place ?? "";
      return;
    }
    const focused = document.activeElement;
    const from = card.closest("li");
    const spot = spotOf(value);
    const other = spot && spot !== from && cardIn(spot);
    pool.prepend(card);
    // Within a strip the two change places.
    if (other && from?.parentElement === spot.parentElement) lay(other, from.dataset.place);
    else if (other) makeRoom(spot);
    lay(card, value);
    focused?.focus({ preventScroll: true });
    tell(value ? `“${nameOf(card)}” stands at ${labelOf(card)}.` : `“${nameOf(card)}” is left to the rule.`);
    desk.classList.add("is-changed");
  }

  function tell(words) {
    said.textContent = words;
    said.classList.remove("vh");
  }

  // Arrow keys walk through a closed list and say "change" at every step: what is meant is known when it is left.
  let walked = null;
  const settle = () => {
    const list = walked;
    walked = null;
    if (list) put(list.closest("article"), list.value);
  };
  desk.addEventListener("keydown", (event) => {
    if (!event.target.matches("article select")) return;
    if (event.key === "Enter") {
      event.preventDefault();
      settle();
    } else if (event.key !== "Tab" && event.key !== "Shift") walked = walked ?? (event.key.length === 1 || event.key.startsWith("Arrow") || event.key === "Home" || event.key === "End" ? event.target : null);
  });
  desk.addEventListener("change", (event) => {
    if (event.target.matches("article select") && event.target !== walked) put(event.target.closest("article"), event.target.value);
  });
  desk.addEventListener("focusout", (event) => {
    if (event.target === walked) settle();
  });

  let dragged = null;
  desk.addEventListener("dragstart", (event) => {
    const source = event.target.closest?.("[data-article]");
    dragged = source && cardOf(source.dataset.article);
    if (!dragged) return;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", nameOf(dragged));
    for (const spot of desk.querySelectorAll("li[data-place]"))
      spot.classList.toggle("is-open", mayStand(dragged, spot.dataset.place));
  });
  desk.addEventListener("dragover", (event) => {
    const target = event.target.closest?.("[data-place]");
    for (const one of desk.querySelectorAll(".is-over")) if (one !== target) one.classList.remove("is-over");
    if (!dragged || !target || !mayStand(dragged, target.dataset.place)) return;
    event.preventDefault();
    target.classList.add("is-over");
  });
  desk.addEventListener("drop", (event) => {
    const target = event.target.closest?.("[data-place]");
    if (!dragged || !target) return;
    event.preventDefault();
    put(dragged, target.dataset.place);
  });
  desk.addEventListener("dragend", () => {
    dragged = null;
    for (const one of desk.querySelectorAll(".is-open, .is-over")) one.classList.remove("is-open", "is-over");
  });
  addEventListener("beforeunload", (event) => {
    if (desk.classList.contains("is-changed")) event.preventDefault();
  });
  desk.addEventListener("submit", (event) => {
    if (!event.submitter?.formTarget) desk.classList.remove("is-changed");
  });
})();
