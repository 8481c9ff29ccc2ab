// Paths to views, on the history API. A view is a function of {params, query, signal, setTitle}
// that gives a node at once and fills it as answers arrive; the signal aborts when it is left.

import { focusOn } from "./dom.js";
import { dismiss } from "./notices.js";

const routes = [];
let leave = new AbortController();
let outlet;
let shown; // the path and query of the view that is on show

/** Add a view for a path such as "/orders/:id". `nav` is the entry of the menu it belongs to. */
export function route(path, view, nav = null) {
  const pattern = path.replace(/:(\w+)/g, "(?<$1>[^/]+)");
  routes.push({ pattern: new RegExp(`^${pattern}/?$`), view, nav });
}

/** Show the view of the current path in this element, and from now on follow links. */
export function start(element) {
  outlet = element;
  history.scrollRestoration = "manual";
  window.addEventListener("popstate", () => {
    // The skip link's "#main" comes here as well, and is no other page.
    if (here() !== shown) render({ scroll: history.state?.scroll ?? 0 });
  });
  document.addEventListener("click", followLink);
  render({ isFirst: true });
}

export function navigate(path, { replace = false } = {}) {
  if (replace || path === here()) {
    history.replaceState(null, "", path);
  } else {
    history.replaceState({ ...history.state, scroll: window.scrollY }, "");
    history.pushState(null, "", path);
  }
  render();
}

/** Show the current path again, as after signing out. */
export const refresh = () => render({ scroll: window.scrollY });

export const here = () => location.pathname + location.search;

function followLink(event) {
  const link = event.target.closest?.("a[href]");
  const isPlain = event.button === 0 && !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);
  if (!link || !isPlain || event.defaultPrevented || link.target || link.origin !== location.origin) return;
  if (link.hash && link.pathname === location.pathname) return;
  event.preventDefault();
  navigate(link.pathname + link.search, { replace: "replace" in link.dataset });
}

function render({ scroll = 0, isFirst = false } = {}) {
  leave.abort();
  leave = new AbortController();
  const { signal } = leave;
  shown = here();
  dismiss();
  const { view, nav, params } = match(location.pathname);
  const setTitle = (title) => {
    if (!signal.aborted) document.title = `${title} · Layover`;
  };
  const query = new URLSearchParams(location.search);
  outlet.replaceChildren(view({ params, query, signal, setTitle }));
  for (const link of document.querySelectorAll("[data-nav]")) {
    if (link.dataset.nav === nav) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  window.scrollTo(0, scroll);
  // A new page is announced by its heading; the first one the browser announces itself.
  const heading = outlet.querySelector("h1");
  if (!isFirst && !outlet.contains(document.activeElement)) focusOn(heading ?? outlet);
}

function match(path) {
  for (const { pattern, view, nav } of routes) {
    const found = pattern.exec(path);
    if (!found) continue;
    try {
      const entries = Object.entries(found.groups ?? {});
      const params = Object.fromEntries(entries.map(([name, text]) => [name, decodeURIComponent(text)]));
      return { view, nav, params };
    } catch {
      break; // "%" and no number behind it: no such page
    }
  }
  return { ...routes.at(-1), params: {} };
}
