// One product.

import { fill, h, icon } from "../dom.js";
import { price } from "../format.js";
import { addButton } from "../parts/add-button.js";
import { picture } from "../parts/picture.js";
import { failure, panel, skeleton } from "../parts/states.js";
import { stepper } from "../parts/stepper.js";
import { stockNote } from "../parts/stock.js";
import { find, load } from "../products.js";

export function productView({ params, signal, setTitle }) {
  const body = h("div", { class: "product" });
  setTitle("Product");

  async function refresh() {
    show();
    if (!find(params.id)) fill(body, skeleton("picture", 1), skeleton("text", 1));
    try {
      await load();
      if (!signal.aborted) show() || fill(body, unknown());
    } catch (error) {
      if (!signal.aborted && !find(params.id)) fill(body, failure(error, refresh));
    }
  }

  let shown;

  function show() {
    const product = find(params.id);
    // Nothing is redrawn under the customer's hands unless it has changed.
    if (product && JSON.stringify(product) !== shown) {
      shown = JSON.stringify(product);
      setTitle(product.name);
      fill(body, details(product));
    }
    return product;
  }

  refresh();
  return h("div", { class: "page" },
    h("p", { class: "back" }, h("a", { href: "/" }, "← All goods")),
    body);
}

function details(product) {
  let quantity = 1;
  const max = Math.max(1, Math.min(99, product.stock));
  const counter = stepper({
    name: product.name,
    value: quantity,
    max,
    onChange: (value) => {
      quantity = value;
      counter.set(value);
    },
  });
  return [
    picture(product.id),
    h("div", { class: "product-text", "data-testid": "product", "data-product-id": product.id },
      h("h1", {}, product.name),
      h("p", { class: "product-price", "data-testid": "product-price" }, price(product.price_cents)),
      h("p", { class: "lead" }, product.description),
      stockNote(product.stock),
      h("div", { class: "product-buy" },
        product.stock > 0 && counter.node,
        addButton(product, { quantity: () => quantity, long: true })),
      h("ul", { class: "promises" },
        promise("Light enough for cabin luggage"),
        promise("Free delivery to your gate"),
        promise("Thirty days to change your mind"))),
  ];
}

function promise(text) {
  return h("li", {}, icon("check"), text);
}

function unknown() {
  return panel({
    testid: "unknown-product", level: "h1", symbol: "compass", title: "We do not carry that",
    text: "There is no such product, or there is none any more.",
    actions: [h("a", { class: "button", href: "/" }, "See what there is")],
  });
}
