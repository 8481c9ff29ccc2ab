// The customer's cart, as the API last told it.

import * as api from "./api.js";
import { isSignedIn, session } from "./session.js";
import { Store } from "./store.js";

const PENDING_KEY = "layover.pending-add";

/** {items, total_cents}, or null if it is not known. */
export const cart = new Store(null);

export const load = () => change(api.getCart());
export const add = (productId, quantity) => change(api.addToCart(productId, quantity));
export const setQuantity = (productId, quantity) => change(api.setQuantity(productId, quantity));
export const remove = (productId) => change(api.removeFromCart(productId));

/** The order took the cart over. */
export const emptied = () => {
  cart.value = { items: [], total_cents: 0 };
};

/** Remember what somebody wanted who has to sign in first. */
export function postpone(productId, quantity) {
  sessionStorage.setItem(PENDING_KEY, JSON.stringify({ productId, quantity }));
}

/** Do what was postponed, once. The answer is whether there was anything. */
export async function addPostponed() {
  const pending = JSON.parse(sessionStorage.getItem(PENDING_KEY));
  sessionStorage.removeItem(PENDING_KEY);
  if (pending) await add(pending.productId, pending.quantity);
  return pending !== null;
}

export const hasPostponed = () => sessionStorage.getItem(PENDING_KEY) !== null;

let latest = 0;

/** Answers may overtake one another; only that of the latest question counts. */
async function change(answer) {
  const mine = ++latest;
  const value = await answer;
  if (mine === latest && isSignedIn()) cart.value = value;
  return value;
}

session.addEventListener("change", () => {
  cart.value = null;
});
