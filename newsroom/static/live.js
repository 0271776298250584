// Asks now and then whether a live coverage has new entries, and offers to load the page anew. It moves nothing.
const EVERY = 30_000;

export async function start(place) {
  const { new: address, after, one, many, more } = place.dataset;
  let waiting = null, every = EVERY;

  const offer = (count) => {
    const words = count === 1 ? one : count >= 50 ? more.replace("{count}", 49) : many.replace("{count}", count);
    if (place.textContent === words) return;
    const link = document.createElement("a");
    [link.href, link.className, link.textContent] = [location.pathname, "btn btn--small", words];
    place.replaceChildren(link);
  };
  const ask = async () => {
    clearTimeout(waiting);
    if (document.hidden) return;
    try {
      const answer = await fetch(`${address}?after=${encodeURIComponent(after)}`);
      if (!answer.ok) throw new Error(answer.status);
      const { count, is_running: isRunning } = await answer.json();
      if (count) offer(count);
      if (!isRunning) return;
      every = EVERY;
    } catch {
      every = Math.min(every * 2, 10 * EVERY);
    }
    waiting = setTimeout(ask, every);
  };
  document.addEventListener("visibilitychange", ask);
  waiting = setTimeout(ask, EVERY);
}
