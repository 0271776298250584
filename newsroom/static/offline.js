// The list on the page that stands in for all others without a network.
export async function start(section) {
  const { list, none, gone } = section.dataset;
  const told = await fetch(list, { cache: "no-store" }).then((found) => found.json()).catch(() => ({ articles: [] }));
  const rows = told.articles.map((one) => {
    const row = document.createElement("li"), about = document.createElement("span");
    about.className = "meta";
    about.textContent = one.about;
    const canBeRead = !told.is_offline || one.can_be_read;
    const headline = document.createElement(canBeRead ? "a" : "span");
    if (canBeRead) headline.href = one.path;
    [headline.textContent, headline.lang] = [one.headline, one.language];
    row.append(about, headline);
    if (!canBeRead) about.textContent += ` · ${gone}`;
    return row;
  });
  section.querySelector("ul").replaceChildren(...rows);
  section.querySelector("[role=status]").textContent = rows.length ? "" : none;
  section.hidden = false;
}
