/* Learning curves: a chart for pretraining, one for training; a line for each function. */

const CHART = { height: 300, left: 58, right: 26, top: 12, bottom: 40 };

const lineColour = name => name === null ? "var(--ink)" : `var(--line-${name})`;
const lineDash = name => name === null ? "none" : data.dashes[name];
const lineName = name => name === null ? "pretraining" : data.names[name];

/* One line for each function: its seeds, and their mean at the steps that all of them have. */
function gatherLines(runs, metric) {
  const names = [...new Set(runs.map(run => run.function))];
  return names.map(name => {
    const seeds = runs.filter(run => run.function === name && run[metric].length).map(run => run[metric]);
    return { name, seeds, mean: seeds.length > 1 ? meanOf(seeds) : seeds[0] || [] };
  }).filter(line => line.seeds.length);
}

function meanOf(seeds) {
  const others = seeds.slice(1).map(points => new Map(points));
  return seeds[0].filter(([step]) => others.every(points => points.has(step))).map(([step, value]) => {
    const values = [value, ...others.map(points => points.get(step))];
    return [step, values.includes(null) ? null : values.reduce((a, b) => a + b) / values.length];
  });
}

/* Places of round numbers between two values; at powers of ten times 1, 2, 5 on a logarithmic scale. */
function roundNumbers(low, high, logarithmic) {
  if (logarithmic) {
    const found = [];
    for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++)
      for (const digit of [1, 2, 5]) found.push(digit * 10 ** power);
    const inside = found.filter(value => value >= low && value <= high);
    const wide = high / low > 1000;
    if (inside.length > 1) return wide ? inside.filter(value => Number.isInteger(Math.log10(value))) : inside;
  }
  const rough = (high - low) / 5 || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map(digit => digit * power).find(width => width >= rough);
  const found = [];
  for (let i = Math.ceil(low / step); i * step <= high + step * 1e-9; i++)
    found.push(Number((i * step).toPrecision(12)));
  return found;
}

/* Functions from steps and values to pixels. */
function scales(lines, width, logarithmic) {
  const points = lines.flatMap(line => line.seeds.flat()).filter(([, value]) => value !== null);
  const steps = points.map(([step]) => step), values = points.map(([, value]) => value);
  const least = list => list.reduce((a, b) => Math.min(a, b), Infinity);
  const most = list => list.reduce((a, b) => Math.max(a, b), -Infinity);
  const end = most(steps);
  let low = least(values), high = most(values);
  const bend = logarithmic ? Math.log : value => value, unbend = logarithmic ? Math.exp : value => value;
  const margin = 0.05 * (bend(high) - bend(low)) || 0.1;
  [low, high] = [unbend(bend(low) - margin), unbend(bend(high) + margin)];
  const inside = width - CHART.left - CHART.right, tall = CHART.height - CHART.top - CHART.bottom;
  return {
    low, high, end,
    x: step => CHART.left + inside * step / end,
    y: value => CHART.top + tall * (1 - (bend(value) - bend(low)) / (bend(high) - bend(low))),
  };
}

/* An SVG path that breaks where a value is missing. */
function pathOf(points, place) {
  let pen = "M";
  return points.map(([step, value]) => {
    if (value === null) { pen = "M"; return ""; }
    const part = `${pen}${place.x(step).toFixed(1)} ${place.y(value).toFixed(1)}`;
    pen = "L";
    return part;
  }).join("");
}

/* The values without a neighbour, which a path does not show. */
const alone = points => {
  const there = i => points[i] !== undefined && points[i][1] !== null;
  return points.filter((_, i) => there(i) && !there(i - 1) && !there(i + 1));
};

function drawAxes(svg, place, width, logarithmic) {
  const bottom = CHART.height - CHART.bottom;
  for (const value of roundNumbers(place.low, place.high, logarithmic)) {
    const y = place.y(value);
    element("line", { class: "grid", x1: CHART.left, x2: width - CHART.right, y1: y, y2: y }, svg);
    element("text", { class: "tick", x: CHART.left - 6, y, dy: ".35em", "text-anchor": "end" }, svg,
            value.toLocaleString("en"));
  }
  const steps = roundNumbers(0, place.end, false);
  for (const step of steps.filter((_, i) => width > 500 || i % 2 === 0 || steps.length < 4)) {
    const x = place.x(step);
    element("line", { class: "axis", x1: x, x2: x, y1: bottom, y2: bottom + 4 }, svg);
    const where = { class: "tick", x, y: bottom + 18, "text-anchor": "middle" };
    element("text", where, svg, step.toLocaleString("en"));
  }
  element("line", { class: "axis", x1: CHART.left, x2: width - CHART.right, y1: bottom, y2: bottom }, svg);
  element("text", { class: "tick", x: (CHART.left + width - CHART.right) / 2, y: CHART.height - 4,
                    "text-anchor": "middle" }, svg, "step");
}

function drawLines(svg, lines, place) {
  for (const { name, seeds, mean } of lines) {
    const stroke = lineColour(name);
    const dots = (points, look) => alone(points).forEach(([step, value]) =>
      element("circle", { ...look, cx: place.x(step), cy: place.y(value) }, svg));
    for (const points of seeds.length > 1 ? seeds : []) {
      element("path", { class: "seed", stroke, d: pathOf(points, place) }, svg);
      dots(points, { class: "seed", r: 2.5, fill: stroke });
    }
    const dashed = { stroke, "stroke-dasharray": lineDash(name) };
    element("path", { class: "mean", ...dashed, d: pathOf(mean, place) }, svg);
    dots(mean, { class: "mean", r: 4, fill: stroke });
  }
}

function drawKeys(figure, lines) {
  const keys = element("ul", { class: "keys" }, figure);
  for (const { name, seeds } of lines) {
    const key = element("li", {}, keys);
    const sample = element("svg", { viewBox: "0 0 30 8", "aria-hidden": "true" }, key);
    const look = { stroke: lineColour(name), "stroke-dasharray": lineDash(name) };
    element("path", { class: "mean", d: "M0 4H30", ...look }, sample);
    key.append(lineName(name) + (seeds.length > 1 ? ` (mean of ${seeds.length} seeds)` : ""));
  }
}

/* The values under the pointer or, with the keyboard, under the rule. */
function readChart(svg, lines, place, output) {
  const steps = [...new Set(lines.flatMap(line => line.mean.map(([step]) => step)))].sort((a, b) => a - b);
  const ends = { y1: CHART.top, y2: CHART.height - CHART.bottom };
  const rule = element("line", { class: "rule", visibility: "hidden", ...ends }, svg);
  let at = -1;
  const move = index => {
    at = Math.max(0, Math.min(steps.length - 1, index));
    for (const end of ["x1", "x2"]) rule.setAttribute(end, place.x(steps[at]));
    rule.setAttribute("visibility", "visible");
    const values = lines.map(line => [lineName(line.name), line.mean.find(([step]) => step === steps[at])]);
    const texts = values.filter(([, found]) => found).map(([name, [, value]]) =>
      `${name} ${value === null ? "not a number" : Number(value.toPrecision(5))}`);
    output.textContent = `Step ${steps[at].toLocaleString("en")}: ${texts.join(", ")}`;
  };
  const point = event => {
    const x = event.clientX - svg.getBoundingClientRect().left;
    const distance = step => Math.abs(place.x(step) - x);
    const nearest = (best, step, i) => distance(step) < distance(steps[best]) ? i : best;
    if (steps.length) move(steps.reduce(nearest, 0));
  };
  svg.addEventListener("pointermove", point);
  svg.addEventListener("pointerdown", point);
  svg.addEventListener("focus", () => { if (at < 0 && svg.matches(":focus-visible")) move(0); });
  svg.addEventListener("keydown", event => {
    const target = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: steps.length - 1 }[event.key];
    if (target === undefined || !steps.length) return;
    event.preventDefault();
    move(target);
  });
}

/* The frame of a chart; its lines are drawn once all frames are there and have their widths. */
function addChart(title, runs, metric) {
  const lines = gatherLines(runs, metric);
  if (!lines.some(line => line.mean.some(([, value]) => value !== null))) return;
  const logarithmic = metric.endsWith("perplexity");
  const what = `${title}: ${data.curves.metrics[metric]}`;
  const figure = element("figure", { class: "chart" }, control("charts"));
  element("figcaption", {}, figure, logarithmic ? `${what}, logarithmic scale` : what);
  if (lines[0].name !== null) drawKeys(figure, lines);
  const svg = element("svg", { height: CHART.height, tabindex: 0, role: "application",
    "aria-label": `${what} over steps; left and right arrow keys read the values` }, figure);
  const output = element("output", { "aria-live": "polite" }, figure);
  return () => {
    const width = Math.max(figure.clientWidth, 240);
    svg.setAttribute("viewBox", `0 0 ${width} ${CHART.height}`);
    const place = scales(lines, width, logarithmic);
    drawAxes(svg, place, width, logarithmic);
    drawLines(svg, lines, place);
    readChart(svg, lines, place, output);
  };
}

function drawCharts() {
  const { pretrain, train } = data.curves, metric = control("metric").value;
  control("charts").replaceChildren();
  const charts = [addChart("Training", train, metric), addChart("Pretraining", pretrain, metric)];
  charts.filter(Boolean).forEach(draw => draw());
  if (!control("charts").children.length)
    element("p", {}, control("charts"), "No log of a training in the folder says this.");
}

fillOptions("metric", Object.entries(data.curves.metrics), "valid_perplexity");
control("metric").addEventListener("change", drawCharts);
keepDrawn(drawCharts);
