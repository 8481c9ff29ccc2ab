// Errors as callers and logs see them.

/** What callers get: type, message and stack. */
export function toPayload(error) {
  if (error instanceof Error || (error && typeof error === 'object' && 'stack' in error && 'message' in error)) {
    return {
      errorType: String(error.name).replace(/\x7F/g, '%7F'),
      errorMessage: String(error.message).replace(/\x7F/g, '%7F'),
      trace: String(error.stack).replace(/\x7F/g, '%7F').split('\n'),
    };
  }
  return {
    errorType: typeof error,
    errorMessage: error === undefined || error === null ? String(error) : error.toString(),
    trace: [],
  };
}

/** What was thrown, as an error: logs tell of nothing else. */
export function asError(thrown) {
  return thrown instanceof Error ? thrown : new Error(thrown);
}

/** What logs in JSON get. */
export function toJson(error) {
  const stackTrace = typeof error.stack === 'string' ? error.stack.split('\n') : [];
  return { errorType: error.constructor?.name ?? 'UnknownError', errorMessage: error.message, stackTrace, ...error };
}

/** What logs get: also the error's own properties. */
export function toLog(error) {
  const shown = { errorType: error.name, errorMessage: error.message, ...error };
  if (error.code !== undefined) shown.code = error.code;
  if (error.cause !== undefined) shown.cause = error.cause instanceof Error ? toLog(error.cause) : error.cause;
  shown.stack = String(error.stack).split('\n');
  return shown;
}

function named(name) {
  return class extends Error {
    constructor(message) {
      super(message);
      this.name = name;
    }
  };
}

export const ImportModuleError = named('Runtime.ImportModuleError');
export const HandlerNotFound = named('Runtime.HandlerNotFound');
export const MalformedHandlerName = named('Runtime.MalformedHandlerName');
export const UserCodeSyntaxError = named('Runtime.UserCodeSyntaxError');
export const UnhandledPromiseRejection = named('Runtime.UnhandledPromiseRejection');
export const MalformedStreamingHandler = named('Runtime.MalformedStreamingHandler');
export const CallbackHandlerDeprecated = named('Runtime.CallbackHandlerDeprecated');
export const NodeJsExit = named('Runtime.NodeJsExit');
