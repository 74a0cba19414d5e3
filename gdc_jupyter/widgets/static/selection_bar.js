// Places to go to, the size of the selection, and the menu of what it is copied as.
function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

// A search field with the names of the places; the browser filters them as one types.
function placeField(model, prefix, say) {
  const input = element("input", {
    id: `${prefix}-place`,
    type: "text",
    list: `${prefix}-places`,
    autocomplete: "off",
    placeholder: "Country, region, sea, …",
  });
  const list = element("datalist", { id: `${prefix}-places` });
  const names = new Map();
  for (const [name, kind] of model.get("places")) {
    list.append(element("option", { value: name, label: kind }));
    names.set(name.toLocaleLowerCase(), name);
  }
  let last = "";
  const go = (text) => {
    if (!text.trim() || text === last) return;
    last = text;
    model.send({ action: "place", text });
  };
  input.addEventListener("input", (event) => {
    last = "";
    // A name that was picked from the list, and not one that is the beginning of what is being typed.
    const typing = /^(insert(?!Replacement)|delete|history)/.test(event.inputType ?? "");
    if (!typing && names.has(input.value.toLocaleLowerCase())) go(input.value);
  });
  input.addEventListener("change", () => names.has(input.value.toLocaleLowerCase()) && go(input.value));
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter") go(input.value);
    else if (event.key === "Escape") {
      input.value = last = "";
      input.setAttribute("aria-invalid", "false");
      say("");
    }
  });
  const onMessage = ({ action, found, message }) => {
    if (action !== "place") return;
    if (found && last) input.value = last = found;
    input.setAttribute("aria-invalid", String(!found));
    say(message, !found);
  };
  const node = element(
    "span",
    { class: "gdc-field gdc-place" },
    element("label", { for: input.id }, "Place"),
    input,
    list,
  );
  return { node, onMessage };
}

// A button with a menu, used by the arrow keys as menus are.
function copyMenu(model, prefix, copy) {
  const button = element(
    "button",
    { type: "button", class: "gdc-button", "aria-haspopup": "menu", "aria-expanded": "false", "aria-controls": `${prefix}-menu` },
    "Copy as",
  );
  const menu = element("div", { id: `${prefix}-menu`, class: "gdc-copy-menu", role: "menu", "aria-label": "Copy the selection as" });
  menu.hidden = true;
  const node = element("span", { class: "gdc-copy" }, button, menu);
  const items = () => [...menu.children];
  const close = (back = true) => {
    menu.hidden = true;
    button.setAttribute("aria-expanded", "false");
    if (back) button.focus();
  };
  const open = (index = 0) => {
    menu.hidden = false;
    button.setAttribute("aria-expanded", "true");
    items().at(index)?.focus();
  };
  const show = () => {
    const copies = model.get("copies");
    button.disabled = !copies.length;
    button.title = copies.length ? "Copy the selection as code or as an address" : "Choose a box or a collection first";
    const focused = items().indexOf(document.activeElement);
    menu.replaceChildren(
      ...copies.map(({ kind, words }) => {
        const item = element("button", { type: "button", role: "menuitem", tabindex: "-1", "data-kind": kind }, words);
        item.addEventListener("click", () => {
          close();
          copy(kind);
        });
        return item;
      }),
    );
    if (focused >= 0) items().at(Math.min(focused, copies.length - 1))?.focus();
    if (!copies.length && !menu.hidden) close(false);
  };
  button.addEventListener("click", () => (menu.hidden ? open() : close()));
  button.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    open(event.key === "ArrowDown" ? 0 : -1);
  });
  menu.addEventListener("keydown", (event) => {
    const all = items();
    const at = all.indexOf(document.activeElement);
    const next = { ArrowDown: at + 1, ArrowUp: at - 1 + all.length, Home: 0, End: all.length - 1 }[event.key];
    if (next !== undefined) all[next % all.length].focus();
    else if (event.key === "Escape") close();
    else if (event.key === "Tab") close(false);
    else if (event.key.length === 1 && event.key !== " ") {
      const begins = (item) => item.textContent.toLowerCase().startsWith(event.key.toLowerCase());
      [...all.slice(at + 1), ...all].find(begins)?.focus();
    } else return;
    if (event.key !== "Tab") event.preventDefault();
  });
  node.addEventListener("focusout", ({ relatedTarget }) => {
    if (!menu.hidden && relatedTarget && !node.contains(relatedTarget)) close(false);
  });
  const outside = (event) => !menu.hidden && !event.composedPath().includes(node) && close(false);
  document.addEventListener("pointerdown", outside);
  return { node, show, stop: () => document.removeEventListener("pointerdown", outside) };
}

function render({ model, el }) {
  const prefix = `gdc-bar-${Math.random().toString(36).slice(2)}`;
  const size = element("output", { class: "gdc-bar-size", "aria-live": "polite" });
  const status = element("span", { class: "gdc-bar-status", role: "status" });
  const text = element("textarea", { id: `${prefix}-text`, readonly: "", rows: "4", spellcheck: "false", "aria-label": "Text to copy" });
  const done = element("button", { type: "button", class: "gdc-button" }, "Close");
  const fallback = element("div", { class: "gdc-copy-text" }, text, done);
  fallback.hidden = true;

  const say = (message, wrong = false) => {
    status.dataset.wrong = String(wrong);
    setText(status, message);
  };
  const wordsOf = (kind) => model.get("copies").find((each) => each.kind === kind)?.words ?? "It";
  const toClipboard = async (kind, content) => {
    try {
      await navigator.clipboard.writeText(content);
      fallback.hidden = true;
      say(`Copied: ${wordsOf(kind)}.`);
    } catch {
      // Browsers keep the clipboard from pages without encryption, and from those that were not just used.
      text.value = content;
      fallback.hidden = false;
      text.focus();
      text.select();
      say("The browser does not let this page copy. The text is selected: copy it by Ctrl+C or Cmd+C.");
    }
  };
  let waiting = 0;
  const copy = (kind) => {
    const content = model.get("copies").find((each) => each.kind === kind)?.text;
    if (content) return toClipboard(kind, content);
    say("Asking the server …");
    window.clearTimeout(waiting);
    waiting = window.setTimeout(() => say("There is no answer yet: Python is busy, or the server is slow."), 8000);
    return model.send({ action: "copy", kind, view: prefix });
  };
  const closeText = () => {
    fallback.hidden = true;
    say("");
    menu.node.querySelector("button").focus();
  };
  done.addEventListener("click", closeText);
  fallback.addEventListener("keydown", (event) => event.key === "Escape" && closeText());

  const place = placeField(model, prefix, say);
  const menu = copyMenu(model, prefix, copy);
  el.classList.add("gdc-selection-bar");
  el.setAttribute("role", "group");
  el.setAttribute("aria-label", "Place and selection");
  el.dataset.lmSuppressShortcuts = "true";
  el.append(element("div", { class: "gdc-box-row" }, place.node, menu.node, size), status, fallback);

  const showSize = () => {
    const collection = model.get("collection");
    const told = model.get("size");
    setText(size, [collection && told ? `${collection}: ${told}` : "", model.get("note")].filter(Boolean).join("; "));
  };
  const onMessage = (message) => {
    place.onMessage(message);
    if (message.action !== "copy" || message.view !== prefix) return;
    window.clearTimeout(waiting);
    if (message.text) toClipboard(message.kind, message.text);
    else say(message.message, true);
  };
  const events = "change:size change:collection change:note".split(" ");
  model.on("msg:custom", onMessage);
  model.on("change:copies", menu.show);
  for (const event of events) model.on(event, showSize);
  menu.show();
  showSize();
  return () => {
    window.clearTimeout(waiting);
    menu.stop();
    model.off("msg:custom", onMessage);
    model.off("change:copies", menu.show);
    for (const event of events) model.off(event, showSize);
  };
}

export default { render };
