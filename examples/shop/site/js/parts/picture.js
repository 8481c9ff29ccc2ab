// The products' pictures, each on a colour of its own (see views.css for what a tint is by day and night).

import { h } from "../dom.js";

const TINTS = {
  "cabin-case": "sky",
  weekender: "sand",
  "cloud-pillow": "rose",
  "night-mask": "dusk",
  "quiet-headphones": "mint",
  "window-flask": "sand",
  "passport-cover": "sky",
  "luggage-tag": "mint",
  "world-adapter": "rose",
  logbook: "sand",
  "two-zone-watch": "dusk",
  "brass-plane": "sky",
};

/** The name is always beside it, so the picture itself says nothing to a screen reader. */
export function picture(productId, { lazy = false } = {}) {
  return h("div", { class: "picture", "data-tint": TINTS[productId] ?? "sand" },
    TINTS[productId] && h("img", {
      src: `/pictures/${productId}.svg`, alt: "", width: 400, height: 320, loading: lazy && "lazy",
    }));
}
