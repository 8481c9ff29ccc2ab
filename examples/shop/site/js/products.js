// The catalogue, remembered so that coming back to a page shows it at once while it is refreshed.

import * as api from "./api.js";
import { Store } from "./store.js";

/** The list of products, or null before the first answer. */
export const products = new Store(null);

export async function load() {
  products.value = (await api.listProducts()).products;
  return products.value;
}

export const find = (productId) => products.value?.find((product) => product.id === productId);
