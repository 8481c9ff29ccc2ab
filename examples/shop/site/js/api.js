// The shop's API. Every failure is an ApiError with a code for the program and a sentence to show.

import { end, isSignedIn, session } from "./session.js";

const TIMEOUT_MS = 20_000;
const RETRY_AFTER_MS = 400;

export class ApiError extends Error {
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }

  /** Nobody refused; the shop could not be asked, or could not answer. It may work next time. */
  get isOutage() {
    return this.status === 0 || this.status >= 500;
  }
}

export const listProducts = () => read("/products");
export const signUp = (email, password) => call("POST", "/signup", { email, password });
export const signIn = (email, password) => call("POST", "/signin", { email, password });
export const signOut = () => call("POST", "/signout", {});
export const getCart = () => read("/cart");
export const addToCart = (productId, quantity) =>
  call("POST", "/cart", { product_id: productId, quantity });
export const setQuantity = (productId, quantity) =>
  call("PUT", `/cart/${encodeURIComponent(productId)}`, { quantity });
export const removeFromCart = (productId) =>
  call("DELETE", `/cart/${encodeURIComponent(productId)}`);
export const placeOrder = (clientToken) => call("POST", "/orders", { client_token: clientToken });
export const listOrders = () => read("/orders");
export const getOrder = (orderId) => read(`/orders/${encodeURIComponent(orderId)}`);

/** Reading changes nothing, so a hiccup is tried once more before anybody hears of it. */
async function read(path) {
  try {
    return await call("GET", path);
  } catch (error) {
    if (!error.isOutage) throw error;
    await new Promise((resolve) => setTimeout(resolve, RETRY_AFTER_MS));
    return call("GET", path);
  }
}

async function call(method, path, body) {
  const token = session.value?.token;
  const response = await send(method, path, body, token);
  const answer = await parse(response);
  if (response.ok) return answer;
  // The session has run out: say so everywhere, unless another one began in the meantime.
  if (answer.code === "not_signed_in" && isSignedIn() && session.value.token === token) end();
  throw new ApiError(response.status, answer.code, answer.message);
}

async function send(method, path, body, token) {
  try {
    return await fetch(`/api${path}`, {
      method,
      headers: {
        ...(body && { "content-type": "application/json" }),
        ...(token && { authorization: `Bearer ${token}` }),
      },
      body: body && JSON.stringify(body),
      cache: "no-store",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch {
    throw new ApiError(0, "unreachable", "We cannot reach the shop just now.");
  }
}

async function parse(response) {
  try {
    const answer = await response.json();
    // A gateway's own errors are JSON as well, with a message but no code.
    if (response.ok || answer.code) return answer;
  } catch {
    // Not JSON: a page of the distribution, standing in for an API that did not answer.
  }
  const status = response.ok ? 0 : response.status;
  throw new ApiError(status, "unavailable", "The shop's counter cannot be reached just now.");
}
