// Ctrl+Enter (Cmd+Enter) sends the entry, also from within the editor.
document.querySelector("[data-live-desk]")?.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  event.stopPropagation();
  event.currentTarget.requestSubmit();
}, { capture: true });
