// What a CloudFront function finds around it: console, require, Buffer, text codings.
// Evaluated before the function's own code, in a context of its own for each call.
(function (global, sources) {
  'use strict';
  const evaluate = global.eval;
  const logs = [];
  const say = (...values) => {
    logs.push(values.map((value) =>
      typeof value === 'object' && value !== null && !(value instanceof Error)
        ? JSON.stringify(value) : String(value)).join(' '));
  };
  const loaded = {};
  const load = (name) => {
    if (!(name in loaded)) {
      if (!Object.prototype.hasOwnProperty.call(sources, name)) {
        throw new Error("Cannot find module '" + name + "'");
      }
      loaded[name] = evaluate(sources[name])(load, kvs);
    }
    return loaded[name];
  };
  const hidden = (name, descriptor) =>
    Object.defineProperty(global, name, { configurable: true, enumerable: false, ...descriptor });
  hidden('console', { value: { log: say, info: say, warn: say, error: say, debug: say } });
  hidden('require', {
    value: (name) => {
      if (name === 'buffer') return { Buffer: load('buffer') };
      if (!['crypto', 'querystring', 'cloudfront'].includes(name)) {
        throw new Error("Cannot find module '" + name + "'");
      }
      return load(name);
    },
  });
  hidden('Buffer', { get: () => load('buffer') });
  hidden('TextEncoder', { get: () => load('text').TextEncoder });
  hidden('TextDecoder', { get: () => load('text').TextDecoder });
  hidden('atob', { get: () => load('text').atob });
  hidden('btoa', { get: () => load('text').btoa });
  const kvs = { store: undefined, waiting: [], asked: [] };
  hidden('__store', { value: (facts) => { kvs.store = JSON.parse(facts); } });
  hidden('__asked', { value: () => JSON.stringify(kvs.asked.splice(0)) });
  hidden('__answer', { value: (number, value) => kvs.waiting[number](JSON.parse(value)) });
  kvs.look = (key) => new Promise((resolve) => {
    kvs.asked.push([kvs.waiting.push(resolve) - 1, String(key)]);
  });
  hidden('__logs', { value: () => JSON.stringify(logs) });
  hidden('__run', {
    value: (text) => {
      const event = JSON.parse(text);
      const state = { done: false, output: undefined, error: undefined };
      const origins = load('cloudfront').__selected;
      const finish = (value) => {
        state.done = true;
        state.output = value === undefined ? undefined : JSON.stringify(value);
        state.origin = origins.length ? JSON.stringify(origins[origins.length - 1]) : undefined;
      };
      const fail = (error) => {
        state.done = true;
        state.error = error instanceof Error ? error.name + ': ' + error.message : String(error);
      };
      hidden('__state', { value: () => JSON.stringify(state) });
      if (typeof handler !== 'function') {
        fail(new TypeError('The function code does not define a function named handler'));
        return;
      }
      const result = handler(event);
      if (result !== null && typeof result === 'object' && typeof result.then === 'function') {
        result.then(finish, fail);
      } else {
        finish(result);
      }
    },
  });
  hidden('eval', { value: () => { throw new EvalError('Code generation from strings disallowed'); } });
})
