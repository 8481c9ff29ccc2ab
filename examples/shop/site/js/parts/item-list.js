// Things and how many of each, to read and not to change.

import { h } from "../dom.js";
import { price } from "../format.js";
import { picture } from "./picture.js";

export function itemList(items) {
  return h("ul", { class: "items" }, items.map((item) =>
    h("li", { class: "item", "data-testid": "order-item", "data-product-id": item.product_id },
      picture(item.product_id),
      h("span", { class: "item-name" }, item.name),
      h("span", { class: "item-quantity" }, `× ${item.quantity}`),
      h("span", { class: "price" }, price(item.price_cents * item.quantity)))));
}
