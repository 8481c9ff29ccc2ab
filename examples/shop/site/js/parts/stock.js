// How many are left, said only when it matters.

import { h } from "../dom.js";

const FEW = 20;

export function stockNote(stock) {
  if (stock === 0) return h("span", { class: "stock", "data-level": "none", "data-testid": "stock" }, "Sold out");
  if (stock <= FEW) return h("span", { class: "stock", "data-level": "few", "data-testid": "stock" }, `Only ${stock} left`);
  return null;
}
