// How many are left, said only when it matters.

import { h } from "../dom.js";

const FEW = 20;

export function stockNote(stock) {
  if (stock > FEW) return null;
  const isSoldOut = stock === 0;
  return h("span", { class: "stock", "data-level": isSoldOut ? "none" : "few", "data-testid": "stock" },
    isSoldOut ? "Sold out" : `Only ${stock} left`);
}
