/* Maps of attention: labels, a canvas of cells, and a cursor that reads them.

   A map is { kind, title, lines, queries, keys, weights, visible }: texts above it, tokens of the rows and
   columns, rows of weights, and whether the mask lets row q see column k (a function). */

const SIDES = { cross: ["target", "source"], encoder: ["source", "source"],
                decoder: ["target", "target_input"] };
const SMALLEST_CELL = 15, LARGEST_CELL = 30;

const pen = document.createElement("canvas").getContext("2d");
const cut = token => token.length > 28 ? token.slice(0, 27) + "…" : token;

function textWidth(tokens, size) {
  pen.font = `${size}px ${getComputedStyle(document.body).fontFamily}`;
  return tokens.reduce((widest, token) => Math.max(widest, pen.measureText(cut(token)).width), 0);
}

/* Sizes in pixels that fit as many maps beside each other as keep cells of the smallest side. */
function layoutMaps(maps, room) {
  const keys = Math.max(...maps.map(map => map.keys.length), 1);
  const widest = size => textWidth(maps.flatMap(map => map.queries), size) + 8;
  const tallest = size => textWidth(maps.flatMap(map => map.keys), size) * 0.71 + size;
  for (let beside = maps.length; ; beside--) {
    const share = (room - 40 * (beside - 1)) / beside;
    const cell = Math.floor(Math.min(LARGEST_CELL, (share - widest(13) - tallest(13)) / keys));
    if (cell >= SMALLEST_CELL || beside === 1) {
      const side = Math.max(cell, SMALLEST_CELL), font = Math.min(13, side * 0.78);
      return { side, font, share, left: Math.min(widest(font), room * 0.4), top: tallest(font) };
    }
  }
}

function drawRows(map, size, parent) {
  const height = size.top + map.queries.length * size.side;
  const svg = element("svg", { width: size.left, height, "aria-hidden": "true" }, parent);
  const group = element("g", { "font-size": size.font, "text-anchor": "end" }, svg);
  return map.queries.map((token, q) => {
    const y = size.top + (q + 0.5) * size.side;
    return element("text", { x: size.left - 6, y, dy: ".35em" }, group, cut(token));
  });
}

function drawColumns(map, size, width, parent) {
  const svg = element("svg", { width, height: size.top, "aria-hidden": "true" }, parent);
  const group = element("g", { "font-size": size.font }, svg);
  return map.keys.map((token, k) => {
    const x = (k + 0.5) * size.side + size.font * 0.3, y = size.top - 5;
    return element("text", { x, y, transform: `rotate(-45 ${x} ${y})` }, group, cut(token));
  });
}

function paintCells(map, size, parent) {
  const { side } = size, { zero, dot } = theme(), fine = devicePixelRatio || 1;
  const width = Math.max(map.keys.length * side, 1), height = Math.max(map.queries.length * side, 1);
  const canvas = element("canvas", { "aria-hidden": "true" }, parent);
  canvas.style.width = width + "px";
  canvas.style.height = height + "px";
  canvas.width = width * fine;
  canvas.height = height * fine;
  const brush = canvas.getContext("2d");
  brush.scale(fine, fine);
  map.weights.forEach((row, q) => row.forEach((weight, k) => {
    if (!map.visible(q, k)) return;
    brush.fillStyle = weight === 0 ? zero : rampColour(Math.sqrt(weight));
    brush.fillRect(k * side + 0.5, q * side + 0.5, side - 1, side - 1);
    if (weight !== 0) return;
    brush.fillStyle = dot;
    brush.beginPath();
    brush.arc((k + 0.5) * side, (q + 0.5) * side, side * 0.075 + 0.4, 0, 2 * Math.PI);
    brush.fill();
  }));
}

/* What stands in place of a map without rows or columns, such as that of an empty source line; else "". */
function describeEmpty({ kind, queries, keys }) {
  const sides = SIDES[kind].map(side => side.replace("_input", ""));
  const empty = [queries, keys].findIndex(tokens => !tokens.length);
  return empty < 0 ? "" : `no ${sides[empty]} words`;
}

/* Draw a map with its title and lines of text into a new figure. */
function drawMap(map, size, parent) {
  const figure = element("figure", {}, parent);
  const caption = element("figcaption", {}, figure);
  element("strong", {}, caption, map.title);
  for (const line of map.lines) element("span", {}, caption, line);
  if (describeEmpty(map)) {
    element("p", {}, figure, describeEmpty(map));
    return;
  }
  const frame = element("div", { class: "map" }, figure);
  const rows = drawRows(map, size, frame);
  const scroll = element("div", { class: "scroll" }, frame);
  const shape = `${map.queries.length} rows, ${map.keys.length} columns`;
  const cells = element("div", { class: "cells", tabindex: 0, role: "application",
    "aria-label": `Map of ${map.title}: ${shape}; arrow keys read weights` }, scroll);
  // the last label leans out to the right about as far as the highest rises
  const width = map.keys.length * size.side + size.top;
  cells.style.width = width + "px";
  const columns = drawColumns(map, size, width, cells);
  paintCells(map, size, cells);
  followCursor(map, size, cells, rows, columns, scroll);
  caption.style.maxWidth = Math.max(size.left + width, Math.min(size.share, 260)) + "px";
}

/* Draw maps in place of those that were there. */
function drawMaps(maps) {
  const parent = control("maps");
  parent.replaceChildren();
  if (!maps.length) return;
  const size = layoutMaps(maps, parent.clientWidth);
  for (const map of maps) drawMap(map, size, parent);
}

function drawLegend(kind) {
  const stops = theme().ramp.filter((_, i) => i % 15 === 0).join();
  const scale = control("scale");
  scale.firstElementChild.style.background = `linear-gradient(to right, ${stops})`;
  scale.querySelectorAll("span").forEach(span => span.remove());
  element("span", {}, scale, ">0").style.left = 0;
  for (const tick of data.ticks) element("span", {}, scale, tick).style.left = `${100 * Math.sqrt(tick)}%`;
  control("masked").hidden = kind !== "decoder";
}

/* A weight that is not 0 is known to 8 bits. */
function describeWeight({ weights, visible }, q, k) {
  const weight = weights[q][k];
  if (!visible(q, k)) return "hidden by the causal mask";
  if (weight === 0) return "exactly 0";
  return "≈ " + (weight < 1e-4 ? weight.toExponential(1) : weight.toPrecision(2));
}

function readCell(map, q, k) {
  const seen = map.weights[q].filter((_, key) => map.visible(q, key));
  const readout = control("readout");
  readout.classList.add("reads");
  readout.textContent = `${map.title}: ${map.queries[q]} → ${map.keys[k]}  `;
  element("b", {}, readout, describeWeight(map, q, k));
  readout.append(` (this row attends to ${seen.filter(weight => weight > 0).length} of ${seen.length})`);
}

/* The cell under the pointer or, with the keyboard, under the cursor. */
function followCursor(map, size, cells, rows, columns, scroll) {
  const cursor = element("div", { class: "cursor", hidden: "" }, cells);
  cursor.style.width = cursor.style.height = size.side + "px";
  let at = null;
  const move = (q, k) => {
    if (!rows.length || !columns.length) return;
    if (at) rows[at.q].classList.remove("here"), columns[at.k].classList.remove("here");
    at = { q, k };
    rows[q].classList.add("here");
    columns[k].classList.add("here");
    cursor.hidden = false;
    cursor.style.left = k * size.side + "px";
    cursor.style.top = size.top + q * size.side + "px";
    readCell(map, q, k);
  };
  // into view, and out from under the line that reads it
  const reveal = () => {
    cursor.style.scrollMarginBottom = control("readout").offsetHeight + "px";
    cursor.scrollIntoView({ block: "nearest", inline: "nearest" });
  };
  const point = event => {
    const box = cells.getBoundingClientRect();
    const k = Math.floor((event.clientX - box.left) / size.side);
    const q = Math.floor((event.clientY - box.top - size.top) / size.side);
    if (q >= 0 && k >= 0 && q < rows.length && k < columns.length) move(q, k);
  };
  cells.addEventListener("pointermove", point);
  cells.addEventListener("pointerdown", point);
  // not at the click: that may go to the line, which now lies under the finger
  cells.addEventListener("pointerup", () => { if (at) reveal(); });
  cells.addEventListener("focus", () => { if (!at && cells.matches(":focus-visible")) move(0, 0); });
  cells.addEventListener("keydown", event => {
    const { q, k } = at || { q: 0, k: 0 };
    const target = { ArrowUp: [q - 1, k], ArrowDown: [q + 1, k], ArrowLeft: [q, k - 1],
                     ArrowRight: [q, k + 1], Home: [q, 0], End: [q, columns.length - 1] }[event.key];
    if (!target || !rows.length || !columns.length) return;
    event.preventDefault();
    const within = (place, list) => Math.max(0, Math.min(list.length - 1, place));
    move(within(target[0], rows), within(target[1], columns));
    const middle = (at.k + 0.5) * size.side;
    if (middle < scroll.scrollLeft || middle > scroll.scrollLeft + scroll.clientWidth)
      scroll.scrollLeft = middle - scroll.clientWidth / 2;
    reveal();
  });
}
