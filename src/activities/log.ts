import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { AttemptName } from './log-store.js';

const MAXIMUM_NAME_LENGTH = 120;
/** What nearly every name is. */
const PLAIN_NAME = /^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,119}$/;

/** The newest file of an attempt's log: `<folder>/<run>/<task>/<attempt>.log`, whatever characters the names have. */
export function attemptLogPath(folder: string, name: AttemptName): string {
  return join(folder, safeName(name.runId), safeName(name.task), `${name.attempt}.log`);
}

/** A run id is a user's text: it must not climb out of the folder, hide itself, or be too long for a file system. */
function safeName(name: string): string {
  if (PLAIN_NAME.test(name)) return name;
  const safe = Array.from(Buffer.from(name), (byte, index) => {
    const character = String.fromCharCode(byte);
    return /[A-Za-z0-9_-]/.test(character) || (character === '.' && index > 0)
      ? character
      : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }).join('');
  if (safe.length <= MAXIMUM_NAME_LENGTH) return safe || '%';
  return `${safe.slice(0, MAXIMUM_NAME_LENGTH - 17)}-${createHash('sha256').update(name).digest('hex').slice(0, 16)}`;
}
