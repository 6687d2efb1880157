/* The viewer of every page: choosing a sentence, a kind, a layer and a head; the models side by side. See viewer.py. */

const state = { ...data.view, test: Math.max(data.tests.findIndex(test => test.sentences.length), 0),
                hidden: new Set() };
const chosenTest = () => data.tests[state.test];
const chosenSentence = () => chosenTest() && chosenTest().sentences[state.sentence];

/* Do the words of the search occur in a sentence, or is it the number? */
function matches(sentence, sought) {
  if (/^\d+$/.test(sought)) return sentence.number === Number(sought);
  const texts = [sentence.source, sentence.reference || "", ...sentence.models.map(model => model.text)];
  return texts.join("\n").toLowerCase().includes(sought.toLowerCase());
}

/* The sentences that the search finds; all of them while it is empty. */
function fillSentences() {
  const { sentences } = chosenTest(), sought = control("find").value.trim();
  const found = sentences.map((sentence, i) => [i, sentence])
    .filter(([i, sentence]) => !sought || matches(sentence, sought));
  control("found").textContent = sought ? `${found.length} of ${sentences.length} sentences found` : "";
  if (found.length && !found.some(([i]) => i === state.sentence)) state.sentence = found[0][0];
  const entries = found.map(([i, sentence]) =>
    [i, `${sentence.number}: ${sentence.source.slice(0, 100) || "(no source words)"}`]);
  fillOptions("sentence", entries, state.sentence);
}

/* Kinds may differ in their number of layers and heads, and models may lack one; a choice that is not there moves. */
function fillShapes(models) {
  const kinds = Object.keys(KINDS).filter(kind => models.some(model => model.kinds[kind]));
  if (!kinds.includes(state.kind)) state.kind = kinds[0];
  const shapes = models.map(model => model.kinds[state.kind]).filter(Boolean);
  const [layers, heads] = ["layers", "heads"].map(unit => Math.max(...shapes.map(shape => shape[unit])));
  state.layer = state.layer < 0 ? Math.max(state.layer + layers, 0) : Math.min(state.layer, layers - 1);
  if (!isNaN(state.head) && state.head >= heads) state.head = "mean";
  const depths = [...Array(layers).keys()].map(i => [i, i === layers - 1 ? `${i} (last)` : i]);
  fillOptions("kind", kinds.map(kind => [kind, KINDS[kind]]), state.kind);
  fillOptions("layer", depths, state.layer);
  fillOptions("head", ["mean", "max", ...Array(heads).keys()].map(head => [head, head]), state.head);
}

/* Of this kind of attention, or of any where a model lacks it. */
const titleOf = ({ titles }) => titles[state.kind] || Object.values(titles)[0];

/* A box for each model, which shows or hides its maps; made anew only where they change, lest one lose the focus. */
function fillModels() {
  const field = control("models"), { models } = chosenTest(), titles = models.map(titleOf).join("\n");
  if (field.dataset.titles === titles) return;
  field.dataset.titles = titles;
  field.hidden = models.length < 2;
  field.querySelectorAll("label").forEach(label => label.remove());
  for (const model of models) {
    const label = element("label", {}, field);
    const box = element("input", { type: "checkbox" }, label);
    box.checked = !state.hidden.has(model.key);
    box.addEventListener("change", () => {
      state.hidden[box.checked ? "delete" : "add"](model.key);
      drawViewer();
    });
    label.append(titleOf(model));
  }
}

function drawTexts(sentence) {
  const texts = control("texts");
  texts.replaceChildren();
  for (const [name, text] of [["source", sentence.source], ["reference", sentence.reference]]) {
    if (text === null) continue;
    element("dt", {}, texts, name);
    element("dd", {}, texts, text || "(empty)");
  }
}

function describeView({ layers, heads }) {
  const depth = `layer ${state.layer}${state.layer === layers - 1 ? " (last)" : ""}`;
  return isNaN(state.head) ? `${depth}, ${state.head} of ${heads} heads` : `${depth}, head ${state.head}`;
}

/* The title of a model's map, the lines under it, and the map. */
function describeMap({ title, text, bleu, unpacked }) {
  const score = bleu === null ? [] : [`sentence BLEU ${bleu.toFixed(1)}`];
  const lines = [describeView(unpacked.kinds[state.kind]), ...score, text || "(empty)"];
  return { title, lines, ...selectMap(unpacked, state) };
}

function drawModels(sentence, unpacked) {
  const chosen = chosenTest().models
    .map((model, i) => ({ key: model.key, title: titleOf(model), ...sentence.models[i], unpacked: unpacked[i] }))
    .filter(one => !state.hidden.has(one.key));
  const drawn = chosen.filter(one => {
    const held = one.unpacked.kinds[state.kind];
    return held && state.layer < held.layers && (isNaN(state.head) || state.head < held.heads);
  });
  drawMaps(drawn.map(describeMap));
  for (const one of chosen.filter(one => !drawn.includes(one)))
    element("p", {}, control("maps"), `${one.title}: its archive does not hold this attention.`);
  if (!chosen.length) control("maps").textContent = "Choose a model.";
}

/* Unpacking takes a moment: only the last sentence that was asked for is drawn. */
async function drawViewer() {
  const test = chosenTest(), sentence = chosenSentence();
  const anywhere = data.tests.some(other => other.sentences.length);
  for (const part of ["map-note", "texts", "maps", "legend", "map-details"]) control(part).hidden = !sentence;
  control("choices").hidden = !anywhere;  // the way to the other test sets
  control("readout").classList.remove("reads");
  control("readout").textContent = sentence ? "Point at a cell to read its weight."
    : anywhere ? `No attention of ${test.name} in this page.` : "No attention in this page.";
  if (!sentence) return;
  try {
    const models = await unpack(test.name, sentence.number);
    if (sentence !== chosenSentence()) return;
    fillShapes(models);
    fillModels();
    drawTexts(sentence);
    drawLegend(state.kind);
    drawModels(sentence, models);
    control("maps").dataset.drawn = `${test.name} ${sentence.number}`;
  } catch (error) {
    control("maps").textContent = `Sentence ${sentence.number} cannot be shown: ${error.message}.`;
  }
}

function chooseTest(index, sentence) {
  state.test = index;
  state.sentence = sentence;
  control("test").value = index;
  fillSentences();
}

function openExample(event) {
  const { test, sentence } = event.currentTarget.dataset;
  const index = data.tests.findIndex(other => other.name === test);
  control("find").value = "";
  chooseTest(index, data.tests[index].sentences.findIndex(other => other.number === Number(sentence)));
  drawViewer();
  control("viewer-title").focus({ preventScroll: true });
  control("viewer").scrollIntoView();
}

function stepSentence(by) {
  const list = control("sentence");
  const index = Math.max(0, Math.min(list.options.length - 1, list.selectedIndex + by));
  if (!list.options.length) return;
  list.selectedIndex = index;
  state.sentence = Number(list.value);
  drawViewer();
}

fillOptions("test", data.tests.map((test, i) => [i, test.name]), state.test);
control("test").parentElement.hidden = data.tests.length < 2;
control("merge").checked = state.merge_subwords;
if (chosenTest()) chooseTest(state.test, state.sentence);
control("choices").addEventListener("submit", event => event.preventDefault());
control("test").addEventListener("change", event => {
  chooseTest(Number(event.target.value), 0);
  drawViewer();
});
control("find").addEventListener("input", () => {
  fillSentences();
  drawViewer();
});
control("previous").addEventListener("click", () => stepSentence(-1));
control("next").addEventListener("click", () => stepSentence(1));
control("merge").addEventListener("change", event => {
  state.merge_subwords = event.target.checked;
  drawViewer();
});
for (const id of ["sentence", "kind", "layer", "head"])
  control(id).addEventListener("change", event => {
    state[id] = id === "sentence" || id === "layer" ? Number(event.target.value) : event.target.value;
    drawViewer();
  });
for (const button of document.querySelectorAll("button.open")) button.addEventListener("click", openExample);
keepDrawn(drawViewer);
