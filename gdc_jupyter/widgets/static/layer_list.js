// The legend of a map: a row for each layer, the topmost first.
function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

// Fonts may lack such a sign.
const CORNERS = "M2 5.5V2h3.5M10.5 2H14v3.5M14 10.5V14h-3.5M5.5 14H2v-3.5";
const AGAIN = "M13 8a5 5 0 1 1-1.6-3.7M13.5 1.5v3.3h-3.3";
const CROSS = "M3.5 3.5l9 9M12.5 3.5l-9 9";

function iconButton(title, path) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  line.setAttribute("d", path);
  svg.append(line);
  return element("button", { type: "button", class: "gdc-layer-button", title }, svg);
}

function makeRow(id, model) {
  const send = (action, value) => model.send({ action, id, value });
  const visible = element("input", { type: "checkbox" });
  const name = element("span", { class: "gdc-layer-name" });
  const zoom = iconButton("Show the whole layer", CORNERS);
  const again = iconButton("Compute for what the map shows now", AGAIN);
  const remove = iconButton("Remove the layer", CROSS);
  const low = element("span", { class: "gdc-layer-low" });
  const high = element("span", { class: "gdc-layer-high" });
  const colors = element("span", { class: "gdc-layer-colors", role: "img" });
  const scale = element("div", { class: "gdc-layer-scale" }, colors, low, high);
  const opacity = element("input", { type: "range", min: "0", max: "1", step: "0.05", title: "Opacity" });
  const note = element("p", { class: "gdc-layer-note" });
  const problem = element("p", { class: "gdc-layer-problem", role: "alert" });
  const node = element(
    "li",
    { class: "gdc-layer" },
    element("div", { class: "gdc-layer-head" }, element("label", {}, visible, name), again, zoom, remove),
    scale,
    opacity,
    note,
    problem,
  );
  visible.addEventListener("change", () => send("visible", visible.checked));
  opacity.addEventListener("input", () => send("opacity", Number(opacity.value)));
  zoom.addEventListener("click", () => send("zoom"));
  again.addEventListener("click", () => send("again"));
  remove.addEventListener("click", () => send("remove"));
  const update = (row) => {
    node.dataset.loading = String(row.loading);
    node.setAttribute("aria-busy", String(row.loading));
    visible.checked = row.visible;
    name.textContent = name.title = row.name;
    zoom.hidden = !row.bounds;
    again.hidden = !row.of_view;
    again.disabled = row.loading;
    again.setAttribute("aria-label", `Compute ${row.name} for what the map shows now`);
    for (const [button, verb] of [[zoom, "Show the whole of"], [remove, "Remove"]]) button.setAttribute("aria-label", `${verb} ${row.name}`);
    opacity.setAttribute("aria-label", `Opacity of ${row.name}`);
    opacity.disabled = !row.visible;
    // A slider that someone holds is left alone.
    if (document.activeElement !== opacity) opacity.value = String(row.opacity);
    scale.hidden = row.colors.length < 2 || row.low === "";
    colors.style.background = `linear-gradient(to right, ${row.colors.join(", ")})`;
    colors.setAttribute("aria-label", `Colours from ${row.low} to ${row.high}`);
    low.textContent = row.low;
    high.textContent = row.high;
    note.textContent = row.note;
    problem.textContent = row.problem;
  };
  return { node, update };
}

// What is on the left and on the right of a border that is moved over the map.
function makeComparison(model) {
  const on = element("input", { type: "checkbox" });
  const sides = ["Left", "Right"].map((side) => element("select", { "aria-label": `${side} of the border` }));
  const choice = element("div", { class: "gdc-layer-sides" }, ...sides);
  const node = element("div", { class: "gdc-layer gdc-layer-compare" }, element("label", {}, on, "Compare two layers"), choice);
  const send = (pair) => model.send({ action: "compare", left: pair[0] ?? null, right: pair[1] ?? null });
  on.addEventListener("change", () => send(on.checked ? model.get("rows").slice(0, 2).map(({ id }) => id).reverse() : []));
  sides.forEach((select, index) =>
    select.addEventListener("change", () => {
      const pair = sides.map(({ value }) => Number(value));
      // Who chooses the layer of the other side changes the sides.
      if (pair[0] === pair[1]) pair[1 - index] = model.get("compared")[index];
      send(pair);
    }),
  );
  const show = () => {
    const rows = model.get("rows");
    const compared = model.get("compared");
    node.hidden = rows.length < 2;
    on.checked = compared.length === 2;
    choice.hidden = !on.checked;
    sides.forEach((select, index) => {
      const options = [...select.options];
      if (options.length !== rows.length || rows.some(({ id, name }, at) => options[at].value !== String(id) || options[at].text !== name))
        select.replaceChildren(...rows.map(({ id, name }) => element("option", { value: String(id) }, name)));
      if (on.checked) select.value = String(compared[index]);
    });
  };
  return { node, show };
}

function render({ model, el }) {
  const rows = new Map();
  const list = element("ul");
  el.classList.add("gdc-layers");
  el.setAttribute("role", "group");
  el.setAttribute("aria-label", "Layers");
  el.dataset.lmSuppressShortcuts = "true";
  const comparison = makeComparison(model);
  el.append(list, comparison.node);
  // The map below does not move with what is done here.
  for (const event of ["pointerdown", "mousedown", "dblclick", "wheel", "touchstart", "click"])
    el.addEventListener(event, (caught) => caught.stopPropagation());
  const show = () => {
    const wanted = model.get("rows");
    const ids = new Set(wanted.map(({ id }) => id));
    for (const [id, { node }] of rows) {
      if (ids.has(id)) continue;
      node.remove();
      rows.delete(id);
    }
    wanted.forEach((row, index) => {
      if (!rows.has(row.id)) rows.set(row.id, makeRow(row.id, model));
      const { node, update } = rows.get(row.id);
      update(row);
      if (list.children[index] !== node) list.insertBefore(node, list.children[index] ?? null);
    });
    comparison.show();
  };
  model.on("change:rows", show);
  model.on("change:compared", comparison.show);
  show();
  return () => {
    model.off("change:rows", show);
    model.off("change:compared", comparison.show);
  };
}

export default { render };
