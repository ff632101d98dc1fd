import { stripVTControlCharacters } from 'node:util';

const WIDE =
  /[\p{Emoji_Presentation}\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]/u;
const NO_WIDTH = /[\p{M}\p{Cf}]/u;
const NOT_PLAIN = /[^\x20-\x7e]/;
// oxlint-disable-next-line no-control-regex -- control characters are what it is for
const CONTROL = /[\x00-\x1f\x7f-\x9f\u2028\u2029]+/g;

/** So much of a name at least leads its index. */
const LEAST_BEGINNING = 4;

/** How many columns of a terminal the text takes. It must hold no escape codes. */
export function widthOf(text: string): number {
  if (!NOT_PLAIN.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += widthOfCharacter(character);
  return width;
}

/** The text, cut to so many columns; the last one is `…` where something is missing. */
export function cut(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  if (width <= 0) return '';
  let kept = '';
  let used = 0;
  for (const character of text) {
    used += widthOfCharacter(character);
    if (used > width - 1) break;
    kept += character;
  }
  return `${kept.trimEnd()}…`;
}

/** A task's name, cut to so many columns. What tells items, and what undoes, from one another stays: `convert-al…[3]`. */
export function cutName(name: string, width: number): string {
  const tail = /(?:\[\d+\])?(?:~undo)?$/.exec(name)?.[0] ?? '';
  if (tail === '' || name.length <= width || tail.length + LEAST_BEGINNING > width) return cut(name, width);
  return cut(name.slice(0, -tail.length), width - tail.length) + tail;
}

/** The text, filled with spaces to so many columns. */
export function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)));
}

/** The text in lines of at most so many columns, broken between words where it can be. */
export function wrap(text: string, width: number): string[] {
  const limit = Math.max(1, width);
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (widthOf(longer) <= limit) {
      line = longer;
      continue;
    }
    if (line !== '') lines.push(line);
    const pieces = piecesOf(word, limit);
    lines.push(...pieces.slice(0, -1));
    line = pieces.at(-1) ?? '';
  }
  if (line !== '') lines.push(line);
  return lines;
}

function piecesOf(word: string, limit: number): string[] {
  const pieces: string[] = [];
  let piece = '';
  for (const character of word) {
    if (piece !== '' && widthOf(piece + character) > limit) {
      pieces.push(piece);
      piece = '';
    }
    piece += character;
  }
  return [...pieces, piece];
}

/** Text that came from outside, safe to show in one line: no escape codes, no control characters, no line breaks. */
export function oneLine(text: string): string {
  return stripVTControlCharacters(text).replace(CONTROL, ' ').replaceAll(/\s+/g, ' ').trim();
}

/** A line that came from outside, safe to show, its indentation kept. */
export function cleanLine(text: string): string {
  return stripVTControlCharacters(text).replaceAll('\t', '  ').replace(CONTROL, ' ').trimEnd();
}

function widthOfCharacter(character: string): number {
  if (NO_WIDTH.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
}
