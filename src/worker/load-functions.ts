import { access } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { RegisteredFunction } from '../activities/function.js';
import { DagwrightError } from '../dag/errors.js';

/** The names that a functions module has where it lies beside its dag file. */
const NAMES_BESIDE = ['functions.mjs', 'functions.js'] as const;

/**
 * Loads the functions that these modules export: functions made by `defineFunction`, dags of typed functions, and arrays
 * of either, under any name.
 * @throws DagwrightError FUNCTIONS_INVALID where a module is missing, cannot be loaded or has no functions, and where two
 * different functions have one name.
 */
export async function loadFunctions(files: readonly string[]): Promise<RegisteredFunction[]> {
  const lists = await Promise.all(files.map(functionsOfFile));
  return mergeFunctions(lists.flat());
}

/** The functions module beside a dag file: `functions.mjs`, else `functions.js`; undefined where there is none. */
export async function functionsBeside(dagFile: string): Promise<string | undefined> {
  for (const name of NAMES_BESIDE) {
    const file = join(dirname(resolve(dagFile)), name);
    if (await exists(file)) return file;
  }
  return undefined;
}

/**
 * Each function once.
 * @throws DagwrightError FUNCTIONS_INVALID where two different ones have one name.
 */
export function mergeFunctions(functions: Iterable<RegisteredFunction>): RegisteredFunction[] {
  const byName = new Map<string, RegisteredFunction>();
  for (const definition of functions) {
    const known = byName.get(definition.name);
    if (known !== undefined && known !== definition) {
      throw new DagwrightError('FUNCTIONS_INVALID', `Two functions are named "${definition.name}".`, {
        hint: 'Rename one of them; tasks call a function by its name.',
      });
    }
    byName.set(definition.name, definition);
  }
  return [...byName.values()];
}

/**
 * Loads a module of the user's.
 * @throws DagwrightError FUNCTIONS_INVALID where it is missing or cannot be loaded; what `dag()` throws in it.
 */
export async function importUserModule(file: string): Promise<Readonly<Record<string, unknown>>> {
  const path = resolve(file);
  if (!(await exists(path))) {
    throw new DagwrightError('FUNCTIONS_INVALID', `The module ${file} does not exist.`, { hint: 'Check the path.' });
  }
  try {
    return (await import(pathToFileURL(path).href)) as Record<string, unknown>;
  } catch (cause) {
    // Its own `dag()` or `defineFunction()` said what is wrong; it may come from another copy of Dagwright.
    if (cause instanceof Error && cause.name === 'DagwrightError') throw cause;
    throw new DagwrightError('FUNCTIONS_INVALID', `The module ${file} cannot be loaded: ${reasonOf(cause)}`, {
      hint: hintFor(cause),
      cause,
    });
  }
}

/** The functions among the exports of a module. */
export function functionsIn(value: unknown): RegisteredFunction[] {
  if (Array.isArray(value)) return value.flatMap(functionsIn);
  if (typeof value !== 'object' || value === null) return [];
  if (isFunction(value)) return [value];
  return 'functions' in value ? functionsIn(value.functions) : [];
}

async function functionsOfFile(file: string): Promise<RegisteredFunction[]> {
  const functions = functionsIn(Object.values(await importUserModule(file)));
  if (functions.length > 0) return functions;
  throw new DagwrightError('FUNCTIONS_INVALID', `The module ${file} exports no functions.`, {
    hint: "Make them with `defineFunction('name', { run })`, and export them.",
  });
}

function isFunction(value: object): value is RegisteredFunction {
  return 'name' in value && typeof value.name === 'string' && 'run' in value && typeof value.run === 'function';
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

function hintFor(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (code === 'ERR_UNKNOWN_FILE_EXTENSION') {
    return 'This Node runs JavaScript only: compile the module to .mjs or .js first, or use Node 22.18 or later.';
  }
  if (code === 'ERR_MODULE_NOT_FOUND') return 'Install what it imports in the folder of the module, or above it.';
  return 'Try it with `node` alone: it must load as an ES module.';
}
