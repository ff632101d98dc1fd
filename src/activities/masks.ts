import type { Json, JsonObject } from '../dag/json.js';

/** What stands in the place of a secret. */
export const MASK = '***';
/** Characters from which on a value is masked: shorter ones are all over any text. */
const SHORTEST_MASKED = 4;
/** Characters of a part of a value (a line, base64 within base64) from which on it is masked by itself. */
const SHORTEST_PART = 8;
/** Characters of a secret's beginning that are masked where a text was cut off after them. */
const SHORTEST_REST = 3;

/**
 * Hides the values of secrets, wherever they stand: as they are, as in JSON, in URLs and in base64, line by line too.
 * Values of under 4 characters are not hidden. A value that was changed otherwise (reversed, cut up) is not found.
 */
export class Masks {
  readonly #forms: Forms;

  constructor(values: Iterable<string>) {
    this.#forms = new Forms([...values].flatMap(formsOf));
  }

  /** @param isCut whether the text was cut off at its end: the beginning of a value there is hidden too. */
  text(text: string, isCut: boolean = false): string {
    const bytes = Buffer.from(text).toString('latin1');
    const { out, rest } = this.#forms.mask(bytes, !isCut);
    const masked = rest.length < SHORTEST_REST ? out + rest : out + MASK;
    // What holds no secret stays as it is, though it were no proper Unicode.
    return masked === bytes ? text : Buffer.from(masked, 'latin1').toString();
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
    return new MaskedStream(this.#forms);
  }
}

/** Bytes in which secrets are hidden, though they come in pieces. Keeps at most one byte less than the longest value. */
export class MaskedStream {
  readonly #forms: Forms;
  #held = '';

  constructor(forms: Forms) {
    this.#forms = forms;
  }

  /** Takes bytes in, and gives those that are decided: what may be the beginning of a secret comes later. */
  push(bytes: Uint8Array): Uint8Array {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
    const { out, rest } = this.#forms.mask(this.#held + text, false);
    this.#held = rest;
    return Buffer.from(out, 'latin1');
  }

  /** The rest. */
  end(): Uint8Array {
    const { out } = this.#forms.mask(this.#held, true);
    this.#held = '';
    return Buffer.from(out, 'latin1');
  }
}

/**
 * What is looked for, as UTF-8 bytes of which each is a character. A long secret of many lines has thousands of forms:
 * each place of a text is looked up by its first bytes, so that their number costs next to nothing.
 */
class Forms {
  /** By their first bytes; of each list the longest first. */
  readonly #byBeginning = new Map<string, string[]>();
  /** Whether a form begins with these two bytes. */
  readonly #pairs = new Uint8Array(1 << 16);

  constructor(texts: Iterable<string>) {
    const forms = [...new Set(texts)].map((text) => Buffer.from(text).toString('latin1'));
    for (const form of forms.sort((a, b) => b.length - a.length)) {
      const beginning = form.slice(0, SHORTEST_MASKED);
      const alike = this.#byBeginning.get(beginning);
      if (alike === undefined) this.#byBeginning.set(beginning, [form]);
      else alike.push(form);
      this.#pairs[pairAt(form, 0)] = 1;
    }
  }

  /**
   * Masks the text, the first and then the longest form first.
   * @param isEnd whether nothing follows. Else `rest` is what may be the beginning of a form, undecided.
   */
  mask(text: string, isEnd: boolean): { readonly out: string; readonly rest: string } {
    let out = '';
    let from = 0;
    for (let at = 0; at < text.length; at++) {
      if (text.length - at >= 2 && this.#pairs[pairAt(text, at)] === 0) continue;
      const found = this.#at(text, at, isEnd);
      if (found === 'open') return { out: out + text.slice(from, at), rest: text.slice(at) };
      if (found === 0) continue;
      out += text.slice(from, at) + MASK;
      from = at + found;
      at = from - 1;
    }
    return { out: out + text.slice(from), rest: '' };
  }

  /** How long the longest form at this place is, 0 where there is none; `open` where what follows the text may make a longer one. */
  #at(text: string, at: number, isEnd: boolean): number | 'open' {
    const left = text.length - at;
    if (left < SHORTEST_MASKED) return !isEnd && this.#beginsWith(text.slice(at)) ? 'open' : 0;
    for (const form of this.#byBeginning.get(text.slice(at, at + SHORTEST_MASKED)) ?? []) {
      if (form.length > left) {
        if (!isEnd && form.startsWith(text.slice(at))) return 'open';
      } else if (text.startsWith(form, at)) {
        return form.length;
      }
    }
    return 0;
  }

  #beginsWith(few: string): boolean {
    for (const beginning of this.#byBeginning.keys()) if (beginning.startsWith(few)) return true;
    return false;
  }
}

function pairAt(text: string, at: number): number {
  return (text.charCodeAt(at) << 8) | text.charCodeAt(at + 1);
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
