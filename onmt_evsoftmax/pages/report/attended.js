/* How much each layer and head attends to: a grid for each function and kind of attention. */

const MEASURES = {
  words: ["attended words", "Words with a weight above 0 for a token that attends."],
  positions: ["attended positions", "Pieces with a weight above 0 for a token that attends."],
  share: ["share of positions", "Attended pieces divided by those that the mask lets through."],
  entropy: ["entropy (nats)", "−Σ p log p of the weights of a token that attends."],
};

/* Black or white, whichever reads better on a colour #rrggbb. */
function inkOn(colour) {
  const [r, g, b] = [1, 3, 5].map(start => {
    const value = parseInt(colour.slice(start, start + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.179 ? "#000" : "#fff";
}

function drawGrid(parent, name, runs, values, most) {
  const figure = element("figure", { class: "grid-table" }, parent);
  const caption = element("figcaption", {}, figure, data.names[name] || name);
  element("span", { class: "spread" }, caption, runs === 1 ? " 1 seed" : ` ${runs} seeds`);
  const frame = element("div", { class: "frame", tabindex: 0, role: "region",
                                 "aria-label": `${data.names[name] || name}, layers and heads` }, figure);
  const table = element("table", {}, frame);
  const head = element("tr", {}, element("thead", {}, table));
  element("th", { scope: "col" }, head, "layer");
  values.mean[0].forEach((_, i) => element("th", { scope: "col" }, head, `head ${i}`));
  const body = element("tbody", {}, table);
  values.mean.forEach((heads, layer) => {
    const row = element("tr", {}, body);
    element("th", { scope: "row" }, row, layer);
    heads.forEach((mean, i) => {
      const colour = rampColour(most ? mean / most : 0);
      const error = values.standard_error ? ` ± ${values.standard_error[layer][i].toFixed(3)}` : "";
      element("td", { style: `background: ${colour}; color: ${inkOn(colour)}`,
                      title: `layer ${layer}, head ${i}: ${mean.toFixed(3)}${error}` }, row, mean.toFixed(2));
    });
  });
}

function drawAttended() {
  const measure = control("measure").value;
  const functions = data.attended[control("attended-test").value] || {};
  control("measure-note").textContent = MEASURES[measure][1] +
    " Mean over the tokens of the test set and over seeds. The colours of a row of grids share one scale, " +
    "from 0 to its largest value.";
  control("grids").replaceChildren();
  for (const kind in KINDS) {
    const found = Object.entries(functions).filter(([, kinds]) => kinds[kind]);
    if (!found.length) continue;
    element("h3", {}, control("grids"), KINDS[kind][0].toUpperCase() + KINDS[kind].slice(1));
    const row = element("div", { class: "kinds" }, control("grids"));
    const most = Math.max(...found.flatMap(([, kinds]) => kinds[kind][measure].mean.flat()));
    for (const [name, kinds] of found) drawGrid(row, name, kinds[kind].runs, kinds[kind][measure], most);
  }
  if (!control("grids").children.length)
    element("p", {}, control("grids"), "No run of this test set was scored with its attention archive.");
}

const attendedTests = Object.keys(data.attended);
fillOptions("attended-test", attendedTests.map(name => [name, name]), attendedTests[0]);
fillOptions("measure", Object.entries(MEASURES).map(([name, [title]]) => [name, title]), "words");
for (const id of ["attended-test", "measure"]) control(id).addEventListener("change", drawAttended);
keepDrawn(drawAttended);
