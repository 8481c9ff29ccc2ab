// Everything the customer has ordered, newest first.

import * as api from "../api.js";
import { fill, h, icon } from "../dom.js";
import { count, moment, orderNumber, pieces, price } from "../format.js";
import { failure, panel, signInNeeded, skeleton } from "../parts/states.js";
import { statusChip } from "../parts/status.js";
import { isSignedIn } from "../session.js";

export function ordersView({ signal, setTitle }) {
  setTitle("Orders");
  const body = h("div", {});
  const page = h("div", { class: "page page-narrow" }, h("h1", {}, "Your orders"), body);
  if (!isSignedIn()) {
    fill(body, signInNeeded("Your orders are kept for you", "Sign in to see them."));
    return page;
  }

  async function refresh() {
    fill(body, h("div", { "aria-busy": "true" }, skeleton("row", 3)));
    try {
      const { orders } = await api.listOrders();
      if (!signal.aborted) fill(body, orders.length ? board(orders) : empty());
    } catch (error) {
      if (!signal.aborted && isSignedIn()) fill(body, failure(error, refresh));
    }
  }

  refresh();
  return page;
}

function board(orders) {
  return h("ul", { class: "board", "data-testid": "orders" }, orders.map((order) =>
    h("li", {},
      h("a", { class: "board-row", href: `/orders/${encodeURIComponent(order.order_id)}`, "data-testid": "order-row" },
        h("span", { class: "board-number" }, orderNumber(order.order_id)),
        h("span", { class: "board-what" }, summary(order.items),
          h("time", { datetime: order.placed_at }, moment(order.placed_at))),
        h("span", { class: "board-total price" }, price(order.total_cents)),
        statusChip(order.status),
        icon("next", "icon board-next")))));
}

function summary(items) {
  const [first, ...others] = items;
  if (others.length === 0) return first.quantity === 1 ? first.name : `${first.quantity} × ${first.name}`;
  return `${first.name} and ${count(pieces(items) - 1, "more item")}`;
}

function empty() {
  return panel({
    testid: "empty-orders", symbol: "ticket", title: "No orders yet",
    text: "Your first one will appear here, like a flight on a board.",
    actions: [h("a", { class: "button", href: "/" }, "Look around the shop")],
  });
}
