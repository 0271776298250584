// An article read aloud by a voice of the reader's own device. Voices that send the text to somebody's server are not
// used. Only what stands on the page is read, so the wall holds here as it does for the eyes.

const LEFT_OUT = ".ref, .notes, figure, .pull-quote, .print-only, .notice";
const LONG = 220;

/** What is read, in order and in pieces short enough that stopping and going on lose little. */
function pieces(language) {
  const texts = [...document.querySelectorAll("h1, .standfirst, #text :is(p, h2, h3, td, th)")]
    .filter((one) => !one.closest(LEFT_OUT))
    .map((one) => {
      const copy = one.cloneNode(true);
      for (const part of copy.querySelectorAll(LEFT_OUT)) part.remove();
      return copy.textContent.replace(/\s+/g, " ").trim();
    })
    .filter(Boolean);
  return texts.flatMap((text) => (text.length > LONG ? sentences(text, language) : [text]));
}

function sentences(text, language) {
  if (!window.Intl?.Segmenter) return text.match(/[^.!?]+[.!?]*\s*/g) ?? [text];
  return [...new Intl.Segmenter(language, { granularity: "sentence" }).segment(text)].map((one) => one.segment.trim());
}

/** The device's own voice for a language, once the browser knows its voices; undefined where there is none. */
async function voiceFor(language) {
  const find = () => {
    const own = speechSynthesis.getVoices().filter((v) => v.localService && v.lang.toLowerCase().startsWith(language));
    return own.find((voice) => voice.default) ?? own[0];
  };
  for (let tries = 0; tries < 10 && !speechSynthesis.getVoices().length; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return find();
}

export async function start(details) {
  const parts = Object.fromEntries([...details.querySelectorAll("[data-do]")].map((el) => [el.dataset.do, el]));
  const { play, pause, stop, rate } = parts;
  const language = details.dataset.lang;
  const voice = await voiceFor(language);
  parts.voice.textContent = voice ? voice.name : details.dataset.none;
  if (!voice) return void (play.disabled = rate.disabled = true);

  const texts = pieces(language);
  let next = 0, turn = 0;

  const show = (isReading) => {
    const hadFocus = [play, pause].includes(document.activeElement);
    [play.hidden, pause.hidden] = [isReading, !isReading];
    stop.disabled = !isReading && next === 0;
    if (hadFocus) (isReading ? pause : play).focus();
  };
  const say = () => {
    const mine = ++turn;
    speechSynthesis.cancel();
    if (next >= texts.length) { next = 0; return show(false); }
    const words = new SpeechSynthesisUtterance(texts[next]);
    [words.voice, words.lang, words.rate] = [voice, voice.lang, Number(rate.value)];
    words.onend = () => { if (mine === turn) { next++; say(); } };
    words.onerror = () => { if (mine === turn) hush(); };
    speechSynthesis.speak(words);
    show(true);
  };
  const hush = () => { turn++; speechSynthesis.cancel(); show(false); };

  play.addEventListener("click", say);
  pause.addEventListener("click", hush);
  stop.addEventListener("click", () => { next = 0; hush(); play.focus(); });
  rate.addEventListener("change", () => { if (play.hidden) say(); });
  addEventListener("pagehide", hush);
}
