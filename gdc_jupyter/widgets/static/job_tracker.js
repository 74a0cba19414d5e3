// The live table of batch jobs.
const ACTION_NAMES = { start: "Start", cancel: "Cancel", delete: "Delete", open: "Open result", logs: "Logs" };
const LEVELS = ["error", "warning", "info", "debug"];
const WATCHING_EVERY = 20000;

function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) if (value != null) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

function button(text, label, onClick, kind = "") {
  const node = element("button", { type: "button", class: `gdc-job-button ${kind}`, "aria-label": label }, text);
  node.addEventListener("click", onClick);
  return node;
}

function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function duration(seconds) {
  if (seconds == null) return "";
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.floor(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

function clock(time) {
  const moment = new Date(time);
  return Number.isNaN(moment.getTime()) ? time : moment.toLocaleTimeString([], { hour12: false });
}

function when(time) {
  const moment = new Date(time);
  return Number.isNaN(moment.getTime()) ? "" : moment.toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
}

const nameOf = (job) => job.title || job.id;

// One row; it is updated in place, so that neither the focus nor a question is lost while the table is live.
function makeRow(send, select) {
  const title = element("span", { class: "gdc-job-title" });
  const detail = element("span", { class: "gdc-job-detail" });
  const choose = element("button", { type: "button", class: "gdc-job-name" }, title, detail);
  const badge = element("span", { class: "gdc-job-badge" });
  const fill = element("span", { class: "gdc-job-fill" });
  const bar = element("span", { class: "gdc-job-bar", role: "progressbar", "aria-valuemin": "0", "aria-valuemax": "100" }, fill);
  const percent = element("span", { class: "gdc-job-percent" });
  const elapsed = element("td", { class: "gdc-job-elapsed" });
  const actions = element("td", { class: "gdc-job-actions" });
  const row = element(
    "tr",
    {},
    element("th", { scope: "row" }, choose),
    element("td", {}, badge),
    element("td", {}, element("span", { class: "gdc-job-progress" }, bar, percent)),
    elapsed,
    actions,
  );
  let job = null;
  let shownActions = "";
  row.addEventListener("click", () => select(job.id));

  function ask() {
    const no = button("No", `Keep ${nameOf(job)}`, () => showActions(true));
    const yes = button("Yes", `Delete ${nameOf(job)} with its results`, () => {
      send({ action: "delete", job: job.id });
      showActions(true);
    }, "gdc-danger");
    actions.replaceChildren(element("span", { class: "gdc-job-question" }, "Delete?"), yes, no);
    no.focus();
  }

  function showActions(anew) {
    const wanted = [...job.actions, "logs"];
    const key = `${wanted.join()} ${nameOf(job)}`;
    if (!anew && key === shownActions) return;
    const focused = actions.contains(actions.getRootNode().activeElement);
    shownActions = key;
    actions.replaceChildren(
      ...wanted.map((action) => {
        const act = action === "delete" ? ask : () => send({ action, job: job.id });
        const node = button(ACTION_NAMES[action], `${ACTION_NAMES[action]}: ${nameOf(job)}`, act, action === "open" ? "gdc-primary" : "");
        node.dataset.action = action;
        return node;
      }),
    );
    if (focused) actions.firstElementChild.focus();
  }

  function update(next, isSelected) {
    job = next;
    row.dataset.job = job.id;
    row.dataset.status = job.status;
    row.setAttribute("aria-selected", String(isSelected));
    setText(title, nameOf(job));
    setText(detail, job.title ? `${when(job.created)} · ${job.id}` : when(job.created));
    choose.title = `${nameOf(job)}\n${detail.textContent}`;
    setText(badge, job.status);
    badge.className = `gdc-job-badge gdc-${job.status}`;
    const known = job.progress != null;
    const show = known && !["created"].includes(job.status);
    bar.hidden = percent.hidden = !show && job.status !== "running";
    bar.classList.toggle("gdc-unknown", job.status === "running" && !known);
    bar.setAttribute("aria-label", `Progress of ${nameOf(job)}`);
    if (known) bar.setAttribute("aria-valuenow", String(Math.round(job.progress)));
    else bar.removeAttribute("aria-valuenow");
    fill.style.width = `${known ? job.progress : 100}%`;
    setText(percent, known ? `${Math.round(job.progress)} %` : "");
    setText(elapsed, duration(job.elapsed));
    showActions(false);
  }
  return { row, update };
}

function makeLogs(model, send) {
  const title = element("h4", {});
  const level = element("select", { "aria-label": "Least severe level to show" });
  for (const name of LEVELS) level.append(element("option", { value: name }, name === "debug" ? "all levels" : `${name}${name === "error" ? "s only" : " and above"}`));
  const close = button("Close", "Close the log", () => send({ action: "close logs" }));
  const list = element("ol", { class: "gdc-log", tabindex: "0", role: "log", "aria-label": "Log entries" });
  const panel = element("section", { class: "gdc-job-panel", hidden: "" }, element("header", {}, title, level, close), list);
  level.addEventListener("change", () => send({ action: "logs", job: model.get("_log").job, level: level.value }));
  function update() {
    const { job, level: current, entries } = model.get("_log");
    panel.hidden = !job;
    if (!job) return list.replaceChildren();
    const row = model.get("jobs").find(({ id }) => id === job);
    setText(title, `Log of ${row ? nameOf(row) : job}`);
    level.value = current;
    const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 20;
    const lines = entries.map(({ time, level: severity, message }) =>
      element(
        "li",
        { class: `gdc-log-${severity}` },
        element("time", { datetime: time }, time ? clock(time) : ""),
        element("span", { class: "gdc-log-level" }, severity),
        element("span", { class: "gdc-log-message" }, message),
      ),
    );
    if (!lines.length) lines.push(element("li", {}, element("span", { class: "gdc-log-message" }, "No entries at this level.")));
    list.replaceChildren(...lines);
    if (atEnd) list.scrollTop = list.scrollHeight;
  }
  return { panel, update };
}

function makeResult(model, send) {
  const title = element("h4", {});
  const close = button("Close", "Close the result", () => send({ action: "close result" }));
  const text = element("p", {});
  const figure = element("figure", {});
  const panel = element("section", { class: "gdc-job-panel", hidden: "" }, element("header", {}, title, close), element("div", { class: "gdc-result" }, figure, text));
  function update() {
    const { job, name, text: summary, picture } = model.get("_opened");
    panel.hidden = !job;
    if (!job) return;
    setText(title, `Result of ${name}`);
    text.replaceChildren(
      "An xarray.DataArray, in the attribute ",
      element("code", {}, "result"),
      " of this tracker:",
      element("br"),
      element("code", {}, summary),
    );
    figure.hidden = !picture;
    if (!picture) return figure.replaceChildren();
    const [low, high] = [picture.low, picture.high].map((value) => Number(value.toPrecision(3)));
    figure.replaceChildren(
      element("img", { src: picture.url, alt: `First layer of ${name}` }),
      element("figcaption", {}, element("span", {}, String(low)), element("span", { class: "gdc-ramp" }), element("span", {}, String(high))),
    );
  }
  return { panel, update };
}

function render({ model, el }) {
  const send = (content) => model.send(content);
  const rows = new Map();
  let statuses = new Map();

  const heading = element("h3", {}, "Batch jobs");
  const server = element("span", { class: "gdc-jobs-server" });
  const refresh = button("Refresh", "Refresh the table of jobs", () => send({ action: "refresh" }));
  const problem = element("div", { class: "gdc-jobs-problem", role: "alert" });
  const notice = element("div", { class: "gdc-jobs-notice", role: "status" });
  const spoken = element("div", { class: "gdc-spoken", "aria-live": "polite" });
  const body = element("tbody");
  const empty = element("p", { class: "gdc-jobs-empty" }, "No jobs yet. A job made with create_job() appears here.");
  const head = ["Job", "Status", "Progress", "Time", "Actions"].map((name) => element("th", { scope: "col" }, name));
  const table = element("table", { "aria-label": "Batch jobs" }, element("thead", {}, element("tr", {}, ...head)), body);
  const logs = makeLogs(model, send);
  const result = makeResult(model, send);

  el.classList.add("gdc-jobs");
  el.append(
    element("header", {}, heading, server, refresh),
    problem,
    element("div", { class: "gdc-jobs-scroll" }, table),
    empty,
    notice,
    result.panel,
    logs.panel,
    spoken,
  );

  function select(id) {
    if (model.get("selected") === id) return;
    model.set("selected", id);
    model.save_changes();
  }

  function showJobs() {
    const jobs = model.get("jobs");
    const ids = new Set(jobs.map(({ id }) => id));
    for (const [id, entry] of rows) {
      if (ids.has(id)) continue;
      entry.row.remove();
      rows.delete(id);
    }
    jobs.forEach((job, position) => {
      if (!rows.has(job.id)) rows.set(job.id, makeRow(send, select));
      const entry = rows.get(job.id);
      entry.update(job, job.id === model.get("selected"));
      if (body.children[position] !== entry.row) body.insertBefore(entry.row, body.children[position] ?? null);
    });
    table.hidden = !jobs.length;
    empty.hidden = jobs.length > 0 || Boolean(model.get("_problem"));
    const changes = jobs.filter(({ id, status }) => statuses.has(id) && statuses.get(id) !== status);
    if (changes.length) spoken.textContent = changes.map((job) => `${nameOf(job)}: ${job.status}`).join(". ");
    statuses = new Map(jobs.map(({ id, status }) => [id, status]));
  }

  function showState() {
    setText(server, model.get("_title"));
    setText(problem, model.get("_problem"));
    el.classList.toggle("gdc-offline", Boolean(model.get("_problem")));
    empty.hidden = model.get("jobs").length > 0 || Boolean(model.get("_problem"));
    const { text, level } = model.get("_notice");
    setText(notice, text);
    notice.classList.toggle("gdc-failed", level === "error");
  }

  const bindings = [
    ["change:jobs", showJobs],
    ["change:selected", showJobs],
    ["change:_problem", showState],
    ["change:_notice", showState],
    ["change:_log", logs.update],
    ["change:_opened", result.update],
  ];
  for (const [event, handler] of bindings) model.on(event, handler);
  showJobs();
  showState();
  logs.update();
  result.update();
  send({ action: "watching" });
  const timer = setInterval(() => send({ action: "watching" }), WATCHING_EVERY);
  return () => {
    clearInterval(timer);
    for (const [event, handler] of bindings) model.off(event, handler);
  };
}

export default { render };
