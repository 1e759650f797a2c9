/* Comfort on top of pages that work without it: keys, copying, what is selected, times that age. */
(function () {
  "use strict";

  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => Array.from(root.querySelectorAll(selector));

  // --- Copy ------------------------------------------------------------------------------------
  async function copy(button) {
    await navigator.clipboard.writeText(button.dataset.copy);
    const use = $("use", button);
    const before = use.getAttribute("href");
    use.setAttribute("href", before.replace(/#.*/, "#tick"));
    button.classList.add("done");
    setTimeout(() => {
      use.setAttribute("href", before);
      button.classList.remove("done");
    }, 1400);
  }

  // --- What is selected: totals per chain and token, in integers of the smallest unit ------------
  function units(atomic) {
    const digits = atomic.toString().padStart(7, "0");
    const whole = digits.slice(0, -6).replace(/\B(?=(\d{3})+$)/g, ",");
    const cents = digits.slice(-6, -4);
    return digits.endsWith("0000") ? `${whole}.${cents}` : `${whole}.${digits.slice(-6)}`;
  }

  function chosen() {
    return $$("tbody .pick:checked");
  }

  function showSelection() {
    const bar = $("#selection");
    if (!bar) return;
    const picks = chosen();
    bar.classList.toggle("idle", picks.length === 0);
    const totals = new Map();
    for (const pick of picks) {
      if (!pick.dataset.kind) continue;
      const sum = totals.get(pick.dataset.kind) || 0n;
      totals.set(pick.dataset.kind, sum + BigInt(pick.dataset.atomic));
    }
    const parts = [`${picks.length} selected`];
    for (const [kind, sum] of totals) parts.push(`${units(sum)} ${kind}`);
    $("#sum").textContent = parts.join(" · ");
    for (const button of $$("button[data-label]", bar)) {
      const dots = button.textContent.trim().endsWith("…") ? "…" : "";
      button.textContent = `${button.dataset.label} ${picks.length}${dots}`;
    }
    const all = $("#pick-all");
    if (all) {
      const every = $$("tbody .pick").length;
      all.checked = picks.length === every && every > 0;
      all.indeterminate = picks.length > 0 && picks.length < every;
    }
  }

  document.addEventListener("change", (event) => {
    if (event.target.id === "pick-all") {
      for (const pick of $$("tbody .pick")) pick.checked = event.target.checked;
    }
    if (event.target.classList.contains("pick")) showSelection();
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy]");
    if (button) copy(button);
    if (event.target.closest("[data-keys]")) $("#keys").showModal();
    // A menu closes when something else is clicked.
    for (const menu of $$("details.person[open], .where details[open], details.filter[open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });

  // --- Keys --------------------------------------------------------------------------------------
  let at = -1;

  function go(step) {
    const rows = $$("tbody tr[data-url]");
    if (!rows.length) return;
    at = Math.min(Math.max(at + step, 0), rows.length - 1);
    for (const row of rows) row.classList.remove("at");
    rows[at].classList.add("at");
    rows[at].scrollIntoView({ block: "nearest" });
  }

  function row() {
    return $("tbody tr.at");
  }

  const keys = {
    j: () => go(1),
    k: () => go(-1),
    x: () => {
      const pick = row() && $(".pick", row());
      if (!pick) return;
      pick.checked = !pick.checked;
      showSelection();
    },
    a: () => {
      const approve = $('#selection button[value="approve"]');
      if (!approve) return;
      if (!chosen().length && row()) keys.x();
      if (chosen().length) approve.click();
    },
    "/": () => $("#search") && $("#search").focus(),
    "?": () => $("#keys") && $("#keys").showModal(),
    Enter: () => row() && window.location.assign(row().dataset.url),
  };

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      if (document.activeElement) document.activeElement.blur();
      for (const menu of $$("details.person[open], .where details[open], details.filter[open]")) menu.open = false;
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const within = event.target.closest("input:not(.pick), textarea, select, dialog");
    const pressable = event.target.closest("a, button, summary, .pick");
    if (within || !keys[event.key] || (event.key === "Enter" && pressable)) return;
    event.preventDefault();
    keys[event.key]();
  });

  // --- Times age while the page is open -----------------------------------------------------------
  function words(seconds) {
    const s = Math.abs(seconds);
    if (s < 10) return "just now";
    let span;
    if (s < 60) span = `${Math.floor(s)} s`;
    else if (s < 3600) span = `${Math.floor(s / 60)} min`;
    else if (s < 172800) span = `${Math.floor(s / 3600)} h`;
    else span = `${Math.floor(s / 86400)} days`;
    return seconds > 0 ? `${span} ago` : `in ${span}`;
  }

  setInterval(() => {
    for (const time of $$("time.moment[data-full]")) {
      const said = words((Date.now() - Date.parse(time.dateTime)) / 1000);
      const isOverdue = time.closest(".overdue");
      time.textContent = isOverdue ? `overdue by ${said.replace(" ago", "")}` : said;
    }
  }, 15000);

  // --- A picture of a page follows what is typed ----------------------------------------------------
  document.addEventListener("input", (event) => {
    const { value, dataset } = event.target;
    if (dataset.previews === "color") {
      for (const shown of $$("[data-preview=color]")) shown.setAttribute("fill", value);
    }
    if (dataset.previews === "name") {
      $("[data-preview=name]").textContent = value;
      $("[data-preview=initial]").textContent = value.trim().slice(0, 1).toUpperCase();
    }
  });

  // --- Long work is followed in its place; its end shows the page as it is then ---------------------
  async function follow(box) {
    const answer = await fetch(window.location.href, { headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const news = $("[data-progress]", page);
    if (!answer.ok || !news) {
      window.location.reload();
      return;
    }
    box.replaceChildren(...news.childNodes);
    setTimeout(follow, box.dataset.progress * 1000, box);
  }

  for (const box of $$("[data-progress]")) setTimeout(follow, box.dataset.progress * 1000, box);

  // --- A form is sent once ------------------------------------------------------------------------
  document.addEventListener("submit", (event) => {
    // One that is answered by a file leaves the page as it is, to be sent again.
    if (event.target.method !== "post" || "again" in event.target.dataset) return;
    if (event.target.dataset.sent) event.preventDefault();
    event.target.dataset.sent = "yes";
  });
  window.addEventListener("pageshow", () => {
    for (const form of $$("form[data-sent]")) delete form.dataset.sent;
    showSelection();
  });
})();
