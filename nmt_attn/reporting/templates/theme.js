"use strict";
// Small helpers, the choice of light or dark, and the views of plots.
const data = JSON.parse(document.getElementById("page-data").textContent);

function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key in made && key !== "list") made[key] = value;
    else made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

function percent(share) {
  return share >= 0.005 ? `${Math.round(100 * share)} %` : "< 1 %";
}

(function theme() {
  const button = document.getElementById("theme-button");
  const prefersDark = matchMedia("(prefers-color-scheme: dark)");
  const current = () => document.documentElement.dataset.theme || (prefersDark.matches ? "dark" : "light");
  const label = () => { button.textContent = current() === "dark" ? "Light" : "Dark"; };
  button.addEventListener("click", () => {
    document.documentElement.dataset.theme = current() === "dark" ? "light" : "dark";
    label();
  });
  prefersDark.addEventListener("change", label);
  label();
})();

document.querySelectorAll(".views").forEach((group) => {
  const buttons = [...group.querySelectorAll("button")];
  buttons.forEach((button) => button.addEventListener("click", () => {
    for (const other of buttons) {
      other.setAttribute("aria-pressed", String(other === button));
      document.getElementById(other.dataset.view).hidden = other !== button;
    }
  }));
});
