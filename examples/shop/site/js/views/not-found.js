import { h } from "../dom.js";
import { panel } from "../parts/states.js";

export function notFoundView({ setTitle }) {
  setTitle("No such page");
  return h("div", { class: "page" }, panel({
    testid: "not-found",
    level: "h1",
    symbol: "compass",
    title: "This gate does not exist",
    text: "The address leads nowhere. Perhaps it was cut short on its way to you.",
    actions: [h("a", { class: "button", href: "/" }, "Back to the shop")],
  }));
}
