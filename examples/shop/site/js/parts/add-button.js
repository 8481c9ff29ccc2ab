// The button that puts a product in the cart, after signing in if need be.

import * as cart from "../cart.js";
import { h, icon } from "../dom.js";
import { notify } from "../notices.js";
import { here, navigate } from "../router.js";
import { isSignedIn } from "../session.js";
import { whileBusy } from "./states.js";

export function addButton(product, { quantity = () => 1, long = false } = {}) {
  const isSoldOut = product.stock === 0;
  const text = isSoldOut ? "Sold out" : long ? "Add to cart" : "Add";
  const button = h("button", {
    type: "button", class: "button add-button", disabled: isSoldOut, "data-testid": "add-to-cart",
    "aria-label": long || isSoldOut ? null : `Add ${product.name} to the cart`,
  }, !isSoldOut && icon("plus"), h("span", { class: "add-button-text" }, text));
  button.addEventListener("click", () => whileBusy(button, () => add(product, quantity())));
  return button;
}

async function add(product, quantity) {
  if (!isSignedIn()) {
    cart.postpone(product.id, quantity);
    navigate(`/signin?next=${encodeURIComponent(here())}`);
    return;
  }
  try {
    await cart.add(product.id, quantity);
    const what = quantity === 1 ? `${product.name} is` : `${quantity} × ${product.name} are`;
    notify(`${what} in your cart.`, { link: { href: "/cart", text: "View cart" } });
  } catch (error) {
    // A session that has run out says so itself.
    if (error.code !== "not_signed_in") notify(error.message, { kind: "bad" });
  }
}
