// Buying exactly once. The token names the purchase; it is kept until an answer to it has arrived,
// so trying again after a lost answer, even after a reload, finds the same order.

import * as api from "./api.js";
import * as cart from "./cart.js";
import { session } from "./session.js";

const KEY = "layover.checkout-token";
const TOKEN_BYTES = 16;

/** Whether an order was sent of which nobody knows what became of it. */
export const isUnanswered = () => localStorage.getItem(KEY) !== null;

/** Order what is in the cart; the answer is the order's id. */
export async function placeOrder() {
  const isRepeat = isUnanswered();
  const token = localStorage.getItem(KEY) ?? newToken();
  localStorage.setItem(KEY, token);
  try {
    const { order_id: orderId } = await api.placeOrder(token);
    localStorage.removeItem(KEY);
    cart.emptied();
    if (isRepeat) cart.load().catch(() => {}); // the order may be older than what is in the cart now
    return orderId;
  } catch (error) {
    if (!error.isOutage) localStorage.removeItem(KEY); // a refusal is an answer: nothing was ordered
    throw error;
  }
}

// crypto.randomUUID is for secure origins only, and a preview may not be one.
function newToken() {
  const bytes = crypto.getRandomValues(new Uint8Array(TOKEN_BYTES));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

session.addEventListener("change", () => {
  if (session.value === null) localStorage.removeItem(KEY);
});
