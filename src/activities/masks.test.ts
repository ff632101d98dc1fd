import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MASK, Masks } from './masks.js';

const TOKEN = 's3cr3t/tok+en="ä"';

function streamed(masks: Masks, pieces: readonly Uint8Array[]): string {
  const stream = masks.stream();
  return Buffer.concat([...pieces.map((piece) => stream.push(piece)), stream.end()]).toString();
}

/** Cuts bytes at the given places, taken modulo their number. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const at = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return at.slice(1).map((end, index) => bytes.subarray(at[index], end));
}

describe('Masks', () => {
  it.each<[string, (value: string) => string]>([
    ['as it is', (value) => value],
    ['in JSON', (value) => JSON.stringify({ value })],
    ['in JSON of ASCII only', (value) => JSON.stringify(value).replaceAll('ä', '\\u00e4')],
    ['in a URL', (value) => `https://example.com/?q=${encodeURIComponent(value)}&x`],
    ['in a URL with small letters', (value) => encodeURIComponent(value).toLowerCase()],
    ['in a form', (value) => String(new URLSearchParams({ q: value }))],
    ['in base64', (value) => Buffer.from(value).toString('base64')],
    ['in base64 for URLs', (value) => Buffer.from(value).toString('base64url')],
    ['in base64 behind a name', (value) => Buffer.from(`user:${value}`).toString('base64')],
    ['in base64 amid other text', (value) => Buffer.from(`name=${value}; more`).toString('base64')],
  ])('hide a value that stands %s', (_, write) => {
    const written = write(TOKEN);
    const masked = new Masks([TOKEN]).text(`before ${written} after`);
    expect(masked).toContain(MASK);
    expect(masked).not.toContain(written);
    expect(masked.startsWith('before ')).toBe(true);
    expect(masked.endsWith(' after')).toBe(true);
    // What is left of base64 at the edges has no whole character of the value.
    expect(Buffer.from(masked.replaceAll(MASK, ''), 'base64').toString('latin1')).not.toContain('s3cr');
  });

  it('hide each line of a value that has several, and the value without the space around it', () => {
    const masks = new Masks(['-----BEGIN KEY-----\nMIIEvQIBADANBg\nx\n', 'padded \n']);
    expect(masks.text('line: MIIEvQIBADANBg; x; padded')).toBe('line: ***; x; ***');
  });

  it('leave values of under 4 characters, which are all over any text', () => {
    expect(new Masks(['abc', '']).text('abcabc')).toBe('abcabc');
    expect(new Masks([]).text('abc')).toBe('abc');
  });

  it('take the longer one of two values that begin alike', () => {
    const masks = new Masks(['pass', 'password']);
    expect(masks.text('pass password passport')).toBe('*** *** ***port');
    expect(
      streamed(
        masks,
        ['pass', 'wor', 'd pa', 'ss', 'port'].map((text) => Buffer.from(text)),
      ),
    ).toBe('*** ***port');
  });

  it('hide the beginning of a value where a text was cut off', () => {
    const masks = new Masks(['token-12345']);
    expect(masks.text('it is token-12', true)).toBe('it is ***');
    expect(masks.text('it is token-12')).toBe('it is token-12');
    expect(masks.text('it is to', true)).toBe('it is to');
  });

  it('go through all of a value, names too', () => {
    const masks = new Masks(['hidden']);
    expect(masks.json({ hidden: ['a hidden b', 1, null, { x: true }], __proto__x: 'y' })).toEqual({
      '***': ['a *** b', 1, null, { x: true }],
      __proto__x: 'y',
    });
  });

  const secret = fc.string({ unit: fc.constantFrom('a', 'b', 'ä', '\n', '"'), minLength: 4, maxLength: 12 });
  const text = fc.string({ unit: fc.constantFrom('a', 'b', 'ä', '\n', '"', ' ', '€'), maxLength: 60 });
  const places = fc.array(fc.nat(1_000), { maxLength: 12 });

  it('never let a secret through a stream, however it is cut', () => {
    fc.assert(
      fc.property(
        fc.array(secret, { minLength: 1, maxLength: 3 }),
        text,
        text,
        places,
        (secrets, before, after, at) => {
          const whole = Buffer.from(before + secrets.join('') + after);
          const out = streamed(new Masks(secrets), cut(whole, at));
          for (const one of secrets) expect(out.includes(one)).toBe(false);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('give the same whether a text comes whole or in pieces, and leave the rest as it is', () => {
    fc.assert(
      fc.property(fc.array(secret, { maxLength: 3 }), text, secret, places, (secrets, before, after, at) => {
        const masks = new Masks(secrets);
        const whole = before + (secrets[0] ?? '') + after;
        expect(streamed(masks, cut(Buffer.from(whole), at))).toBe(masks.text(whole));
      }),
      { numRuns: 2_000 },
    );
  });

  it('pass bytes on that are no text', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), places, (bytes, at) => {
        const stream = new Masks(['a secret that is not in there']).stream();
        const out = cut(Buffer.from(bytes), at).map((piece) => stream.push(piece));
        expect(Buffer.concat([...out, stream.end()])).toEqual(Buffer.from(bytes));
      }),
    );
  });

  it('hide a key of a thousand lines, whole and line by line, in a moment', () => {
    const lines = Array.from({ length: 1_000 }, (_, i) => createHash('sha256').update(String(i)).digest('base64'));
    const masks = new Masks([lines.join('\n')]);
    const log = Buffer.from(`${lines.map((line, i) => `${i}: ${line}\n`).join('')}whole: ${lines.join('\n')}!`);
    const began = performance.now();
    const masked = streamed(
      masks,
      cut(
        log,
        Array.from({ length: 500 }, (_, i) => i * 7_919),
      ),
    );
    expect(performance.now() - began).toBeLessThan(5_000);
    expect(masked).toBe(`${lines.map((_, i) => `${i}: ***\n`).join('')}whole: ***!`);
  });

  it('keep back no more than may be the beginning of a secret', () => {
    const stream = new Masks(['secret']).stream();
    expect(Buffer.from(stream.push(Buffer.from('a sec'))).toString()).toBe('a ');
    expect(Buffer.from(stream.push(Buffer.from('ond\n'))).toString()).toBe('second\n');
  });
});
