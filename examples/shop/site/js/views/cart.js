// The cart: change quantities, take things out, go on to the checkout.

import * as cart from "../cart.js";
import { isUnanswered } from "../checkout.js";
import { fill, focusOn, h, icon } from "../dom.js";
import { count, pieces, price } from "../format.js";
import { notify } from "../notices.js";
import { picture } from "../parts/picture.js";
import { failure, panel, signInNeeded, skeleton } from "../parts/states.js";
import { stepper } from "../parts/stepper.js";
import { find, load as loadProducts } from "../products.js";
import { isSignedIn } from "../session.js";

export function cartView({ signal, setTitle }) {
  setTitle("Cart");
  const heading = h("h1", {}, "Your cart");
  const body = h("div", { class: "cart" });
  const page = h("div", { class: "page" }, heading, body);
  if (!isSignedIn()) {
    fill(body, signInNeeded("Your cart waits behind the counter", "Sign in to see what you have put aside."));
    return page;
  }

  const lines = new Map(); // by product id, kept while they last so that the focus is not lost
  const list = h("ul", { class: "lines", "data-testid": "cart-lines" });
  const summary = h("aside", { class: "summary", "aria-label": "Summary" });

  function show(value) {
    if (!value) return;
    if (value.items.length === 0) {
      lines.clear();
      fill(body, unanswered(), empty());
      return;
    }
    for (const [productId, line] of lines) {
      if (!value.items.some((item) => item.product_id === productId)) {
        line.node.remove();
        lines.delete(productId);
      }
    }
    for (const item of value.items) {
      if (!lines.has(item.product_id)) {
        const line = lineOf(item, heading);
        lines.set(item.product_id, line);
        list.append(line.node);
      }
      lines.get(item.product_id).update(item);
    }
    fill(summary, totals(value));
    if (!body.contains(list)) fill(body, unanswered(), list, summary);
  }

  async function refresh() {
    if (!cart.cart.value) fill(body, h("div", { class: "lines", "aria-busy": "true" }, skeleton("line", 3)));
    try {
      await cart.load();
    } catch (error) {
      if (!signal.aborted && isSignedIn()) fill(body, failure(error, refresh));
    }
  }

  cart.cart.watch(show, signal);
  refresh();
  // How many are left is a courtesy here.
  loadProducts().then(() => signal.aborted || show(cart.cart.value)).catch(() => {});
  return page;
}

function lineOf(first, heading) {
  let item = first;
  const link = h("a", { href: `/products/${encodeURIComponent(item.product_id)}` }, item.name);
  const unit = h("p", { class: "line-unit" });
  const total = h("p", { class: "price line-total", "data-testid": "line-total" });
  const warning = h("p", { class: "line-warning", "data-testid": "line-warning" });
  const counter = stepper({
    name: item.name,
    value: item.quantity,
    onChange: (quantity) => attempt(() => cart.setQuantity(item.product_id, quantity)),
  });
  const takeOut = h("button", {
    type: "button", class: "link-button", "data-testid": "remove", "aria-label": `Remove ${item.name}`,
    on: { click: () => attempt(removeLine) },
  }, icon("bin"), "Remove");
  const node = h("li", { class: "line", "data-testid": "cart-line", "data-product-id": item.product_id },
    picture(item.product_id),
    h("div", { class: "line-text" }, h("h2", { class: "line-title" }, link), unit, warning),
    h("div", { class: "line-controls" }, counter.node, takeOut),
    total);

  async function attempt(work) {
    if (node.getAttribute("aria-busy") === "true") return;
    node.setAttribute("aria-busy", "true");
    try {
      await work();
    } catch (error) {
      if (error.code !== "not_signed_in") notify(error.message, { kind: "bad" });
    } finally {
      node.removeAttribute("aria-busy");
    }
  }

  async function removeLine() {
    await cart.remove(item.product_id);
    focusOn(heading);
    notify(`${item.name} is out of your cart.`);
  }

  function update(next) {
    item = next;
    counter.set(item.quantity);
    fill(unit, item.quantity > 1 && `${price(item.price_cents)} each`);
    fill(total, price(item.price_cents * item.quantity));
    const stock = find(item.product_id)?.stock;
    fill(warning, stock < item.quantity && (stock === 0 ? "Sold out by now." : `Only ${stock} left.`));
  }

  return { node, update };
}

function totals(value) {
  const number = pieces(value.items);
  return [
    h("dl", { class: "totals" },
      h("div", {}, h("dt", {}, count(number, "item")), h("dd", {}, price(value.total_cents))),
      h("div", {}, h("dt", {}, "Delivery to your gate"), h("dd", {}, "Free")),
      h("div", { class: "totals-sum" },
        h("dt", {}, "Total"), h("dd", { "data-testid": "cart-total" }, price(value.total_cents)))),
    h("a", { class: "button button-wide", href: "/checkout", "data-testid": "checkout" }, "Go to checkout"),
    h("p", { class: "small" }, "Things in a cart are not reserved. First to order, first to board."),
  ];
}

function unanswered() {
  return isUnanswered() && h("div", { class: "callout", "data-testid": "unanswered-order" },
    icon("delayed"),
    h("p", {}, "We never heard back about your last order."),
    h("a", { href: "/checkout" }, "Find out what became of it"));
}

function empty() {
  return panel({
    testid: "empty-cart", symbol: "bag", title: "Nothing in here yet",
    text: "An empty bag is the lightest of all. But then, twelve good things are waiting.",
    actions: [h("a", { class: "button", href: "/" }, "Look around the shop")],
  });
}
