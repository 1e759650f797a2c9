/* Keeps an open checkout's page up to date in place. Without it the page reloads itself. */
(() => {
  "use strict";

  const root = document.documentElement;
  const said = document.getElementById("said");
  const offline = document.getElementById("offline");
  const HIDDEN_MS = 15000; // how often a page asks that nobody looks at
  const SLOWEST_MS = 60000; // and one whose server does not answer

  let main = document.getElementById("checkout");
  let deadline = 0; // of this page's own clock, so that a wrong time of day does no harm
  let timer = 0;
  let interval = 3000;
  let failures = 0;
  let asking = false;

  root.classList.add("js");

  // --- The clock ---------------------------------------------------------------------------------

  const written = (seconds) => {
    const two = (number) => String(number).padStart(2, "0");
    const hours = Math.floor(seconds / 3600);
    const minutes = Math.floor((seconds % 3600) / 60);
    return hours ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
  };

  const read = (text) => text.split(":").reduce((sum, part) => sum * 60 + Number(part), 0);

  const begin = () => {
    const clock = main.querySelector("[data-clock] bdi");
    if (!clock) return;
    deadline = performance.now() + read(clock.textContent) * 1000;
  };

  const tick = () => {
    const clock = main.querySelector("[data-clock] bdi");
    if (!clock) return;
    const before = read(clock.textContent);
    const left = Math.max(0, Math.ceil((deadline - performance.now()) / 1000));
    if (left === before) return;
    clock.textContent = written(left);
    const ring = main.querySelector("[data-ring]");
    ring.setAttribute("stroke-dasharray", `${(100 * left) / Number(ring.dataset.all)} 100`);
    main.querySelectorAll("[data-announce]").forEach((mark) => {
      const at = Number(mark.dataset.announce);
      if (left <= at && before > at) said.textContent = mark.textContent;
    });
    if (left === 0) ask();
  };

  const localTimes = () => {
    main.querySelectorAll("time[data-local]").forEach((time) => {
      const moment = new Date(time.dateTime);
      const today = moment.toDateString() === new Date().toDateString();
      const shape = { hour: "numeric", minute: "2-digit", numberingSystem: "latn" };
      if (!today) shape.weekday = "long";
      time.textContent = new Intl.DateTimeFormat(root.lang, shape).format(moment);
    });
  };

  // --- What happens -------------------------------------------------------------------------------

  const tell = (type, more) => {
    const shop = window.parent !== window ? window.parent : window.opener;
    if (!root.dataset.origin || !shop) return;
    shop.postMessage({ from: "billing", type, checkout_id: main.dataset.id, ...more }, root.dataset.origin);
  };

  const count = (state) => {
    const bar = main.querySelector("[data-progress]");
    if (!bar) return;
    bar.value = state.confirmations;
    main.querySelector("[data-progress-words]").textContent = state.progress;
  };

  const load = async () => {
    const answer = await fetch(location.href, { cache: "no-store" });
    if (!answer.ok) throw new Error(`page ${answer.status}`);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById("checkout");
    if (!fresh) throw new Error("page without a checkout");
    const held = main.contains(document.activeElement);
    const isNews = fresh.dataset.heading !== main.dataset.heading;
    main.replaceWith(fresh);
    main = fresh;
    document.title = page.title;
    begin();
    localTimes();
    if (isNews) said.textContent = main.dataset.heading;
    if (held) main.querySelector("h2").focus();
  };

  const ask = async () => {
    if (asking) return;
    asking = true;
    clearTimeout(timer);
    try {
      const answer = await fetch(main.dataset.statusUrl, { cache: "no-store" });
      if (!answer.ok) throw new Error(`status ${answer.status}`);
      const state = await answer.json();
      if (state.version === main.dataset.version) {
        deadline = performance.now() + state.seconds_left * 1000;
        count(state);
      } else {
        await load();
      }
      tell("status", {
        status: state.status,
        confirmations: state.confirmations,
        required_confirmations: state.required_confirmations,
      });
      interval = state.polling_interval_ms;
      failures = 0;
      offline.textContent = "";
    } catch (error) {
      // One lost answer is nothing to be told of; the next one says the same.
      failures += 1;
      if (failures > 1) offline.textContent = offline.dataset.text;
    } finally {
      asking = false;
      const wait = Math.min(interval * 2 ** failures, SLOWEST_MS);
      timer = setTimeout(ask, document.hidden ? Math.max(wait, HIDDEN_MS) : wait);
    }
  };

  // --- Copying --------------------------------------------------------------------------------------

  const copied = async (text, value) => {
    if (navigator.clipboard) {
      try {
        await navigator.clipboard.writeText(text);
        return true;
      } catch (error) {
        // Not allowed in this frame: the older way may be.
      }
    }
    getSelection().selectAllChildren(value);
    return document.execCommand("copy");
  };

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const label = button.querySelector("span");
    const done = await copied(button.dataset.copy, button.parentElement.querySelector(".value"));
    const word = label.dataset.word || label.textContent;
    label.dataset.word = word;
    label.textContent = done ? button.dataset.done : button.dataset.failed;
    said.textContent = label.textContent;
    button.classList.toggle("done", done);
    setTimeout(() => {
      label.textContent = word;
      button.classList.remove("done");
    }, 2000);
  });

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") tell("close");
  });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) ask();
  });
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) ask();
  });

  begin();
  localTimes();
  setInterval(tick, 250);
  tell("ready");
  ask();
})();
