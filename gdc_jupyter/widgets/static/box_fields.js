// The number fields, buttons and message under the map of BBoxMap.
const EDGES = [
  { name: "West", hint: "−180 to 180", unit: "degrees of longitude" },
  { name: "South", hint: "−90 to 90", unit: "degrees of latitude" },
  { name: "East", hint: "up to 540", unit: "degrees of longitude" },
  { name: "North", hint: "−90 to 90", unit: "degrees of latitude" },
];

function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
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
    node.addEventListener("click", () => model.send({ action }));
    return node;
  };
  const draw = button("draw", "Draw", "Draw a box on the map: press, drag, release or click two corners");
  const zoom = button("zoom", "Zoom to box", "Show the whole box");
  const clear = button("clear", "Clear", "Remove the box");
  const whole = button("whole", "Whole extent", "Take the extent of the collection");
  const info = element("output", { class: "gdc-box-info", "aria-live": "polite" });
  const message = element("div", { id: `${prefix}-message`, class: "gdc-box-message", role: "alert" });

  el.classList.add("gdc-box-fields");
  el.setAttribute("role", "group");
  el.setAttribute("aria-label", "Area in degrees");
  el.append(
    element("div", { class: "gdc-box-row" }, ...fields),
    element("div", { class: "gdc-box-row" }, draw, clear, zoom, whole, info),
    message,
  );

  // Typing goes on while an edit is on its way: until the last one is answered, the fields are the truth.
  const unsent = new Set();
  let sent = 0;
  let answered = 0;
  const commit = () => {
    if (!unsent.size) return;
    unsent.clear();
    sent += 1;
    model.send({ action: "edit", view: prefix, number: sent, values: inputs.map((input) => (input.validity.badInput ? "?" : input.value)) });
  };
  for (const input of inputs) {
    input.addEventListener("input", () => unsent.add(input));
    input.addEventListener("change", commit);
    input.addEventListener("keydown", (event) => event.key === "Enter" && commit());
  }

  // A field in which someone is typing is left alone.
  const showValues = () => {
    if (sent !== answered) return;
    model.get("values").forEach((text, index) => {
      if (!unsent.has(inputs[index])) inputs[index].value = text;
    });
  };
  const showState = () => {
    const empty = model.get("values").every((text) => text === "");
    clear.disabled = zoom.disabled = empty && !model.get("message");
    draw.setAttribute("aria-pressed", String(model.get("drawing")));
    const collection = model.get("collection");
    whole.hidden = !collection;
    whole.title = `Take the extent of ${collection}`;
    info.textContent = model.get("info");
    message.textContent = model.get("message");
    const faulty = model.get("faulty");
    inputs.forEach((input, index) => input.setAttribute("aria-invalid", String(faulty.includes(index))));
  };
  const events = "change:info change:message change:faulty change:drawing change:collection change:values";
  // Typed text stays while it is refused, so fields are rewritten on request only.
  const onMessage = ({ action, view, number, taken }) => {
    if (action === "answer" && view === prefix) answered = number;
    if (action === "refresh" || taken) showValues();
  };
  model.on("change:values", showValues);
  model.on("msg:custom", onMessage);
  for (const event of events.split(" ")) model.on(event, showState);
  showValues();
  showState();
  return () => {
    model.off("change:values", showValues);
    model.off("msg:custom", onMessage);
    for (const event of events.split(" ")) model.off(event, showState);
  };
}

export default { render };
