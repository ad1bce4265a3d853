// The attention of one sentence as a grid, and the tree of its search.
(function attention() {
  const place = document.getElementById("page-maps");
  if (!place) return;
  const choice = element("select", { id: "map-choice" });
  data.attention.forEach((map, index) => {
    const words = map.source.slice(0, -1).join("").trim();
    choice.append(element("option", { value: String(index) }, `${map.why}: line ${map.number}, ${words}`));
  });
  const info = element("p", { className: "info", "aria-live": "polite" });
  const grid = element("div", { className: "scroll" });
  const tree = element("div", { className: "tree", tabIndex: 0, role: "region", "aria-label": "Tree of the search" });
  const treeTitle = element("h3", {}, "The search");
  const treeNote = element("p", {}, "Every hypothesis that the beam followed, with the probability of each piece. "
    + "Bold: what won. Struck out: given up.");
  place.append(
    element("div", { className: "controls" }, element("label", {}, data.words.example.replace(/^./, (one) => one.toUpperCase()), choice)),
    info, grid, treeTitle, treeNote, tree,
  );
  choice.addEventListener("change", () => show(data.attention[Number(choice.value)]));
  show(data.attention[0]);

  function show(map) {
    info.textContent = map.weights.length ? "Choose a cell." : "This model has no attention.";
    grid.replaceChildren(map.weights.length ? heat(map) : confidences(map));
    const withTree = map.tree.length > 0;
    for (const part of [treeTitle, treeNote, tree]) part.hidden = !withTree;
    tree.replaceChildren(withTree ? branches(map, -1) : "");
  }

  function label(piece, language) {
    return element("bdi", { lang: language }, piece.trim() === "" ? piece.replace(/ /g, "␣") : piece.trim());
  }

  function heat(map) {
    const table = element("table", { className: "heat", role: "grid", "aria-label": "Attention" });
    const head = element("tr", { role: "row" }, element("td", { role: "presentation", className: "sure" }), element("td", { role: "presentation", className: "sure" }));
    map.source.forEach((piece) => head.append(element("th", { scope: "col", role: "columnheader" }, label(piece, data.languages[0]))));
    const body = element("tbody");
    const cells = map.weights.map((row, y) => {
      const line = element("tr", { role: "row" }, element("th", { scope: "row", role: "rowheader" }, label(map.target[y], data.languages[1])));
      line.append(element("td", { className: "sure", role: "presentation" }, map.confidence.length ? percent(map.confidence[y]) : ""));
      const made = row.map((weight, x) => {
        const said = `${map.target[y].trim()}${data.words.looked} ${map.source[x].trim()} ${percent(weight)}`;
        return element("td", { role: "gridcell", tabIndex: -1, "aria-label": said, style: `--a:${weight}` });
      });
      line.append(...made);
      body.append(line);
      return made;
    });
    table.append(element("thead", {}, head), body);
    let [atY, atX] = [0, 0];
    cells[0][0].tabIndex = 0;

    function go(y, x, focus) {
      cells[atY][atX].tabIndex = -1;
      [atY, atX] = [Math.max(0, Math.min(cells.length - 1, y)), Math.max(0, Math.min(cells[0].length - 1, x))];
      cells[atY][atX].tabIndex = 0;
      if (focus) cells[atY][atX].focus();
      table.querySelectorAll(".on").forEach((one) => one.classList.remove("on"));
      for (const one of [cells[atY][atX], head.children[atX + 2], body.children[atY].children[0]]) one.classList.add("on");
      info.textContent = sentence(map, atY);
    }
    cells.forEach((row, y) => row.forEach((cell, x) => {
      cell.addEventListener("mouseenter", () => go(y, x, false));
      cell.addEventListener("focus", () => go(y, x, false));
      cell.addEventListener("click", () => go(y, x, true));
    }));
    const steps = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
    table.addEventListener("keydown", (event) => {
      const last = cells[0].length - 1;
      const step = { Home: [0, -atX], End: [0, last - atX], ...steps }[event.key];
      if (!step) return;
      event.preventDefault();
      go(atY + step[0], atX + step[1], true);
    });
    return table;
  }

  function sentence(map, y) {
    const ranked = map.weights[y].map((weight, x) => [weight, map.source[x].trim() || "␣"]).sort((a, b) => b[0] - a[0]);
    const most = ranked.slice(0, 4).filter(([weight], n) => n === 0 || weight >= 0.05);
    const looked = most.map(([weight, piece]) => `‘${piece}’ ${percent(weight)}`).join(", ");
    const sure = map.confidence.length ? ` Its probability was ${percent(map.confidence[y])}.` : "";
    return `‘${map.target[y].trim() || "␣"}’${data.words.looked} ${looked}.${sure}`;
  }

  function confidences(map) {
    const row = element("p", { dir: "auto" });
    map.target.forEach((piece, y) => {
      const sure = map.confidence.length ? map.confidence[y] : 1;
      row.append(element("span", { className: "w", style: `--u:${(1 - sure).toFixed(2)}`, title: percent(sure) }, piece));
    });
    return row;
  }

  function branches(map, parent) {
    const list = element("ul");
    map.children[parent].forEach((first) => {
      const line = element("li");
      let node = first;
      for (;;) {
        const { text, probability, state } = map.tree[node];
        line.append(element("span", { className: state, dir: "auto" }, text === "" ? "⏎" : text), element("small", {}, percent(probability)));
        const next = map.children[node] || [];
        if (next.length !== 1) {
          if (next.length) line.append(branches(map, node));
          break;
        }
        [node] = next;
      }
      list.append(line);
    });
    return list;
  }
})();
