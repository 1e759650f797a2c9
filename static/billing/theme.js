/* Runs before the first paint: says that JavaScript is here, and which palette the reader chose. */
(function () {
  "use strict";
  const root = document.documentElement;
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  const chosen = () => {
    try {
      return localStorage.getItem("theme") || "auto";
    } catch {
      return "auto"; // Storage may be switched off; then the system decides.
    }
  };
  const apply = () => {
    const theme = chosen();
    const dark = theme === "dark" || (theme === "auto" && system.matches);
    root.classList.add("js");
    root.classList.toggle("dark", dark);
    root.classList.toggle("light", !dark);
  };
  apply();
  system.addEventListener("change", apply);
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-theme]");
    if (!button) return;
    try {
      localStorage.setItem("theme", button.dataset.theme);
    } catch {
      return;
    }
    apply();
  });
})();
