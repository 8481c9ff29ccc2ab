// The last look before buying.

import * as cart from "../cart.js";
import { isUnanswered, placeOrder } from "../checkout.js";
import { fill, h, icon } from "../dom.js";
import { count, pieces, price } from "../format.js";
import { itemList } from "../parts/item-list.js";
import { failure, panel, signInNeeded, skeleton, whileBusy } from "../parts/states.js";
import { navigate } from "../router.js";
import { isSignedIn, session } from "../session.js";

export function checkoutView({ signal, setTitle }) {
  setTitle("Checkout");
  const body = h("div", {});
  const page = h("div", { class: "page page-narrow" }, h("h1", {}, "Checkout"), body);
  if (!isSignedIn()) {
    fill(body, signInNeeded("Please sign in first", "Then your cart can become an order."));
    return page;
  }

  async function refresh() {
    fill(body, skeleton("line", 3));
    try {
      const value = await cart.load();
      if (!signal.aborted) fill(body, value.items.length || isUnanswered() ? review(value, signal) : empty());
    } catch (error) {
      if (!signal.aborted && isSignedIn()) fill(body, failure(error, refresh));
    }
  }

  refresh();
  return page;
}

function review(value, signal) {
  const error = h("div", { class: "form-error", role: "alert", "data-testid": "checkout-error" });
  const text = h("span", {});
  const button = h("button", { type: "button", class: "button button-wide", "data-testid": "place-order" }, text);
  const isRepeat = isUnanswered();
  fill(text, isRepeat ? "Send the order again" : `Place the order for ${price(value.total_cents)}`);

  button.addEventListener("click", () => whileBusy(button, async () => {
    fill(error);
    try {
      const orderId = await placeOrder();
      if (!signal.aborted) navigate(`/orders/${orderId}`, { replace: true });
    } catch (problem) {
      const advice = problem.isOutage ? " Trying again is safe: it counts only once." : "";
      fill(error, icon("alert"), h("p", {}, problem.message + advice));
      fill(text, problem.isOutage ? "Try again" : "Place the order");
    }
  }));

  return h("section", { class: "sheet", "aria-label": "Your order" },
    isRepeat && h("div", { class: "callout" }, icon("delayed"),
      h("p", {}, "We never heard back about your last order. Sending it again is safe: it counts only once.")),
    value.items.length > 0 && itemList(value.items),
    value.items.length > 0 && h("dl", { class: "totals" },
      h("div", {}, h("dt", {}, "Passenger"), h("dd", { class: "break" }, session.value.email)),
      h("div", {}, h("dt", {}, "Delivery to your gate"), h("dd", {}, "Free")),
      h("div", { class: "totals-sum" },
        h("dt", {}, `Total for ${count(pieces(value.items), "item")}`),
        h("dd", { "data-testid": "checkout-total" }, price(value.total_cents)))),
    error,
    button,
    h("p", { class: "small" }, "This is a demonstration: you will not be charged. ",
      h("a", { href: "/cart" }, "Change the cart")));
}

function empty() {
  return panel({
    testid: "empty-checkout", symbol: "bag", title: "There is nothing to check out",
    text: "Your cart is empty.",
    actions: [h("a", { class: "button", href: "/" }, "Look around the shop")],
  });
}
