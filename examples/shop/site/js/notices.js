// Short messages that come and go, read out by screen readers.

import { h, icon } from "./dom.js";

const SHOWN_MS = 6000;

/** Say something in the corner. `link` is {href, text}; `kind` is "good" or "bad". */
export function notify(text, { kind = "good", link } = {}) {
  const close = h("button", { type: "button", class: "notice-close", "aria-label": "Dismiss" }, icon("close"));
  const notice = h("div", { class: "notice", "data-kind": kind, "data-testid": "notice" },
    icon(kind === "good" ? "check" : "alert"),
    h("p", {}, text),
    link && h("a", { href: link.href }, link.text),
    close);
  const remove = () => notice.remove();
  close.addEventListener("click", remove);
  let timer = setTimeout(remove, SHOWN_MS);
  // Whoever is reading or about to press something gets the time for it.
  const hold = () => clearTimeout(timer);
  const release = () => {
    clearTimeout(timer);
    timer = setTimeout(remove, SHOWN_MS / 2);
  };
  notice.addEventListener("pointerenter", hold);
  notice.addEventListener("focusin", hold);
  notice.addEventListener("pointerleave", release);
  notice.addEventListener("focusout", release);
  document.getElementById("notices").replaceChildren(notice);
}

/** What was said on one page is no news on the next. */
export function dismiss() {
  document.getElementById("notices").replaceChildren();
}
