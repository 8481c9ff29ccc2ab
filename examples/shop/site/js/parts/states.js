// What a page shows when there is nothing to show: loading, empty, out of order, not signed in.

import { h, icon } from "../dom.js";
import { here } from "../router.js";

/** A panel in the middle of the page. */
export function panel({ testid, symbol, title, text, actions = [], level = "h2", kind = "plain" }) {
  return h("section", { class: "panel", "data-kind": kind, "data-testid": testid },
    h("span", { class: "panel-symbol" }, icon(symbol, "icon-large")),
    h(level, { class: "panel-title" }, title),
    h("p", { class: "panel-text" }, text),
    h("div", { class: "panel-actions" }, actions));
}

/** Something did not work. An outage may pass, so it can be tried again. */
export function failure(error, retry) {
  const isOutage = error.isOutage ?? true;
  const text = isOutage
    ? `${error.message} Your cart and your orders are safe. Please try again in a moment.`
    : error.message;
  return panel({
    testid: "error-panel",
    kind: "bad",
    symbol: isOutage ? "delayed" : "alert",
    title: isOutage ? "Slight delay" : "That did not work",
    text,
    actions: [
      retry && h("button", { type: "button", class: "button", "data-testid": "retry", on: { click: retry } },
        "Try again"),
    ],
  });
}

/** The page is for customers who are signed in. */
export function signInNeeded(title, text) {
  const next = encodeURIComponent(here());
  return panel({
    testid: "signin-needed",
    symbol: "passport",
    title,
    text,
    actions: [
      h("a", { class: "button", href: `/signin?next=${next}` }, "Sign in"),
      h("a", { class: "button button-quiet", href: `/signup?next=${next}` }, "Create an account"),
    ],
  });
}

/** Grey shapes in the place of what is on its way. */
export function skeleton(kind, number) {
  const shapes = Array.from({ length: number }, () => h("div", { class: `skeleton skeleton-${kind}` }));
  return [h("p", { class: "visually-hidden", role: "status" }, "Loading"), ...shapes];
}

/** A control that cannot be pressed again while its work is being done. */
export async function whileBusy(control, work) {
  if (control.getAttribute("aria-busy") === "true") return;
  control.setAttribute("aria-busy", "true");
  try {
    await work();
  } finally {
    control.removeAttribute("aria-busy");
  }
}
