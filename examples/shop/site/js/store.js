// A value that tells when it changes.

export class Store extends EventTarget {
  #value;

  constructor(value) {
    super();
    this.#value = value;
  }

  get value() {
    return this.#value;
  }

  set value(value) {
    this.#value = value;
    this.dispatchEvent(new Event("change"));
  }

  /** Call back now and at every change, until the signal aborts. */
  watch(callback, signal) {
    callback(this.#value);
    this.addEventListener("change", () => callback(this.#value), { signal });
  }
}
