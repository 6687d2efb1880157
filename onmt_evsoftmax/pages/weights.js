/* Attention of a sentence: unpacked when it is looked at, and kept. See weights.py. */

const packed = new Map(), unpacked = new Map();
for (const script of document.querySelectorAll("script[data-sentence]"))
  packed.set(`${script.dataset.sentence} ${script.dataset.test}`, script);

/* The tokens and codes of one sentence, a promise: a list of models { source, target, target_input, kinds }. */
function unpack(test, number) {
  const key = `${number} ${test}`;
  if (!unpacked.has(key)) unpacked.set(key, inflate(packed.get(key).textContent).then(split));
  return unpacked.get(key);
}

async function inflate(code) {
  if (typeof DecompressionStream === "undefined")
    throw new Error("this browser cannot unpack the weights; use one from 2023 or later");
  const bytes = Uint8Array.from(atob(code), character => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/* The header's length, the header, and one byte for each weight, model by model, kind by kind. */
function split(bytes) {
  const length = new DataView(bytes.buffer).getUint32(0, true);
  const models = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  let start = 4 + length;
  for (const model of models) {
    for (const kind in model.kinds) {
      const [layers, heads] = model.kinds[kind];
      const [queries, keys] = SIDES[kind].map(side => model[side].pieces.length);
      const size = layers * heads * queries * keys;
      model.kinds[kind] = { layers, heads, codes: bytes.subarray(start, start + size) };
      start += size;
    }
  }
  return models;
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

/* One grid of weights from those of the chosen heads: of a number, or of all for "mean" and "max". */
function combineHeads(head, heads, gridOf) {
  const grids = (isNaN(head) ? [...Array(heads).keys()] : [Number(head)]).map(gridOf);
  const together = head === "max" ? values => Math.max(...values)
                                  : values => values.reduce((a, b) => a + b) / values.length;
  return grids[0].map((row, q) => row.map((_, k) => together(grids.map(grid => grid[q][k]))));
}

/* What a map shows of a model: tokens, weights and which keys the mask lets through. */
function selectMap(model, { kind, layer, head, merge_subwords }) {
  const [rows, columns] = SIDES[kind].map(side => model[side]);
  const [queries, keys] = [rows.pieces.length, columns.pieces.length];
  const { heads, codes } = model.kinds[kind];
  const grid = fill => Array.from({ length: queries }, (_, q) =>
    Float64Array.from({ length: keys }, (_, k) => fill(q, k)));
  const merge = grid => merge_subwords ? mergeWords(grid, rows.word_of, columns.word_of) : grid;
  const weights = combineHeads(head, heads, each => {
    const start = (layer * heads + each) * queries * keys;
    return merge(grid((q, k) => (codes[start + q * keys + k] / 255) ** 2));
  });
  // a word is seen as soon as one of its pieces is
  const seen = merge(grid((q, k) => kind !== "decoder" || k <= q ? 1 : 0));
  const labels = merge_subwords ? "words" : "pieces";
  return { kind, queries: rows[labels], keys: columns[labels], weights, visible: (q, k) => seen[q][k] > 0 };
}
