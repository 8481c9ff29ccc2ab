// Finding the handler that `_HANDLER` names.

import { existsSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { HandlerNotFound, ImportModuleError, MalformedHandlerName, UserCodeSyntaxError } from './errors.mjs';

function isFile(name) {
  return existsSync(name) && statSync(name).isFile();
}

function isModulePackage(file) {
  for (let folder = path.dirname(file); ; folder = path.dirname(folder)) {
    const manifest = path.join(folder, 'package.json');
    if (isFile(manifest)) {
      try {
        return JSON.parse(readFileSync(manifest, 'utf8')).type === 'module';
      } catch {
        return false;
      }
    }
    if (folder === path.dirname(folder)) return false;
  }
}

async function load(root, name) {
  const whole = path.resolve(root, name);
  const require = createRequire(path.join(root, 'index.js'));
  for (const suffix of ['', '.js', '.mjs', '.cjs']) {
    const file = whole + suffix;
    if (!isFile(file)) continue;
    const esm = suffix === '.mjs' || (suffix !== '.cjs' && file.endsWith('.mjs')) || (suffix === '.js' && isModulePackage(file));
    return esm ? import(pathToFileURL(file).href) : require(file);
  }
  return require(require.resolve(name, { paths: [root, ...require.resolve.paths(name) ?? []] }));
}

/** The function; throws one of the runtime's own errors, or what the module itself throws. */
export async function loadHandler(root, handler) {
  const folder = path.dirname(handler);
  const [, name, member] = /^([^.]*)\.(.+)$/.exec(path.basename(handler)) ?? [];
  if (handler.includes('..') || name === undefined) throw new MalformedHandlerName('Bad handler');
  let found;
  try {
    found = await load(root, path.join(folder, name));
  } catch (error) {
    if (error instanceof SyntaxError) throw withStack(new UserCodeSyntaxError(error.toString()), error);
    if (['MODULE_NOT_FOUND', 'ERR_MODULE_NOT_FOUND'].includes(error?.code)) {
      throw withStack(new ImportModuleError(error.toString()), error);
    }
    throw error;
  }
  const pick = (from) => member.split('.').reduce((value, key) => value?.[key], from);
  const chosen = pick(found) ?? pick(found?.default);
  if (!chosen) throw new HandlerNotFound(`${handler} is undefined or not exported`);
  if (typeof chosen !== 'function') throw new HandlerNotFound(`${handler} is not a function`);
  return chosen;
}

function withStack(error, cause) {
  error.stack = `${error.name}: ${cause.stack}`;
  return error;
}
