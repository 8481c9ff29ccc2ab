// An order as a boarding pass: it is asked for, less and less often, until it has been decided.

import * as api from "../api.js";
import * as cart from "../cart.js";
import { fill, h, icon, s } from "../dom.js";
import { moment, orderNumber, pieces, price } from "../format.js";
import { notify } from "../notices.js";
import { itemList } from "../parts/item-list.js";
import { failure, panel, signInNeeded, skeleton, whileBusy } from "../parts/states.js";
import { STATUS, statusChip } from "../parts/status.js";
import { navigate } from "../router.js";
import { isSignedIn } from "../session.js";

const FIRST_WAIT_MS = 400;
const WAIT_MS_MAX = 5000;
const BACKOFF = 1.5;
const PATIENCE_MS = 90_000;

export function orderView({ params, signal, setTitle }) {
  setTitle("Order");
  // The sentence is a live region of its own, so that only it is read out when the order moves on.
  const sentence = h("p", {
    class: "order-sentence", role: "status", "aria-live": "polite", "data-testid": "order-sentence",
  });
  const body = h("div", {});
  const page = h("div", { class: "page page-narrow" }, h("h1", {}, "Your order"), sentence, body);
  if (!isSignedIn()) {
    fill(body, signInNeeded("Orders are private", "Sign in to see how this one is doing."));
    return page;
  }

  let status;

  function show(order) {
    if (order.status === status) return;
    status = order.status;
    setTitle(`Order ${orderNumber(order.order_id)}: ${STATUS[status].label}`);
    const pass = body.querySelector(".pass");
    // The same pass moves on, so that its plane is seen to fly.
    if (pass) update(pass, order);
    else fill(body, passOf(order));
    const reason = order.reason && `${order.reason.message} Nothing was charged.`;
    say(sentence, reason ?? STATUS[status].sentence);
  }

  async function follow() {
    const started = Date.now();
    for (let wait = FIRST_WAIT_MS; !signal.aborted; wait = Math.min(wait * BACKOFF, WAIT_MS_MAX)) {
      const order = await api.getOrder(params.id);
      if (signal.aborted) return;
      show(order);
      if (order.status !== "pending") return;
      if (Date.now() - started > PATIENCE_MS) {
        say(sentence, "This takes longer than usual. Your order is safe; look in again later.");
        fill(body.querySelector(".pass-actions"), checkAgain(begin));
        return;
      }
      await pause(wait, signal);
    }
  }

  async function begin() {
    if (!status) fill(body, skeleton("pass", 1));
    try {
      await follow();
    } catch (error) {
      if (signal.aborted || !isSignedIn()) return;
      fill(sentence);
      status = undefined;
      fill(body, error.code === "unknown_order" ? unknown() : failure(error, begin));
    }
  }

  begin();
  return page;
}

function passOf(order) {
  const number = orderNumber(order.order_id);
  const pass = h("article", { class: "pass", "data-testid": "order", "aria-label": `Order ${number}` },
    h("div", { class: "pass-main" },
      h("header", { class: "pass-head" },
        h("span", { class: "pass-title" }, "Order pass"),
        h("span", { class: "pass-chip" })),
      h("div", { class: "pass-route", "aria-hidden": "true" },
        h("div", { class: "pass-place" }, h("b", {}, "LAY"), h("span", {}, "Store room")),
        h("div", { class: "pass-track" }, icon("plane", "pass-plane")),
        h("div", { class: "pass-place" }, h("b", {}, "YOU"), h("span", {}, "Your gate"))),
      h("ol", { class: "pass-steps" }),
      itemList(order.items),
      h("dl", { class: "totals" },
        h("div", { class: "totals-sum" },
          h("dt", {}, "Total"),
          h("dd", { "data-testid": "order-total" }, price(order.total_cents)))),
      h("div", { class: "pass-actions" })),
    h("div", { class: "pass-stub" },
      h("dl", { class: "stub-facts" },
        fact("Order", number, { "data-testid": "order-id", "data-order-id": order.order_id }),
        fact("Items", String(pieces(order.items))),
        fact("Placed", h("time", { datetime: order.placed_at }, moment(order.placed_at)))),
      barcode(order.order_id)));
  update(pass, order);
  return pass;
}

function fact(name, value, props) {
  return h("div", {}, h("dt", {}, name), h("dd", props, value));
}

function update(pass, order) {
  pass.dataset.status = order.status;
  const chip = statusChip(order.status);
  chip.setAttribute("data-testid", "order-status");
  fill(pass.querySelector(".pass-chip"), chip);
  const isDecided = order.status !== "pending";
  const last = order.status === "rejected" ? "Not possible" : "Confirmed";
  fill(pass.querySelector(".pass-steps"),
    step("Placed", "done"),
    step(isDecided ? "Stock checked" : "Checking stock", isDecided ? "done" : "current"),
    step(last, order.status === "rejected" ? "failed" : isDecided ? "done" : "ahead"));
  fill(pass.querySelector(".pass-actions"), order.status === "rejected" && putBack(order),
    isDecided && h("a", { class: "button button-quiet", href: "/" }, "Back to the shop"));
}

function step(text, state) {
  const said = { done: "done", current: "in progress", ahead: "to come", failed: "failed" }[state];
  return h("li", { "data-state": state, "aria-current": state === "current" && "step" },
    icon({ done: "check", failed: "close" }[state] ?? "dot"), text,
    h("span", { class: "visually-hidden" }, `: ${said}`));
}

function checkAgain(begin) {
  return h("button", {
    type: "button", class: "button", "data-testid": "check-again", on: { click: begin },
  }, "Check again");
}

/** A refused order's things can go back in the cart, to order fewer of them. */
function putBack(order) {
  const button = h("button", { type: "button", class: "button", "data-testid": "put-back" },
    "Put it all back in the cart");
  button.addEventListener("click", () => whileBusy(button, async () => {
    try {
      for (const item of order.items) await cart.setQuantity(item.product_id, item.quantity);
      navigate("/cart");
    } catch (error) {
      notify(error.message, { kind: "bad" });
    }
  }));
  return button;
}

function unknown() {
  return panel({
    testid: "unknown-order", symbol: "compass", title: "No such order of yours",
    text: "The number may be mistyped, or the order belongs to another account.",
    actions: [h("a", { class: "button", href: "/orders" }, "See your orders")],
  });
}

/** Bars from the digits of the id: an ornament, different on every pass. */
function barcode(orderId) {
  const bars = [];
  let x = 0;
  for (const digit of orderId) {
    const value = parseInt(digit, 16) || 0;
    bars.push(s("rect", { x, y: 0, width: 1 + (value % 3), height: 40 }));
    x += 3 + (value % 3) + (value >> 3);
  }
  return s("svg", {
    class: "barcode", viewBox: `0 0 ${x} 40`, preserveAspectRatio: "none", "aria-hidden": "true",
  }, bars);
}

// Written only when it differs: saying the same again would be read out again.
function say(element, text) {
  if (element.textContent !== text) fill(element, text);
}

/** Wait, and longer while nobody is looking. */
async function pause(milliseconds, signal) {
  await new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", resolve, { once: true });
  });
  if (document.hidden && !signal.aborted) {
    await new Promise((resolve) => {
      document.addEventListener("visibilitychange", resolve, { once: true });
      signal.addEventListener("abort", resolve, { once: true });
    });
  }
}
