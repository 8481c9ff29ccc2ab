// Where the shop opens: the views by path, and what the header knows.

import * as api from "./api.js";
import * as cart from "./cart.js";
import { fill, h } from "./dom.js";
import { count, pieces } from "./format.js";
import { notify } from "./notices.js";
import { here, navigate, refresh, route, start } from "./router.js";
import { end, isSignedIn, session } from "./session.js";
import { cartView } from "./views/cart.js";
import { checkoutView } from "./views/checkout.js";
import { notFoundView } from "./views/not-found.js";
import { orderView } from "./views/order.js";
import { ordersView } from "./views/orders.js";
import { productView } from "./views/product.js";
import { shopView } from "./views/shop.js";
import { signInView, signUpView } from "./views/sign-in.js";

route("/", shopView, "shop");
route("/products/:id", productView, "shop");
route("/cart", cartView, "cart");
route("/checkout", checkoutView, "cart");
route("/orders", ordersView, "orders");
route("/orders/:id", orderView, "orders");
route("/signin", signInView, "account");
route("/signup", signUpView, "account");
route("/.*", notFoundView); // the last one is for everything else

let isLeaving = false;

async function leaveSession() {
  isLeaving = true;
  // Whatever the server says, this browser forgets the token.
  await api.signOut().catch(() => {});
  end();
  isLeaving = false;
  navigate("/");
  notify("You are signed out. Safe travels.");
}

function showAccount() {
  const account = document.getElementById("account");
  if (isSignedIn()) {
    fill(account, h("button", {
      type: "button", class: "nav-button", "data-testid": "nav-signout",
      title: `Signed in as ${session.value.email}`, on: { click: leaveSession },
    }, "Sign out"));
  } else {
    fill(account, h("a", { href: "/signin", "data-nav": "account", "data-testid": "nav-signin" }, "Sign in"));
  }
}

function showCount(value) {
  const number = pieces(value?.items ?? []);
  const badge = document.getElementById("cart-count");
  badge.hidden = number === 0;
  fill(badge, h("span", { "aria-hidden": "true" }, String(number)),
    h("span", { class: "visually-hidden" }, `, ${count(number, "item")}`));
}

let wasSignedIn = isSignedIn();

session.addEventListener("change", () => {
  showAccount();
  if (wasSignedIn && !isSignedIn() && !isLeaving) {
    refresh();
    notify("Your session has ended. Please sign in again.", { kind: "bad" });
  } else if (!wasSignedIn && isSignedIn()) {
    loadCart();
  }
  wasSignedIn = isSignedIn();
});

// The header's number is a courtesy; the cart's own page says what is wrong if it cannot be had.
function loadCart() {
  if (here().startsWith("/signin") || here().startsWith("/signup")) return;
  cart.load().catch(() => {});
}

showAccount();
cart.cart.watch(showCount);
start(document.getElementById("main"));
if (isSignedIn()) loadCart();
