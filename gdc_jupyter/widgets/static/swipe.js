// The border between two layers of a map: a slider for the mouse, for fingers and for the keyboard.
const STEPS = {
  ArrowLeft: -0.02,
  ArrowDown: -0.02,
  ArrowRight: 0.02,
  ArrowUp: 0.02,
  PageDown: -0.1,
  PageUp: 0.1,
  Home: -1,
  End: 1,
};

function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

// The Leaflet layers of a model that are on a map.
async function layersOf(model, id, container) {
  const layer = await model.widget_manager.get_model(id);
  const views = await Promise.all(Object.values(layer.views ?? {}));
  return views.map(({ obj }) => obj).filter((obj) => obj?._map?.getContainer() === container);
}

const nodeOf = (layer) => layer.getContainer?.() ?? layer.getElement?.();

function clip(layer, map, from, to) {
  const node = nodeOf(layer);
  if (!node) return;
  const size = map.getSize();
  const corner = map.containerPointToLayerPoint([0, 0]);
  // Pictures stand at their own place of the pane, tiles in a box at its origin.
  const own = node._leaflet_pos ?? { x: 0, y: 0 };
  const [left, right] = [from, to].map((share) => `${corner.x + share * size.x - own.x}px`);
  const [top, bottom] = [corner.y - own.y, corner.y + size.y - own.y].map((edge) => `${edge}px`);
  node.style.clipPath = `polygon(${left} ${top}, ${right} ${top}, ${right} ${bottom}, ${left} ${bottom})`;
}

function render({ model, el }) {
  const names = [element("span", { class: "gdc-swipe-name" }), element("span", { class: "gdc-swipe-name" })];
  const handle = element("div", {
    class: "gdc-swipe-handle",
    role: "slider",
    tabindex: "0",
    "aria-orientation": "horizontal",
    "aria-valuemin": "0",
    "aria-valuemax": "100",
  });
  const bar = element("div", { class: "gdc-swipe" }, ...names, handle);
  bar.dataset.lmSuppressShortcuts = "true";
  let container = null;
  let map = null;
  let pair = [];
  let position = model.get("position");
  let later = 0;

  const show = () => {
    const share = Math.round(position * 100);
    const [left, right] = model.get("names");
    bar.style.left = `${position * 100}%`;
    handle.setAttribute("aria-valuenow", String(share));
    handle.setAttribute("aria-valuetext", `${left} on ${share} % of the map, ${right} on ${100 - share} %`);
    handle.setAttribute("aria-label", `Border between ${left} and ${right}`);
    names[0].textContent = left;
    names[1].textContent = right;
    if (map) pair.forEach((layers, side) => layers.forEach((layer) => clip(layer, map, side ? position : 0, side ? 1 : position)));
  };
  const moveTo = (share) => {
    position = Math.min(Math.max(share, 0), 1);
    show();
    window.clearTimeout(later);
    later = window.setTimeout(() => {
      model.set("position", position);
      model.save_changes();
    }, 100);
  };
  const shareAt = (x) => {
    const { left, width } = container.getBoundingClientRect();
    return (x - left) / width;
  };
  handle.addEventListener("pointerdown", (event) => {
    handle.setPointerCapture(event.pointerId);
    handle.focus();
    event.preventDefault();
  });
  handle.addEventListener("pointermove", (event) => handle.hasPointerCapture(event.pointerId) && moveTo(shareAt(event.clientX)));
  handle.addEventListener("keydown", (event) => {
    const step = STEPS[event.key];
    if (step === undefined) return;
    event.preventDefault();
    moveTo(position + step);
  });
  // The map below does not move with what is done here.
  for (const event of ["pointerdown", "mousedown", "dblclick", "wheel", "touchstart", "click", "keydown"])
    bar.addEventListener(event, (caught) => caught.stopPropagation());

  const unclip = () => {
    for (const layer of pair.flat()) {
      const node = nodeOf(layer);
      if (node) node.style.clipPath = "";
    }
  };
  const events = "move zoom zoomend viewreset resize layeradd";
  const find = async () => {
    if (!container) return;
    const found = await Promise.all(["left", "right"].map((side) => layersOf(model, model.get(side), container)));
    unclip();
    pair = found;
    const first = pair.flat()[0];
    if (first && !map) {
      map = first._map;
      map.on(events, show);
    }
    show();
    if (!pair.every((layers) => layers.length)) again = requestAnimationFrame(find);
  };
  // The control is put into its map after it was made.
  const attach = () => {
    container = el.closest(".leaflet-container");
    if (!container) {
      again = requestAnimationFrame(attach);
      return;
    }
    container.append(bar);
    find();
  };
  let again = requestAnimationFrame(attach);
  const onPosition = () => {
    position = model.get("position");
    show();
  };
  el.hidden = true;
  model.on("change:position", onPosition);
  model.on("change:names", show);
  model.on("change:left change:right", find);
  return () => {
    cancelAnimationFrame(again);
    window.clearTimeout(later);
    map?.off(events, show);
    unclip();
    bar.remove();
    container = null;
    model.off("change:position", onPosition);
    model.off("change:names", show);
    model.off("change:left change:right", find);
  };
}

export default { render };
