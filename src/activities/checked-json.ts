import type { Json, JsonObject } from '../dag/json.js';
import { storedRef } from '../dag/stored-value.js';
import type { TaskFailure } from './handler.js';

/** Deeper values overflow the stack of what reads them. */
const MAXIMUM_DEPTH = 500;

/** What a task hands over, and how it fails where that does not fit. */
export interface CheckedKind {
  /** As sentences call it: `output`. */
  readonly name: string;
  /** Bytes that it may have as JSON. */
  readonly maximumBytes: number;
  readonly invalid: (message: string) => TaskFailure;
  readonly tooLarge: () => TaskFailure;
}

/**
 * A copy of the value that went through JSON.
 * @throws TaskFailure what the kind makes, where it is not JSON, or too large.
 */
export function checkedJson(value: unknown, kind: CheckedKind): Json {
  checkJson(value, kind.name, 0, { left: kind.maximumBytes, kind });
  const text = JSON.stringify(value);
  if (Buffer.byteLength(text) > kind.maximumBytes) throw kind.tooLarge();
  return JSON.parse(text) as Json;
}

/** `left` counts down a lower bound of the size, so that a huge or endlessly shared value is never written out. */
function checkJson(
  value: unknown,
  path: string,
  depth: number,
  budget: { left: number; readonly kind: CheckedKind },
): void {
  const { name, invalid, tooLarge } = budget.kind;
  // Each member has a comma or a bracket beside it.
  budget.left -= typeof value === 'string' ? value.length + 1 : depth === 0 ? 1 : 2;
  if (budget.left < 0) throw tooLarge();
  if (depth > MAXIMUM_DEPTH) throw invalid(`The ${name} is nested more than ${MAXIMUM_DEPTH} deep, or in itself.`);
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return;
    case 'number':
      if (!Number.isFinite(value)) throw invalid(`${shown(path)} is ${value}, which JSON has no word for.`);
      return;
    case 'object':
      if (value === null) return;
      if (Array.isArray(value)) {
        for (let index = 0; index < value.length; index++) {
          checkJson(value[index], `${path}[${index}]`, depth + 1, budget);
        }
        return;
      }
      if (isPlain(value)) {
        // What stands for a stored value is Dagwright's to write: whoever is handed it gets what it stands for.
        if (storedRef(value as JsonObject) !== undefined) throw invalid(`${shown(path)} stands for a stored value.`);
        for (const [key, member] of Object.entries(value)) {
          // As JSON.stringify does: an optional property that is not there.
          if (member !== undefined) checkJson(member, `${path}.${key}`, depth + 1, budget);
        }
        return;
      }
      break;
    default:
      break;
  }
  throw invalid(`${shown(path)} is ${kindOf(value)}, which is not JSON.`);
}

/** Whether it is an object literal, of whatever realm, that JSON.stringify takes as it is. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return (
    (prototype === null || Object.getPrototypeOf(prototype) === null) &&
    typeof (value as { toJSON?: unknown }).toJSON !== 'function'
  );
}

function kindOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return `of type ${typeof value}`;
  const name = value.constructor?.name || 'Object';
  return name === 'Object' ? 'an object with a `toJSON` of its own' : `a ${name}`;
}

function shown(path: string): string {
  return path.length > 200 ? `${path.slice(0, 200)}...` : path;
}
