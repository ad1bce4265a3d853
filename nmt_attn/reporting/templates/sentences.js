// The table of all sentences: search, filters, sorting; rows are made when they are looked at.
(function sentences() {
  const place = document.getElementById("page-table");
  if (!place) return;
  const STEP = 50;
  const folded = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  const spelled = (output) => output.words.map(([text, spaced]) => (spaced ? " " : "") + text).join("");
  const rows = data.sentences.map((row) => {
    const known = row.outputs.flatMap((output) => output.words.map((word) => word[3]).filter((one) => one >= 0));
    return {
      ...row,
      text: folded([row.source, ...row.references, ...row.outputs.map(spelled)].join("\n")),
      length: row.source.split(/\s+/).length,
      confidence: known.length ? known.reduce((sum, one) => sum + one, 0) / known.length : 0,
      chrf: row.outputs[0].chrf,
      gain: row.outputs.length > 1 ? row.outputs[1].chrf - row.outputs[0].chrf : 0,
    };
  });
  const several = data.systems.length > 1;
  const control = (label, made) => element("label", {}, label, made);
  const select = (id, options) => {
    const made = element("select", { id });
    options.forEach(([value, text]) => made.append(element("option", { value }, text)));
    return made;
  };
  const search = element("input", { type: "search", id: "search", autocomplete: "off" });
  const tags = [...new Set(rows.flatMap((row) => row.tags))].sort();
  const tag = select("tag", [["", "all"], ...tags.map((one) => [one, one])]);
  const exact = select("exact", [["", "all"], ["yes", data.words.exact], ["no", data.words["not exact"]]]);
  const better = select("better", [["", "all"], ["second", `${data.systems[1]} is better`], ["first", `${data.systems[0]} is better`]]);
  const low = element("input", { type: "number", id: "low", min: 0, max: 100, value: 0 });
  const high = element("input", { type: "number", id: "high", min: 0, max: 100, value: 100 });
  const count = element("p", { id: "count", role: "status" });
  const body = element("tbody");
  const more = element("button", { type: "button", className: "more" });
  const headings = [["number", "line"], ["length", `${data.words.example} (by length)`], ["chrf", data.words.measure]];
  if (several) headings.push(["gain", "difference"]);
  if (rows.some((row) => row.confidence)) headings.push(["confidence", "confidence"]);
  let [key, direction, found, shown] = ["number", 1, rows, STEP];
  const heads = headings.map(([name, text]) => {
    const button = element("button", { type: "button" }, text);
    const head = element("th", { scope: "col", "aria-sort": name === key ? "ascending" : "none" }, button);
    if (name !== "length") head.classList.add("n");
    button.addEventListener("click", () => sortBy(name));
    return head;
  });
  place.append(
    element("div", { className: "controls" }, control("Search", search), control("With", tag), control(data.words.exact.replace(/^./, (one) => one.toUpperCase()), exact),
      ...(several ? [control("Compare", better)] : []), control(`${data.words.measure.split(",")[0]} from`, low), control("to", high)),
    count,
    element("div", { className: "scroll", tabIndex: 0, role: "region", "aria-label": data.words.title },
      element("table", { className: "rows" },
        element("caption", {}, data.words.title), element("thead", {}, element("tr", {}, ...heads)), body)),
    more,
  );
  for (const one of [search, low, high]) one.addEventListener("input", update);
  for (const one of [tag, exact, better]) one.addEventListener("change", update);
  more.addEventListener("click", () => { shown += STEP; draw(); });
  update();

  function sortBy(name) {
    direction = name === key ? -direction : name === "number" || name === "length" ? 1 : -1;
    key = name;
    heads.forEach((head, index) => {
      const sorted = headings[index][0] === key;
      head.setAttribute("aria-sort", sorted ? (direction > 0 ? "ascending" : "descending") : "none");
    });
    update();
  }

  function update() {
    const words = folded(search.value).split(/\s+/).filter(Boolean);
    const [least, most] = [Number(low.value || 0), Number(high.value || 100)];
    found = rows.filter((row) => words.every((word) => row.text.includes(word))
      && (!tag.value || row.tags.includes(tag.value))
      && (!exact.value || row.outputs.some((output) => output.exact) === (exact.value === "yes"))
      && (!better.value || (better.value === "second" ? row.gain > 0 : row.gain < 0))
      && row.chrf >= least && row.chrf <= most);
    if (key !== "number" || direction < 0) found.sort((a, b) => direction * (a[key] - b[key]) || a.number - b.number);
    shown = STEP;
    draw();
  }

  function draw() {
    body.replaceChildren(...found.slice(0, shown).map(line));
    count.textContent = `${found.length.toLocaleString("en")} of ${rows.length.toLocaleString("en")} ${data.words.examples}`;
    more.hidden = shown >= found.length;
    more.textContent = `Show more (${Math.max(0, found.length - shown).toLocaleString("en")} left)`;
  }

  function line(row) {
    const cell = element("td", {}, element("p", { dir: "auto", lang: data.languages[0] }, row.source));
    row.references.forEach((text) => cell.append(element("p", { className: "ref", dir: "auto", lang: data.languages[1] }, text)));
    row.outputs.forEach((output, index) => {
      const said = element("p", { dir: "auto", lang: data.languages[1] });
      if (several) said.append(element("span", { className: "who", lang: "en" }, element("bdi", {}, data.systems[index])));
      if (output.exact) said.append(element("span", { className: "exact", title: data.words.exact }, "= "));
      said.append(...output.words.flatMap(marked));
      if (!output.words.length) said.append(element("em", { lang: "en" }, "(empty)"));
      cell.append(said);
    });
    if (row.tags.length) cell.append(element("p", {}, ...row.tags.map((one) => element("span", { className: "tag" }, one))));
    const number = (text) => element("td", { className: "n" }, text);
    const chrf = row.outputs.map((output) => output.chrf.toFixed(0)).join(" / ");
    const made = element("tr", {}, number(String(row.number)), cell, number(chrf));
    if (several) made.append(number(row.gain.toFixed(0)));
    if (headings.some(([name]) => name === "confidence")) made.append(number(percent(row.confidence / 100)));
    return made;
  }

  function marked([text, spaced, right, confidence]) {
    const word = element("span", { className: right ? "w" : "w lost" }, text);
    if (confidence >= 0) {
      word.style.setProperty("--u", (1 - confidence / 100).toFixed(2));
      word.title = `${confidence} %`;
    }
    return spaced ? [" ", word] : [word];
  }
})();
