// Who is signed in. Kept in localStorage, so a reload or another tab stays signed in.

import { Store } from "./store.js";

const KEY = "layover.session";

/** {token, email} or null. */
export const session = new Store(read());

export function begin(token, email) {
  localStorage.setItem(KEY, JSON.stringify({ token, email }));
  session.value = read();
}

export function end() {
  localStorage.removeItem(KEY);
  session.value = null;
}

export const isSignedIn = () => session.value !== null;

/** Another tab has signed in or out. */
window.addEventListener("storage", (event) => {
  if (event.key === KEY || event.key === null) session.value = read();
});

function read() {
  try {
    const { token, email } = JSON.parse(localStorage.getItem(KEY)) ?? {};
    return token ? { token, email } : null;
  } catch {
    return null;
  }
}
