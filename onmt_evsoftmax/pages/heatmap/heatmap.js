/* The page of `onmt_evsoftmax heatmap`: weights of three digits, pieces or words. */

const PRECISION = { digits: 3, sign: "" }, SMALLEST_CELL = 19;
const state = { ...data.view, shown: data.models.map(() => true) };
const decoded = new Map();

/* One 16-bit code for a weight, the upper bits of its 32-bit float; 0 is exactly 0. */
function decode(model, sentence, kind) {
  const key = [model, sentence, kind].join();
  if (!decoded.has(key)) {
    const bytes = atob(data.models[model].sentences[sentence][kind]);
    const bits = new Uint32Array(bytes.length / 2);
    for (let i = 0; i < bits.length; i++)
      bits[i] = (bytes.charCodeAt(2 * i) | bytes.charCodeAt(2 * i + 1) << 8) << 14;
    decoded.set(key, new Float32Array(bits.buffer));
  }
  return decoded.get(key);
}

/* A word's keys are summed, its queries are averaged. */
function mergeWords(weights, queryWords, keyWords) {
  const [queries, keys] = [queryWords, keyWords].map(words => words.length ? words[words.length - 1] + 1 : 0);
  const merged = Array.from({ length: queries }, () => new Float64Array(keys));
  const count = merged.map((_, word) => queryWords.filter(other => other === word).length);
  weights.forEach((row, q) => row.forEach((weight, k) => {
    merged[queryWords[q]][keyWords[k]] += weight / count[queryWords[q]];
  }));
  return merged;
}

function describeView() {
  const [layers, heads] = data.shapes[state.kind];
  const last = state.layer === layers - 1 ? " (last)" : "";
  const head = isNaN(state.head) ? `${state.head} of ${heads} heads` : `head ${state.head}`;
  const words = state.merge_subwords ? ", a word's columns summed, its rows averaged" : "";
  return `layer ${state.layer}${last}, ${head}${words}`;
}

/* The map of one model as it is shown now. */
function selectMap(model) {
  const sentence = data.models[model].sentences[state.sentence];
  const [rows, columns] = SIDES[state.kind].map(side => sentence[side]);
  const [queries, keys] = [rows.pieces.length, columns.pieces.length];
  const values = decode(model, state.sentence, state.kind);
  const heads = data.shapes[state.kind][1];
  const grid = fill => Array.from({ length: queries }, (_, q) =>
    Float64Array.from({ length: keys }, (_, k) => fill(q, k)));
  const merge = grid => state.merge_subwords ? mergeWords(grid, rows.word_of, columns.word_of) : grid;
  const weights = combineHeads(state.head, heads, head => {
    const start = (state.layer * heads + head) * queries * keys;
    return merge(grid((q, k) => values[start + q * keys + k]));
  });
  // a word is seen as soon as one of its pieces is
  const seen = merge(grid((q, k) => state.kind !== "decoder" || k <= q ? 1 : 0));
  const labels = state.merge_subwords ? "words" : "pieces";
  return { kind: state.kind, title: data.models[model].titles[state.kind], lines: [describeView()],
           queries: rows[labels], keys: columns[labels], weights, visible: (q, k) => seen[q][k] > 0,
           ...PRECISION };
}

function draw() {
  drawLegend(state.kind);
  const shown = [...data.models.keys()].filter(model => state.shown[model]);
  drawMaps(shown.map(selectMap), SMALLEST_CELL);
  if (!shown.length) control("maps").textContent = "Choose a model.";
}

function fillControls() {
  const first = data.models[0].sentences;
  const titles = data.numbers.map((number, i) =>
    [i, `${number}: ${first[i].source.words.join(" ") || "(no source words)"}`]);
  fillOptions("sentence", titles, state.sentence);
  fillOptions("kind", Object.keys(data.shapes).map(kind => [kind, KINDS[kind]]), state.kind);
  fillLayersAndHeads(state, ...data.shapes[state.kind]);
  control("merge").checked = state.merge_subwords;
  control("models").replaceChildren();
  if (data.models.length === 1) return;
  data.models.forEach(({ titles }, i) => addBox(control("models"), titles[state.kind], state.shown[i], on => {
    state.shown[i] = on;
    draw();
  }));
}

fillControls();
followChoices(state, id => {
  if (id === "kind") fillControls();
  draw();
});
control("merge").addEventListener("change", event => {
  state.merge_subwords = event.target.checked;
  draw();
});
keepDrawn(draw);
