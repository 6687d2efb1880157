/* Choosing what the maps show: state holds sentence, kind, layer and head (a number, "mean" or "max"). */

/* The lists of layers and heads; a choice that this kind of attention does not have moves to one it has. */
function fillLayersAndHeads(state, layers, heads) {
  state.layer = Math.min(state.layer, layers - 1);
  if (!isNaN(state.head) && state.head >= heads) state.head = "mean";
  const depths = [...Array(layers).keys()].map(i => [i, i === layers - 1 ? `${i} (last)` : i]);
  fillOptions("layer", depths, state.layer);
  fillOptions("head", ["mean", "max", ...Array(heads).keys()].map(head => [head, head]), state.head);
}

/* Keep the state as the reader chooses; then call changed with the id of the list. */
function followChoices(state, changed) {
  for (const id of ["sentence", "kind", "layer", "head"])
    control(id).addEventListener("change", event => {
      state[id] = id === "sentence" || id === "layer" ? Number(event.target.value) : event.target.value;
      changed(id);
    });
}

/* A box that shows or hides the maps of one function or model. */
function addBox(parent, text, checked, changed) {
  const label = element("label", {}, parent);
  const box = element("input", { type: "checkbox" }, label);
  box.checked = checked;
  box.addEventListener("change", () => changed(box.checked));
  label.append(text);
}
