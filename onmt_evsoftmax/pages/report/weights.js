/* Attention of a sentence: unpacked when it is looked at, and kept. */

const packed = new Map(), unpacked = new Map();
for (const script of document.querySelectorAll("script[data-sentence]"))
  packed.set(`${script.dataset.sentence} ${script.dataset.test}`, script);

/* The pieces and codes of one sentence, a promise: { source, models: [{ target, target_input, kinds }] }. */
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
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  let start = 4 + length;
  for (const model of header.models) {
    model.source = header.source;
    for (const kind in model.kinds) {
      const [layers, heads] = model.kinds[kind];
      const [queries, keys] = SIDES[kind].map(side => model[side].length);
      const size = layers * heads * queries * keys;
      model.kinds[kind] = { layers, heads, codes: bytes.subarray(start, start + size) };
      start += size;
    }
  }
  return header;
}

/* What a map shows of a model: tokens, weights and which keys the mask lets through. */
function selectMap(model, kind, layer, head) {
  const [queries, keys] = SIDES[kind].map(side => model[side]);
  const { heads, codes } = model.kinds[kind];
  const weights = combineHeads(head, heads, each => {
    const start = (layer * heads + each) * queries.length * keys.length;
    return queries.map((_, q) => keys.map((_, k) => (codes[start + q * keys.length + k] / 255) ** 2));
  });
  return { kind, queries, keys, weights, visible: (q, k) => kind !== "decoder" || k <= q };
}
