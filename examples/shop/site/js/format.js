// How numbers and times are written. Money is integer cents until this very moment.

const money = new Intl.NumberFormat("en-IE", { style: "currency", currency: "EUR" });
const dateTime = new Intl.DateTimeFormat("en-IE", { dateStyle: "medium", timeStyle: "short" });

export const price = (cents) => money.format(cents / 100);

export const moment = (iso) => dateTime.format(new Date(iso));

export const count = (number, one, many = `${one}s`) => `${number} ${number === 1 ? one : many}`;

/** The short form of an order's id, as on a boarding pass. */
export const orderNumber = (orderId) => orderId.slice(0, 8).toUpperCase();

export const pieces = (items) => items.reduce((sum, item) => sum + item.quantity, 0);
