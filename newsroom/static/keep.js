// The switch that lets a device keep saved articles. Nothing is stored before it is used.
const ask = (worker, what) => new Promise((resolve) => {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = ({ data }) => resolve(data);
  worker.postMessage(what, [port2]);
});

// Browsers with Trusted Types take a worker's address only from a policy that the page's own policy names.
const ours = window.trustedTypes?.createPolicy("kept-articles", {
  createScriptURL: (path) => {
    if (new URL(path, location.href).origin !== location.origin) throw new TypeError(path);
    return path;
  },
});

export async function start(section) {
  if (!navigator.serviceWorker || !window.caches) return;
  const [on, off] = [section.querySelector("[data-do=on]"), section.querySelector("[data-do=off]")];
  const say = section.querySelector("[role=status]");
  const show = (isOn, words = "") => { [on.hidden, off.hidden, say.textContent] = [isOn, !isOn, words]; };
  const kept = (count) => section.dataset.kept.replace("{count}", count);

  on.addEventListener("click", async () => {
    show(true, section.dataset.wait);
    try {
      await navigator.serviceWorker.register(ours ? ours.createScriptURL(section.dataset.worker) : section.dataset.worker);
      const { active } = await navigator.serviceWorker.ready;
      show(true, kept(await ask(active, "ask")));
      off.focus();
    } catch {
      show(false, section.dataset.failed);
    }
  });
  off.addEventListener("click", async () => {
    const registration = await navigator.serviceWorker.getRegistration();
    if (registration?.active) await ask(registration.active, "empty");
    await registration?.unregister();
    for (const name of await caches.keys()) await caches.delete(name);
    show(false);
    on.focus();
  });

  const registration = await navigator.serviceWorker.getRegistration();
  show(!!registration);
  section.hidden = false;
  if (registration?.active) show(true, kept(await ask(registration.active, "ask")));
}
