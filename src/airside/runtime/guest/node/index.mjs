// The Node runtime client: finds the handler (INIT), then serves one event after another.

import * as api from './api.mjs';
import { CallbackHandlerDeprecated, MalformedStreamingHandler, NodeJsExit, UnhandledPromiseRejection, toPayload } from './errors.mjs';
import { loadHandler } from './loader.mjs';
import { logError, patchConsole, setRequestId } from './logs.mjs';
import { installTrace, setTrace } from './trace.mjs';
import { ResponseStream, highWaterMark, installGlobals, isStreaming } from './streaming.mjs';

const MAJOR = Number(/nodejs(\d+)/.exec(process.env.AWS_EXECUTION_ENV ?? '')?.[1] ?? 20);
const CALLBACKS = MAJOR < 24;

let currentId;

function parse(text) {
  return text ? JSON.parse(text) : undefined;
}

function makeContext(headers) {
  const deadline = Number(headers['lambda-runtime-deadline-ms']);
  const environment = process.env;
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionVersion: environment.AWS_LAMBDA_FUNCTION_VERSION,
    functionName: environment.AWS_LAMBDA_FUNCTION_NAME,
    memoryLimitInMB: environment.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: environment.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: environment.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: parse(headers['lambda-runtime-client-context']),
    identity: parse(headers['lambda-runtime-cognito-identity']),
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    awsRequestId: headers['lambda-runtime-aws-request-id'],
    getRemainingTimeInMillis: () => deadline - Date.now(),
  };
}

/** Runs a buffered handler, in whichever of its styles; its result. */
function run(handler, event, context) {
  return new Promise((resolve, reject) => {
    const idle = () => {
      if (CALLBACKS) resolve(null);
      else {
        reject(new NodeJsExit(
          'The Lambda runtime client detected an unexpected Node.js exit code. This is most commonly '
          + 'caused by a Promise that was never settled. For more information, see '
          + 'https://nodejs.org/docs/latest/api/process.html#exit-codes'));
      }
    };
    const settle = (finish) => (value) => {
      process.removeListener('beforeExit', idle);
      finish(value);
    };
    const succeed = settle(resolve);
    const fail = settle(reject);
    process.once('beforeExit', idle);
    const done = (error, result) => {
      process.removeListener('beforeExit', idle);
      const finish = () => (error === undefined || error === null ? succeed(result) : fail(error));
      if (context.callbackWaitsForEmptyEventLoop) process.once('beforeExit', () => setImmediate(finish));
      else setImmediate(finish);
    };
    if (CALLBACKS) {
      Object.assign(context, { done, succeed: (result) => done(null, result), fail: (error) => done(error ?? 'handled') });
    }
    try {
      const returned = CALLBACKS ? handler(event, context, done) : handler(event, context);
      if (typeof returned?.then === 'function') returned.then(succeed, fail);
      else if (!CALLBACKS) succeed(returned);
    } catch (error) {
      fail(error);
    }
  });
}

function serialise(result) {
  try {
    return JSON.stringify(result === undefined ? null : result) ?? 'null';
  } catch {
    throw new Error('Unable to stringify response body');
  }
}

async function answerBuffered(handler, event, context) {
  const id = context.awsRequestId;
  let body;
  try {
    body = serialise(await run(handler, event, context));
  } catch (error) {
    logError('Invoke Error', error);
    await postError(`/invocation/${id}/error`, error);
    return;
  }
  await api.post(`/invocation/${id}/response`, body);
}

async function answerStreaming(handler, event, context) {
  const stream = new ResponseStream(context.awsRequestId, highWaterMark(handler));
  let idle;
  const drained = new Promise((resolve) => {
    idle = resolve;
  });
  stream.on('error', () => {});
  process.once('beforeExit', idle);
  try {
    const returned = handler(event, stream, context);
    if (typeof returned?.then !== 'function') throw new MalformedStreamingHandler('Streaming does not support non-async handlers.');
    await Promise.race([returned, drained]);
    if (!stream.writableEnded) stream.end();
  } catch (error) {
    logError('Invoke Error', error);
    if (!stream.begun) {
      await postError(`/invocation/${context.awsRequestId}/error`, error);
      return;
    }
    if (!stream.writableEnded) stream.fail(error);
  } finally {
    process.removeListener('beforeExit', idle);
  }
  await stream.sent;
}

function postError(path, error) {
  const payload = toPayload(error);
  return api.post(path, JSON.stringify(payload), { 'Lambda-Runtime-Function-Error-Type': encodeURI(payload.errorType) });
}

async function end(what, error, status) {
  logError(what, error);
  const path = currentId === undefined ? '/init/error' : `/invocation/${currentId}/error`;
  try {
    await postError(path, error);
  } finally {
    process.exit(status);
  }
}

async function main() {
  installGlobals();
  installTrace();
  patchConsole();
  process.on('uncaughtException', (error) => end('Uncaught Exception', error, 129));
  process.on('unhandledRejection', (reason, promise) => {
    const error = new UnhandledPromiseRejection(String(reason));
    Object.assign(error, { reason: reason instanceof Error ? toPayload(reason) : reason, promise });
    return end('Unhandled Promise Rejection', error, 128);
  });
  let handler;
  try {
    handler = await loadHandler(process.env.LAMBDA_TASK_ROOT, process.env._HANDLER);
    if (!CALLBACKS && !isStreaming(handler) && handler.length >= 3) {
      throw new CallbackHandlerDeprecated(
        'AWS Lambda has removed support for callback-based function handlers starting with Node.js 24. '
        + 'You need to modify this function to use a supported handler signature to use Node.js 24 or later.');
    }
  } catch (error) {
    await end('Uncaught Exception', error, 129);
  }
  for (;;) {
    const { headers, body } = await api.next();
    currentId = headers['lambda-runtime-aws-request-id'];
    setRequestId(currentId);
    setTrace(headers['lambda-runtime-trace-id']);
    const answer = isStreaming(handler) ? answerStreaming : answerBuffered;
    await answer(handler, JSON.parse(body), makeContext(headers));
  }
}

main();
