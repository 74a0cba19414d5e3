// The number fields, buttons and messages under the map of BBoxMap.
const EDGES = [
  { name: "West", hint: "−180 to 180", unit: "degrees of longitude" },
  { name: "South", hint: "−90 to 90", unit: "degrees of latitude" },
  { name: "East", hint: "up to 540", unit: "degrees of longitude" },
  { name: "North", hint: "−90 to 90", unit: "degrees of latitude" },
];
// A kernel that does not answer for so long is busy or gone.
const PATIENCE = 1500;
const UNANSWERED =
  "Python has not taken this yet: its kernel is busy or gone. Nothing is lost; the box is taken as soon as it answers.";
// Buttons that the drawing control brings without a name.
const TOOLS = [
  ["rectangle", "Draw a box"],
  ["edit", "Move the corners of the box"],
  ["drag", "Drag the box"],
  ["delete", "Remove the box by a click on it"],
];

function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

// The edges of what was drawn last, where that is a box.
function drawnEdges(features) {
  const ring = features?.at(-1)?.geometry?.coordinates?.[0] ?? [];
  const [xs, ys] = [0, 1].map((axis) => [...new Set(ring.map((corner) => Number(corner[axis].toFixed(6))))].sort((a, b) => a - b));
  return xs.length === 2 && ys.length === 2 ? [xs[0], ys[0], xs[1], ys[1]].map(String) : null;
}

// Gives names to what stands on the map, whenever it comes.
function nameMap(container) {
  const name = () => {
    for (const map of container.querySelectorAll(".leaflet-container")) {
      map.setAttribute("role", "region");
      map.setAttribute("aria-label", "Map: arrow keys move it, plus and minus zoom");
    }
    for (const [tool, label] of TOOLS) {
      const button = container.querySelector(`.leaflet-pm-icon-${tool}`)?.closest("a");
      if (button && button.getAttribute("aria-label") !== label) {
        button.setAttribute("aria-label", label);
        button.setAttribute("role", "button");
        button.setAttribute("tabindex", "0");
      }
    }
    for (const action of container.querySelectorAll(".leaflet-pm-action:not([role])")) action.setAttribute("role", "button");
    for (const picture of container.querySelectorAll("img.leaflet-image-layer:not([alt]), img.leaflet-tile:not([alt])"))
      picture.setAttribute("alt", "");
  };
  const observer = new MutationObserver(name);
  observer.observe(container, { childList: true, subtree: true });
  name();
  return () => observer.disconnect();
}

// Pixels from which on a press of the mouse is a drag.
const DRAG = 5;

// Lets a box be drawn by dragging as well: the drawing control takes two clicks, and the map would move along.
function drawByDragging(container) {
  let start = null;
  let begun = false;
  const isDrawing = () =>
    container.querySelector(".leaflet-pm-icon-rectangle")?.closest(".button-container")?.classList.contains("active") ?? false;
  const isMap = (target) => target.closest(".leaflet-container") !== null && target.closest(".leaflet-control") === null;
  const send = (type, { clientX, clientY, target }) =>
    target.dispatchEvent(new MouseEvent(type, { bubbles: true, cancelable: true, view: window, clientX, clientY }));
  const onDown = (event) => {
    const { button, target, clientX, clientY } = event;
    start = button === 0 && isDrawing() && isMap(target) ? { target, clientX, clientY, moved: false } : null;
  };
  const onMove = (event) => {
    if (start === null || !event.isTrusted) return;
    if (!start.moved && Math.hypot(event.clientX - start.clientX, event.clientY - start.clientY) > DRAG) {
      start.moved = true;
      if (!begun) ["mousemove", "click"].forEach((type) => send(type, start));
    }
    if (!container.contains(event.target)) event.stopImmediatePropagation();
  };
  const keepMap = (event) => {
    if (start !== null) event.stopPropagation();
  };
  const onUp = () => {
    start = null;
  };
  const onClick = ({ target }) => {
    begun = !begun && isMap(target) && isDrawing();
  };
  const heard = [
    [container, "mousedown", onDown, true],
    [container, "mousemove", keepMap, false],
    [container, "click", onClick, false],
    [window, "mousemove", onMove, true],
    [window, "mouseup", onUp, true],
  ];
  heard.forEach(([target, type, listener, capture]) => target.addEventListener(type, listener, capture));
  return () => heard.forEach(([target, type, listener, capture]) => target.removeEventListener(type, listener, capture));
}

function render({ model, el }) {
  const prefix = `gdc-box-${Math.random().toString(36).slice(2)}`;
  const inputs = EDGES.map(({ name, hint, unit }, index) =>
    element("input", {
      id: `${prefix}-${index}`,
      type: "number",
      step: "any",
      placeholder: hint,
      autocomplete: "off",
      "aria-label": `${name}, ${unit}`,
      "aria-describedby": `${prefix}-message`,
    }),
  );
  const fields = EDGES.map(({ name }, index) =>
    element("span", { class: "gdc-field" }, element("label", { for: `${prefix}-${index}` }, name), inputs[index]),
  );
  const button = (action, text, title) => {
    const node = element("button", { type: "button", class: "gdc-button", title }, text);
    node.addEventListener("click", () => {
      model.send({ action });
      if (action !== "draw" && action !== "zoom") awaitAnswer();
    });
    return node;
  };
  const draw = button("draw", "Draw", "Draw a box on the map: press, drag, release or click two corners");
  const zoom = button("zoom", "Zoom to box", "Show the whole box");
  const clear = button("clear", "Clear", "Remove the box");
  const view = button("view", "Current view", "Take what the map shows");
  const whole = button("whole", "Whole extent", "Take the extent of the collection");
  const info = element("output", { class: "gdc-box-info", "aria-live": "polite" });
  const message = element("span", { id: `${prefix}-message`, role: "alert" });
  const offers = element("span", { class: "gdc-box-offers" });
  const status = element("div", { class: "gdc-box-status", role: "status" });

  el.classList.add("gdc-box-fields");
  el.setAttribute("role", "group");
  el.setAttribute("aria-label", "Area in degrees");
  el.dataset.lmSuppressShortcuts = "true";
  el.append(
    element("div", { class: "gdc-box-row" }, ...fields),
    element("div", { class: "gdc-box-row" }, draw, clear, zoom, view, whole, info),
    element("div", { class: "gdc-box-message" }, message, offers),
    status,
  );

  let timer = 0;
  const awaitAnswer = () => {
    if (!timer) timer = window.setTimeout(() => setText(status, UNANSWERED), PATIENCE);
  };
  const answeredAll = () => {
    window.clearTimeout(timer);
    timer = 0;
    setText(status, "");
  };

  // Typing goes on while an edit is on its way: until the last one is answered, the fields are the truth.
  const unsent = new Set();
  let sent = 0;
  let answered = 0;
  const commit = () => {
    if (!unsent.size) return;
    unsent.clear();
    sent += 1;
    model.send({ action: "edit", view: prefix, number: sent, values: inputs.map((input) => (input.validity.badInput ? "?" : input.value)) });
    awaitAnswer();
  };
  for (const input of inputs) {
    input.addEventListener("input", () => unsent.add(input));
    input.addEventListener("change", commit);
    input.addEventListener("keydown", (event) => event.key === "Enter" && commit());
  }
  const take = (values) => {
    inputs.forEach((input, index) => {
      input.value = values[index];
      unsent.add(input);
    });
    inputs[0].focus();
    commit();
  };

  // A field in which someone is typing is left alone.
  const showValues = () => {
    if (sent !== answered) return;
    model.get("values").forEach((text, index) => {
      if (!unsent.has(inputs[index])) inputs[index].value = text;
    });
  };
  const showOffers = () => {
    offers.replaceChildren(
      ...model.get("offers").map(({ words, values }) => {
        const node = element("button", { type: "button", class: "gdc-button" }, words);
        node.addEventListener("click", () => take(values));
        return node;
      }),
    );
  };
  const showState = () => {
    const empty = model.get("values").every((text) => text === "");
    clear.disabled = zoom.disabled = empty && !model.get("message");
    draw.setAttribute("aria-pressed", String(model.get("drawing")));
    const collection = model.get("collection");
    whole.hidden = !collection;
    whole.title = `Take the extent of ${collection}`;
    setText(info, model.get("info"));
    setText(message, model.get("message"));
    const faulty = model.get("faulty");
    inputs.forEach((input, index) => input.setAttribute("aria-invalid", String(faulty.includes(index))));
  };
  const events = "change:info change:message change:faulty change:drawing change:collection change:values";
  // Typed text stays while it is refused, so fields are rewritten on request only.
  const onMessage = ({ action }) => {
    if (sent === answered) answeredAll();
    if (action === "refresh") showValues();
  };
  const onAnswer = () => {
    const { view: asked, number, taken } = model.get("answer");
    if (asked !== prefix) return;
    answered = number;
    if (sent === answered) answeredAll();
    if (taken) showValues();
  };
  model.on("change:values", showValues);
  model.on("change:answer", onAnswer);
  model.on("change:offers", showOffers);
  model.on("msg:custom", onMessage);
  for (const event of events.split(" ")) model.on(event, showState);
  showValues();
  showOffers();
  showState();

  // What is drawn in this browser is taken, and so answered, by Python. Until then its numbers are shown, so that what
  // is typed meanwhile is about this box.
  let drawing = null;
  const onDrawn = () => {
    // The model holds this lock while it takes over what Python tells, which may be older than what was typed.
    if (drawing._state_lock) return;
    awaitAnswer();
    drawnEdges(drawing.get("data"))?.forEach((text, index) => {
      if (!unsent.has(inputs[index])) inputs[index].value = text;
    });
  };
  const undo = [() => window.clearTimeout(timer)];
  if (model.get("draw")) {
    model.widget_manager.get_model(model.get("draw")).then((control) => {
      drawing = control;
      control.on("change:data", onDrawn);
    });
    undo.push(() => drawing?.off("change:data", onDrawn));
  }
  const frame = requestAnimationFrame(() => {
    const container = el.closest(".gdc-bbox-map");
    if (container) undo.push(nameMap(container), drawByDragging(container));
  });
  return () => {
    cancelAnimationFrame(frame);
    undo.forEach((each) => each());
    model.off("change:values", showValues);
    model.off("change:answer", onAnswer);
    model.off("change:offers", showOffers);
    model.off("msg:custom", onMessage);
    for (const event of events.split(" ")) model.off(event, showState);
  };
}

export default { render };
