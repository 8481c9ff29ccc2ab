// The shelf.

import { fill, h } from "../dom.js";
import { price } from "../format.js";
import { addButton } from "../parts/add-button.js";
import { picture } from "../parts/picture.js";
import { failure, panel, skeleton } from "../parts/states.js";
import { stockNote } from "../parts/stock.js";
import { load, products } from "../products.js";

export function shopView({ signal, setTitle }) {
  setTitle("Small goods for long journeys");
  const shelf = h("div", { class: "shelf", "data-testid": "products" });

  let shown;

  // Nothing is redrawn under the customer's hands unless it has changed.
  function show(found) {
    if (JSON.stringify(found) === shown) return;
    shown = JSON.stringify(found);
    fill(shelf, cards(found));
  }

  async function refresh() {
    if (products.value) show(products.value);
    else fill(shelf, h("div", { class: "grid", "aria-busy": "true" }, skeleton("card", 8)));
    try {
      const found = await load();
      if (!signal.aborted) show(found);
    } catch (error) {
      if (!signal.aborted && !products.value) fill(shelf, failure(error, refresh));
    }
  }

  refresh();
  return h("div", {},
    hero(),
    h("section", { class: "page", "aria-labelledby": "shelf-title" },
      h("h2", { id: "shelf-title", class: "section-title" }, "On the shelf"),
      shelf));
}

function hero() {
  return h("section", { class: "hero" },
    h("div", { class: "hero-inner" },
      h("div", { class: "hero-text" },
        h("p", { class: "sign" }, h("span", { class: "sign-gate" }, "12"), "Goods for the in-between"),
        h("h1", {}, "Small goods for long journeys"),
        h("p", { class: "hero-lead" },
          "Twelve things that make the hours between two places a little softer, quieter or lighter.")),
      h("picture", { class: "hero-picture" },
        h("source", { srcset: "/pictures/windows-night.svg", media: "(prefers-color-scheme: dark)" }),
        h("img", { src: "/pictures/windows-day.svg", alt: "", width: 680, height: 350 }))));
}

function cards(list) {
  if (list.length === 0) {
    return panel({
      testid: "empty-shop", symbol: "bag", title: "The shelves are empty",
      text: "Everything is sold or still in the air. Please look in again later.",
    });
  }
  return h("ul", { class: "grid" }, list.map((product, place) => card(product, place)));
}

function card(product, place) {
  return h("li", { class: "card", "data-testid": "product-card", "data-product-id": product.id },
    picture(product.id, { lazy: place > 7 }),
    stockNote(product.stock),
    h("div", { class: "card-body" },
      h("h3", { class: "card-title" },
        h("a", { href: `/products/${encodeURIComponent(product.id)}`, "data-testid": "product-name" }, product.name)),
      h("p", { class: "card-text" }, product.description),
      h("div", { class: "card-foot" },
        h("span", { class: "price", "data-testid": "product-price" }, price(product.price_cents)),
        addButton(product))));
}
