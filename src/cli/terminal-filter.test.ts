import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { terminalFilter } from './terminal-filter.js';

function filtered(text: string, pieceSize = Infinity): string {
  const filter = terminalFilter();
  const bytes = Buffer.from(text);
  let out = '';
  for (let at = 0; at < bytes.length; at += Math.min(pieceSize, bytes.length)) {
    out += filter.push(bytes.subarray(at, at + Math.min(pieceSize, bytes.length)));
  }
  return out + filter.end();
}

describe('terminalFilter', () => {
  it('keeps text, line breaks, tabs and colours', () => {
    const text = 'a\tb\n\u001b[1;38;5;208mé日🚀\u001b[m\n';
    expect(filtered(text)).toBe(`${text}\u001b[0m`);
    expect(filtered('plain\n')).toBe('plain\n');
  });

  it.each([
    ['clears the screen', 'a\u001b[2J\u001b[Hb', 'ab'],
    ['moves the cursor', 'a\u001b[3A\u009b1;1Hb', 'ab'],
    ['sets the title', 'a\u001b]0;title\u0007b\u001b]2;title\u001b\\c', 'abc'],
    ['writes the clipboard', 'a\u001b]52;c;aGk=\u0007b', 'ab'],
    ['asks the terminal', 'a\u001b[c\u001b[6n\u001bP$qm\u001b\\b', 'ab'],
    ['changes the character set', 'a\u001b(0b\u000ec', 'abc'],
    ['resets the terminal', 'a\u001bcb', 'ab'],
    ['rings and deletes', 'a\u0007\u0008\u007f\u0000b', 'ab'],
    ['is no colour though it looks like one', 'a\u001b[>4;2mb\u001b[?4mc', 'abc'],
    ['never ends', 'a\u001b]0;title', 'a'],
  ])('drops what %s', (_what, text, expected) => {
    expect(filtered(text)).toBe(expected);
  });

  it('ends a line at each carriage return', () => {
    expect(filtered('10 %\r20 %\rdone\r\nnext\r')).toBe('10 %\n20 %\ndone\nnext\n');
  });

  it('gives the same whatever the pieces are', () => {
    const piece = fc.constantFrom(
      'a',
      'é',
      '🚀',
      '\r',
      '\n',
      '\u001b',
      '[',
      '31',
      'm',
      ']0;x',
      '\u0007',
      '\u001b\\',
      '2J',
    );
    fc.assert(
      fc.property(fc.array(piece), fc.integer({ min: 1, max: 5 }), (pieces, size) => {
        const text = pieces.join('');
        expect(filtered(text, size)).toBe(filtered(text));
      }),
    );
  });

  it('lets no other control character through, whatever comes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...Array.from({ length: 160 }, (_, i) => String.fromCharCode(i)))),
        (all) => {
          // oxlint-disable-next-line no-control-regex -- these are what must not be there
          expect(filtered(all.join('')).replaceAll(/\u001b\[[\d;:]*m/g, '')).toMatch(/^[\t\n\x20-\x7e]*$/);
        },
      ),
    );
  });
});
