import type { Json, JsonObject } from '../dag/json.js';

/** What stands in the place of a secret. */
export const MASK = '***';
/** Characters from which on a value is masked: shorter ones are all over any text. */
export const SHORTEST_MASKED = 4;
/** Characters of a part of a value (a line, base64 within base64) from which on it is masked by itself. */
const SHORTEST_PART = 8;
/** Characters of a secret's beginning that are masked where a text was cut off after them. */
const SHORTEST_REST = 3;

/**
 * Hides the values of secrets, wherever they stand: as they are, as in JSON, in URLs and in base64, line by line too.
 * Values of under 4 characters are not hidden. A value that was changed otherwise (reversed, cut up) is not found.
 */
export class Masks {
  readonly #forms: readonly string[];
  readonly #pattern: RegExp;
  /** The forms as their UTF-8 bytes, each byte a character. */
  readonly #byteForms: readonly string[];
  readonly #bytePattern: RegExp;

  constructor(values: Iterable<string>) {
    const forms = new Set<string>();
    for (const value of values) for (const form of formsOf(value)) forms.add(form);
    // The longest first: the pattern takes the first that fits.
    this.#forms = [...forms].sort((a, b) => b.length - a.length);
    this.#pattern = patternOf(this.#forms);
    this.#byteForms = this.#forms
      .map((form) => Buffer.from(form).toString('latin1'))
      .sort((a, b) => b.length - a.length);
    this.#bytePattern = patternOf(this.#byteForms);
  }

  /** @param isCut whether the text was cut off at its end: the beginning of a value there is hidden too. */
  text(text: string, isCut: boolean = false): string {
    if (this.#forms.length === 0) return text;
    const masked = text.replace(this.#pattern, MASK);
    if (!isCut) return masked;
    const from = openEnd(masked, 0, this.#forms);
    return masked.length - from < SHORTEST_REST ? masked : masked.slice(0, from) + MASK;
  }

  /** All texts in the value, names of fields too. */
  json(value: Json): Json {
    if (typeof value === 'string') return this.text(value);
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map((item: Json) => this.json(item));
    return Object.fromEntries(
      Object.entries(value as JsonObject).map(([name, member]) => [this.text(name), this.json(member)]),
    );
  }

  /** For bytes that come piece by piece. */
  stream(): MaskedStream {
    return new MaskedStream(this.#byteForms, this.#bytePattern);
  }
}

/** Bytes in which secrets are hidden, though they come in pieces. Keeps at most one byte less than the longest value. */
export class MaskedStream {
  readonly #forms: readonly string[];
  readonly #pattern: RegExp;
  #held = '';

  constructor(forms: readonly string[], pattern: RegExp) {
    this.#forms = forms;
    this.#pattern = pattern;
  }

  /** Takes bytes in, and gives those that are decided: what may be the beginning of a secret comes later. */
  push(bytes: Uint8Array): Uint8Array {
    if (this.#forms.length === 0) return bytes;
    const all = this.#held + Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
    let out = '';
    let from = 0;
    let open = openEnd(all, 0, this.#forms);
    for (;;) {
      this.#pattern.lastIndex = from;
      const match = this.#pattern.exec(all);
      // What begins at an open end may be longer than what is there of it.
      if (match === null || match.index >= open) break;
      out += all.slice(from, match.index) + MASK;
      from = match.index + match[0].length;
      if (open < from) open = openEnd(all, from, this.#forms);
    }
    this.#held = all.slice(open);
    return Buffer.from(out + all.slice(from, open), 'latin1');
  }

  /** The rest. */
  end(): Uint8Array {
    const rest = this.#held.replace(this.#pattern, MASK);
    this.#held = '';
    return Buffer.from(rest, 'latin1');
  }
}

/** Where, from `from` on, what the text ends with may be the beginning of a form; its length where nothing is. */
function openEnd(text: string, from: number, forms: readonly string[]): number {
  const longest = forms[0]?.length ?? 0;
  for (let at = Math.max(from, text.length - longest + 1); at < text.length; at++) {
    const length = text.length - at;
    const first = text.charCodeAt(at);
    for (const form of forms) {
      if (form.length <= length) break;
      if (form.charCodeAt(0) === first && text.startsWith(form.slice(0, length), at)) return at;
    }
  }
  return text.length;
}

function patternOf(forms: readonly string[]): RegExp {
  // The empty class fits nothing.
  const source = forms.map((form) => form.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')).join('|') || '[]';
  return new RegExp(source, 'g');
}

/** The texts in which a value may turn up. */
function formsOf(value: string): string[] {
  const values = new Set([value, value.trim()]);
  const lines = value.split(/\r?\n/);
  if (lines.length > 1) for (const line of lines) if (line.trim().length >= SHORTEST_PART) values.add(line.trim());
  return [...values].filter((one) => one.length >= SHORTEST_MASKED).flatMap(encodingsOf);
}

function encodingsOf(value: string): string[] {
  const json = JSON.stringify(value).slice(1, -1);
  const asciiJson = json.replace(/[\u007f-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
  // Bytes know no lone surrogates, at which the two would throw.
  const wellFormed = Buffer.from(value).toString();
  const urls = [encodeURIComponent(wellFormed), encodeURI(wellFormed)];
  const form = new URLSearchParams({ v: value }).toString().slice(2);
  const base64 = base64Of(value);
  const encoded = [json, asciiJson, json.replaceAll('/', '\\/'), ...urls, form, ...base64].filter(
    (one) => one.length >= SHORTEST_MASKED,
  );
  const lowerCase = [...urls, form].map((url) => url.replace(/%[0-9A-F]{2}/g, (hex) => hex.toLowerCase()));
  return [value, ...encoded, ...lowerCase, ...base64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_'))];
}

/** The value by itself, and what its base64 has of it when other bytes stand around it (`user:password`). */
function base64Of(value: string): string[] {
  const bytes = Buffer.from(value);
  const whole = bytes.toString('base64');
  const within = [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
    // Digits of which all six bits are the value's.
    return text.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6));
  });
  return [whole, whole.replace(/=+$/, ''), ...within.filter((text) => text.length >= SHORTEST_PART)];
}
