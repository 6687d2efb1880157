/* Choosing a sentence, a kind, a layer and a head; the functions side by side. */

// weights are rounded to 8 bits
const PRECISION = { digits: 2, sign: "≈ " }, SMALLEST_CELL = 15;
const state = { test: Math.max(data.tests.findIndex(test => test.sentences.length), 0), sentence: 0,
                kind: "cross", layer: Infinity, head: "mean", shown: new Set(Object.keys(data.names)) };
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

/* Kinds may differ in their number of layers and heads; models may lack a kind. */
function fillShapes(models) {
  const kinds = Object.keys(KINDS).filter(kind => models.some(model => model.kinds[kind]));
  if (!kinds.includes(state.kind)) state.kind = kinds[0];
  const shapes = models.map(model => model.kinds[state.kind]).filter(Boolean);
  const [layers, heads] = ["layers", "heads"].map(unit => Math.max(...shapes.map(shape => shape[unit])));
  fillOptions("kind", kinds.map(kind => [kind, KINDS[kind]]), state.kind);
  fillLayersAndHeads(state, layers, heads);
}

function fillFunctions() {
  const field = control("functions");
  field.querySelectorAll("label").forEach(label => label.remove());
  for (const name of chosenTest().functions) {
    addBox(field, data.names[name], state.shown.has(name), on => {
      state.shown[on ? "add" : "delete"](name);
      drawViewer();
    });
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

/* The title of a function's map, the lines under it, and the map. */
function describeMap({ name, bleu, text, model }) {
  const score = bleu === null ? [] : [`sentence BLEU ${bleu.toFixed(1)}`];
  return { title: data.names[name], lines: [...score, text || "(empty)"], ...PRECISION,
           ...selectMap(model, state.kind, state.layer, state.head) };
}

function drawFunctions(sentence, models) {
  const chosen = chosenTest().functions.map((name, i) => ({ name, ...sentence.models[i], model: models[i] }))
    .filter(one => state.shown.has(one.name));
  const drawn = chosen.filter(one => {
    const held = one.model.kinds[state.kind];
    return held && state.layer < held.layers && (isNaN(state.head) || state.head < held.heads);
  });
  drawMaps(drawn.map(describeMap), SMALLEST_CELL);
  for (const one of chosen.filter(one => !drawn.includes(one)))
    element("p", {}, control("maps"), `${data.names[one.name]}: its archive does not hold this attention.`);
  if (!chosen.length) control("maps").textContent = "Choose a function.";
}

/* Unpacking takes a moment: only the last sentence that was asked for is drawn. */
async function drawViewer() {
  const test = chosenTest(), sentence = chosenSentence();
  const anywhere = data.tests.some(other => other.sentences.length);
  for (const part of ["map-note", "texts", "maps", "legend"]) control(part).hidden = !sentence;
  control("choices").hidden = !anywhere;  // the way to the other test sets
  control("readout").textContent = sentence ? "Point at a cell to read its weight."
    : anywhere ? `No attention of ${test.name} in this page.` : "No attention in this page.";
  if (!sentence) return;
  try {
    const { models } = await unpack(test.name, sentence.number);
    if (sentence !== chosenSentence()) return;
    fillShapes(models);
    drawTexts(sentence);
    drawLegend(state.kind);
    drawFunctions(sentence, models);
    control("maps").dataset.drawn = `${test.name} ${sentence.number}`;
  } catch (error) {
    control("maps").textContent = `Sentence ${sentence.number} cannot be shown: ${error.message}.`;
  }
}

function chooseTest(index) {
  state.test = index;
  state.sentence = 0;
  control("test").value = index;
  fillFunctions();
  fillSentences();
}

function openExample(event) {
  const { test, sentence } = event.currentTarget.dataset;
  control("find").value = "";
  chooseTest(data.tests.findIndex(other => other.name === test));
  state.sentence = chosenTest().sentences.findIndex(other => other.number === Number(sentence));
  control("sentence").value = state.sentence;
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
if (chosenTest()) chooseTest(state.test);
control("choices").addEventListener("submit", event => event.preventDefault());
control("test").addEventListener("change", event => {
  chooseTest(Number(event.target.value));
  drawViewer();
});
control("find").addEventListener("input", () => {
  fillSentences();
  drawViewer();
});
control("previous").addEventListener("click", () => stepSentence(-1));
control("next").addEventListener("click", () => stepSentence(1));
followChoices(state, drawViewer);
for (const button of document.querySelectorAll("button.open")) button.addEventListener("click", openExample);
keepDrawn(drawViewer);
