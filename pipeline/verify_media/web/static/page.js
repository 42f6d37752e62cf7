"use strict";
// Sends what is dropped and typed, and swaps the parts that changed. Everything is decided on the server.
(() => {
  const shown = new Map(); // element id -> HTML as the server gave it
  const byId = (id) => document.getElementById(id);
  const pause = (ms) => new Promise((done) => setTimeout(done, ms));

  async function post(path, body) {
    const response = await fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body ?? {}) });
    if (!response.ok) throw new Error(await response.text());
  }

  // What is typed

  const field = (input) => (input.type === "checkbox" ? input.checked : input.value);

  document.addEventListener("change", async (event) => {
    const input = event.target;
    if (input.dataset.field) {
      input.setCustomValidity("");
      try {
        await post("details", { field: input.dataset.field, value: field(input) });
        if ("reload" in input.dataset) location.reload();
      } catch (error) {
        input.setCustomValidity(error.message);
        input.reportValidity();
      }
    } else if (input.type === "file") {
      const files = [...input.files];
      input.value = "";
      if (input.dataset.mark) await upload(files[0], `marks/${input.dataset.mark}`);
      else if (input.dataset.replace) await upload(files[0], `shots/${input.dataset.replace}`);
      else await uploadAll(files);
    }
  });

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    const { do: action, remove, clear } = button.dataset;
    if (action) { button.disabled = true; await post(action); }
    if (remove) await post(`shots/${remove}/remove`);
    if (clear) await post(`marks/${clear}/remove`);
  });

  // What is dropped

  let depth = 0;
  const isFiles = (event) => event.dataTransfer && [...event.dataTransfer.types].includes("Files");
  document.addEventListener("dragenter", (event) => { if (isFiles(event)) { depth += 1; document.body.classList.add("dragging"); } });
  document.addEventListener("dragleave", () => { depth = Math.max(0, depth - 1); if (!depth) document.body.classList.remove("dragging"); });
  document.addEventListener("dragover", (event) => { if (isFiles(event)) event.preventDefault(); });
  document.addEventListener("drop", async (event) => {
    if (!isFiles(event)) return;
    event.preventDefault();
    depth = 0;
    document.body.classList.remove("dragging");
    const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
    const loose = [...event.dataTransfer.files];
    await uploadAll(entries.length ? (await Promise.all(entries.map(filesOf))).flat() : loose);
  });

  async function filesOf(entry) {
    if (entry.isFile) return [await new Promise((done, fail) => entry.file(done, fail))];
    const reader = entry.createReader();
    const found = [];
    for (;;) {
      const some = await new Promise((done, fail) => reader.readEntries(done, fail));
      if (!some.length) return (await Promise.all(found.map(filesOf))).flat();
      found.push(...some);
    }
  }

  async function uploadAll(files) {
    for (const file of files.filter((file) => !file.name.startsWith("."))) await upload(file, "shots");
  }

  const local = new Map(); // file name -> address of the picture in this browser, shown until the server's is there

  function upload(file, path) {
    if (!file) return Promise.resolve();
    if (/^(image\/(jpeg|png|webp|gif|avif)|video\/(mp4|webm))$/.test(file.type)) local.set(file.name, { url: URL.createObjectURL(file), video: file.type.startsWith("video") });
    const row = document.createElement("div");
    row.className = "card upload";
    const name = document.createElement("span");
    name.textContent = file.name;
    const bar = document.createElement("progress");
    bar.setAttribute("aria-label", file.name);
    row.append(name, bar);
    byId("uploads").append(row);
    return new Promise((done) => {
      const request = new XMLHttpRequest();
      request.open("POST", path);
      request.setRequestHeader("X-File-Name", encodeURIComponent(file.name));
      request.setRequestHeader("Content-Type", "application/octet-stream");
      request.upload.onprogress = (event) => { if (event.lengthComputable) { bar.max = event.total; bar.value = event.loaded; } };
      request.onloadend = () => {
        if (request.status >= 200 && request.status < 300) row.remove();
        else {
          bar.remove();
          row.classList.add("failed");
          name.textContent = `${file.name}: ${request.responseText || "–"}`;
          setTimeout(() => row.remove(), 20000);
        }
        done();
      };
      request.send(file);
    });
  }

  // What has changed on the server

  function swap(id, html) {
    const element = byId(id);
    if (!element || shown.get(id) === html) return;
    const open = [...element.querySelectorAll("details")].map((details) => details.open);
    const focused = element.contains(document.activeElement) ? document.activeElement.dataset.do : null;
    shown.set(id, html);
    element.innerHTML = html;
    element.querySelectorAll("details").forEach((details, number) => { details.open = open[number] ?? false; });
    element.querySelectorAll("[data-local]").forEach(showLocal);
    if (focused) element.querySelector(`[data-do="${focused}"]`)?.focus();
  }

  function showLocal(place) {
    const picture = local.get(place.dataset.local);
    if (!picture) return;
    const element = document.createElement(picture.video ? "video" : "img");
    element.src = picture.url;
    if (picture.video) element.muted = true;
    else element.alt = place.dataset.local;
    place.replaceChildren(element);
  }

  const typing = new Map(); // input -> what it showed when it was entered
  document.addEventListener("focusin", (event) => { if (event.target.dataset.field) typing.set(event.target, field(event.target)); });

  function show(input, value) {
    if (value === undefined || (input === document.activeElement && typing.get(input) !== field(input))) return;
    if (input.type === "checkbox") input.checked = value;
    else if (input.value !== value) input.value = value;
  }

  function arrange(shots) {
    const list = byId("shots");
    [...list.children].filter((card) => !(card.dataset.shot in shots)).forEach((card) => card.remove());
    for (const [id, html] of Object.entries(shots)) {
      const old = byId(`shot-${id}`);
      const fresh = document.createElement("template");
      fresh.innerHTML = html.trim();
      const card = fresh.content.firstElementChild;
      const sameName = old && old.querySelector("h3").textContent === card.querySelector("h3").textContent;
      const sameFields = old && !!old.querySelector(".asin") === !!card.querySelector(".asin");
      if (old && sameName && sameFields) continue;
      if (old) old.replaceWith(card);
      else list.append(card);
      shown.delete(`body-${id}`);
    }
  }

  async function refresh() {
    const response = await fetch("parts");
    if (!response.ok) throw new Error(response.statusText);
    const { revision, parts, shots, marks, fields } = await response.json();
    arrange(shots);
    for (const [id, html] of Object.entries(parts)) swap(id, html);
    for (const [kind, given] of Object.entries(marks)) document.querySelectorAll(`[data-clear="${kind}"], [data-has="${kind}"]`).forEach((element) => { element.hidden = !given; });
    if (document.querySelector("[data-field=policy]").value !== fields.policy && document.activeElement.dataset.field !== "policy") return location.reload();
    document.querySelectorAll("[data-field]").forEach((input) => show(input, fields[input.dataset.field]));
    document.body.dataset.revision = revision;
  }

  let wanted = 0;
  let running = false;

  async function keepUp(revision) {
    wanted = Math.max(wanted, revision);
    if (running) return;
    running = true;
    try {
      while (Number(document.body.dataset.revision) < wanted) { await refresh(); await pause(80); }
    } finally { running = false; }
  }

  const events = new EventSource("events");
  events.onmessage = (event) => { byId("lost").hidden = true; keepUp(Number(event.data)).catch(() => {}); };
  events.onerror = () => { byId("lost").hidden = false; };
  document.querySelectorAll("[data-local]").forEach(showLocal);
})();
