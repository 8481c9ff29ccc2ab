// How an order is doing, in words.

import { h } from "../dom.js";

export const STATUS = {
  pending: { label: "In progress", sentence: "We are looking for your things in the store room." },
  confirmed: { label: "Confirmed", sentence: "Everything is yours. It is on its way to your gate." },
  rejected: { label: "Not possible", sentence: "We could not fill this order, and nothing was charged." },
};

export function statusChip(status) {
  return h("span", { class: "chip", "data-status": status }, STATUS[status]?.label ?? status);
}
