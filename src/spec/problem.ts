import type { DiagnosticCode } from './diagnostic.js';

/** What a rule says of the value it stands at; the path is put before it. */
export interface Problem {
  readonly code: DiagnosticCode;
  /** Goes on after "`tasks.a.timeout` ". */
  readonly text: string;
  readonly hint?: string;
}

const SEPARATOR = '\u0001';

/** A problem as a zod message: zod carries nothing but text. */
export function pack(code: DiagnosticCode, text: string, hint = ''): string {
  return [code, text, hint].join(SEPARATOR);
}

/** The problem in a zod message, or undefined where zod wrote the message itself. */
export function unpack(message: string): Problem | undefined {
  const [code, text, hint] = message.split(SEPARATOR);
  if (code === undefined || text === undefined) return undefined;
  return { code: code as DiagnosticCode, text, ...(hint ? { hint } : {}) };
}

/** A value as a message quotes it: short, on one line. */
export function quote(value: unknown): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  const text = String(value).replaceAll(/\s+/g, ' ').replaceAll('`', "'").slice(0, 60);
  return `\`${text.replaceAll(SEPARATOR, ' ')}\``;
}
