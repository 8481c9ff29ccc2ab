// Streamed answers: awslambda.streamifyResponse and HttpResponseStream.

import { Writable } from 'node:stream';
import * as api from './api.mjs';
import { toPayload } from './errors.mjs';

const STREAMING = Symbol.for('aws.lambda.runtime.handler.streaming');
const HIGH_WATER_MARK = Symbol.for('aws.lambda.runtime.handler.streaming.highWaterMark');
const INTEGRATION = 'application/vnd.awslambda.http-integration-response';

export function isStreaming(handler) {
  return handler[STREAMING] === 'response';
}

function streamifyResponse(handler, options) {
  handler[STREAMING] = 'response';
  if (typeof options?.highWaterMark === 'number') handler[HIGH_WATER_MARK] = options.highWaterMark;
  return handler;
}

class HttpResponseStream {
  static from(underlying, prelude) {
    underlying.setContentType(INTEGRATION);
    underlying._onBeforeFirstWrite = (write) => {
      write(JSON.stringify(prelude));
      write(new Uint8Array(8));
    };
    return underlying;
  }
}

/** What a streaming handler writes to: a request to the Runtime API that begins with its first byte. */
export class ResponseStream extends Writable {
  #request;
  #requestId;
  #contentType = 'application/octet-stream';
  #sent;

  constructor(requestId, highWaterMark) {
    super({ highWaterMark: highWaterMark ?? 64 * 1024 });
    this.#requestId = requestId;
    this.sent = new Promise((resolve) => {
      this.#sent = resolve;
    });
  }

  setContentType(contentType) {
    this.#contentType = contentType;
  }

  get begun() {
    return this.#request !== undefined;
  }

  #begin() {
    if (this.#request) return;
    const headers = {
      'Content-Type': this.#contentType,
      'Lambda-Runtime-Function-Response-Mode': 'streaming',
      'Transfer-Encoding': 'chunked',
      Trailer: ['Lambda-Runtime-Function-Error-Type', 'Lambda-Runtime-Function-Error-Body'],
    };
    this.#request = api.open(`/invocation/${this.#requestId}/response`, headers, this.#sent);
    this.#request.on('error', () => this.#sent());
    this.#request.flushHeaders();
    const before = this._onBeforeFirstWrite;
    before?.((data) => this.#request.write(data));
  }

  _write(chunk, encoding, callback) {
    this.#begin();
    const data = typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk;
    if (this.#request.write(data)) callback();
    else this.#request.once('drain', callback);
  }

  _final(callback) {
    this.#begin();
    this.#request.end();
    callback();
  }

  /** End what has begun with an error, in the trailers. */
  fail(error) {
    const payload = toPayload(error);
    this.#request.addTrailers({
      'Lambda-Runtime-Function-Error-Type': payload.errorType,
      'Lambda-Runtime-Function-Error-Body': Buffer.from(JSON.stringify(payload)).toString('base64'),
    });
    this.#request.end();
  }
}

export function highWaterMark(handler) {
  return handler[HIGH_WATER_MARK];
}

export function installGlobals() {
  globalThis.awslambda = { ...globalThis.awslambda, streamifyResponse, HttpResponseStream };
}
