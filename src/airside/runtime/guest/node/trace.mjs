// _X_AMZN_TRACE_ID, which is another for each event.
//
// The C library keeps every value that a variable ever had, so that a long life of setting it would
// fill the memory: 144 bytes an event. process.env therefore answers for this variable by itself.

const NAME = '_X_AMZN_TRACE_ID';

let trace;

export function setTrace(value) {
  trace = value || undefined;
}

function describe() {
  return trace === undefined ? undefined : { value: trace, writable: true, enumerable: true, configurable: true };
}

export function installTrace() {
  const real = process.env;
  trace = real[NAME];
  delete real[NAME];
  process.env = new Proxy(real, {
    get: (target, name) => (name === NAME ? trace : target[name]),
    has: (target, name) => (name === NAME ? trace !== undefined : name in target),
    set(target, name, value) {
      if (name === NAME) trace = String(value);
      else target[name] = value;
      return true;
    },
    deleteProperty(target, name) {
      if (name === NAME) trace = undefined;
      return delete target[name];
    },
    defineProperty(target, name, descriptor) {
      if (name !== NAME) return Reflect.defineProperty(target, name, descriptor);
      trace = String(descriptor.value);
      return true;
    },
    getOwnPropertyDescriptor: (target, name) => (name === NAME ? describe() : Reflect.getOwnPropertyDescriptor(target, name)),
    ownKeys: (target) => (trace === undefined ? Reflect.ownKeys(target) : [...Reflect.ownKeys(target), NAME]),
  });
}
