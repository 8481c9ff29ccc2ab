// console, as Lambda's Node runtime writes it: one record per call, with level and request id.

import { writeSync } from 'node:fs';
import { format, formatWithOptions } from 'node:util';
import { asError, toJson, toLog } from './errors.mjs';

const LEVELS = { TRACE: 1, DEBUG: 2, INFO: 3, WARN: 4, ERROR: 5, FATAL: 6 };
const JSON_FORMAT = (process.env.AWS_LAMBDA_LOG_FORMAT ?? '').toUpperCase() === 'JSON';
const LEAST = LEVELS[(process.env.AWS_LAMBDA_LOG_LEVEL ?? '').toUpperCase()] ?? 0;
const METHODS = { log: 'INFO', info: 'INFO', debug: 'DEBUG', warn: 'WARN', error: 'ERROR', trace: 'TRACE' };
const MAGIC = 0xa55a0003;

const pipe = Number(process.env._LAMBDA_TELEMETRY_LOG_FD) || 0;
delete process.env._LAMBDA_TELEMETRY_LOG_FD;

let requestId;

export function setRequestId(id) {
  requestId = id;
}

function writeAll(fd, data) {
  for (let at = 0; at < data.length; ) {
    try {
      at += writeSync(fd, data, at);
    } catch (error) {
      if (error.code !== 'EAGAIN') return;
    }
  }
}

/** One log event, which may have several lines. */
export function write(text) {
  if (!pipe) {
    writeAll(1, Buffer.from(`${text.replace(/\n/g, '\r')}\n`));
    return;
  }
  const body = Buffer.from(`${text}\n`);
  const head = Buffer.alloc(16);
  head.writeUInt32BE(MAGIC, 0);
  head.writeUInt32BE(body.length, 4);
  head.writeBigUInt64BE(BigInt(Date.now()) * 1000n, 8);
  writeAll(pipe, Buffer.concat([head, body]));
}

function asJson(level, parts) {
  const record = { timestamp: new Date().toISOString(), level, requestId };
  if (parts.length === 1) {
    record.message = parts[0];
    try {
      return JSON.stringify(record, (_, value) => (value instanceof Error ? toJson(value) : value));
    } catch {
      record.message = format(parts[0]);
      return JSON.stringify(record);
    }
  }
  record.message = format(...parts);
  const error = parts.find((part) => part instanceof Error);
  if (error) {
    const { errorType, errorMessage, stackTrace } = toJson(error);
    Object.assign(record, { errorType, errorMessage, stackTrace });
  }
  return JSON.stringify(record);
}

export function log(level, ...parts) {
  if (LEVELS[level] < LEAST) return;
  if (JSON_FORMAT) write(asJson(level, parts));
  else write(`${new Date().toISOString()}\t${requestId}\t${level}\t${formatWithOptions({}, ...parts)}`);
}

/** How an error that ends an event, or the process, is told. */
export function logError(what, error) {
  if (JSON_FORMAT) log('ERROR', asError(error));
  else log('ERROR', `${what} \t${JSON.stringify(toLog(asError(error)))}`);
}

export function patchConsole() {
  for (const [method, level] of Object.entries(METHODS)) {
    console[method] = (...parts) => log(level, ...parts);
  }
  console.fatal = (...parts) => log('FATAL', ...parts);
}
