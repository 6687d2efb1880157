/* What the pages share: their data, elements, colours, drop-down lists, and when to draw again. */

const data = JSON.parse(document.getElementById("data").textContent);
const dark = matchMedia("(prefers-color-scheme: dark)");
const SVG = document.getElementById("empty").content.firstChild.namespaceURI;
const SVG_NAMES = ["svg", "g", "line", "path", "circle", "text"];
const KINDS = { cross: "translation to source", encoder: "source to source (encoder)",
                decoder: "translation to itself (decoder)" };
const control = id => document.getElementById(id);
const theme = () => data.themes[dark.matches ? "dark" : "light"];

function element(name, attributes = {}, parent = null, text = null) {
  const made = SVG_NAMES.includes(name) ? document.createElementNS(SVG, name) : document.createElement(name);
  for (const key in attributes) made.setAttribute(key, attributes[key]);
  if (text !== null) made.textContent = text;
  if (parent) parent.append(made);
  return made;
}

/* Colour of a place from 0 to 1 on the ramp. */
function rampColour(place) {
  const { ramp } = theme();
  return ramp[Math.round(Math.min(Math.max(place, 0), 1) * (ramp.length - 1))];
}

/* Fill a list with [value, text] entries; keep the choice where it is still there. */
function fillOptions(id, entries, chosen) {
  const list = control(id);
  list.replaceChildren(...entries.map(([value, text]) => new Option(text, value)));
  list.value = chosen;
}

const redraws = [];

/* Draw now, and again when the width or the colours change. */
function keepDrawn(draw) {
  redraws.push(draw);
  draw();
}

const redraw = () => redraws.forEach(draw => draw());
dark.addEventListener("change", redraw);
// a phone also reports a new height whenever its address bar hides
let drawnWidth = innerWidth;
addEventListener("resize", () => {
  if (innerWidth !== drawnWidth) redraw();
  drawnWidth = innerWidth;
});
