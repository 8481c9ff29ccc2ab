// A quantity with a minus and a plus.

import { fill, h, icon } from "../dom.js";

export function stepper({ name, value, min = 1, max = 99, onChange }) {
  const output = h("output", { class: "stepper-value", "data-testid": "quantity", "aria-live": "off" });
  const step = (by, symbol, label, testid) =>
    h("button", {
      type: "button", class: "stepper-button", "aria-label": `${label} ${name}`, "data-testid": testid,
      on: { click: () => current + by >= min && current + by <= max && onChange(current + by) },
    }, icon(symbol));
  const minus = step(-1, "minus", "One less:", "quantity-minus");
  const plus = step(+1, "plus", "One more:", "quantity-plus");
  let current;

  // aria-disabled rather than disabled, so that the focus stays where it is at the ends.
  function set(number) {
    current = number;
    fill(output, String(number));
    minus.setAttribute("aria-disabled", String(number <= min));
    plus.setAttribute("aria-disabled", String(number >= max));
  }

  set(value);
  const node = h("div", { class: "stepper", role: "group", "aria-label": `Quantity of ${name}` },
    minus, output, plus);
  return { node, set };
}
