/** Characters of a pattern. */
const LONGEST_PATTERN = 200;
/** Ways to try one pattern on one text, as an engine that goes back and tries again may do: about a second. */
const MOST_WAYS = 100_000_000;
/** A repetition of more counts as without a bound. */
const SMALL = 10;
/** Characters that a pattern may be tried on: the more repetitions and choices it has, the fewer. */
const LENGTHS = [10_000, 5_000, 2_000, 1_000, 500, 200, 100] as const;

/** A pattern that is quick on any text up to a length, or why it may not be. */
export type PatternBound = { readonly longestText: number } | { readonly problem: string };

/**
 * How long a text this pattern may be tried on. JavaScript's engine goes back and tries again, so that some patterns run
 * for hours on a few dozen characters: those are refused (repetitions or choices inside a repetition, references back,
 * looking around, too many repetitions or choices). The rest is quick enough on texts of limited length: 10,000 characters
 * for most, 200 for those with four repetitions.
 */
export function boundOf(pattern: string): PatternBound {
  if (pattern.length > LONGEST_PATTERN) return { problem: `is over ${LONGEST_PATTERN} characters` };
  try {
    void new RegExp(pattern, 'u');
  } catch {
    return { problem: 'is no regular expression' };
  }
  const measured = measure(pattern);
  if ('problem' in measured) return measured;
  const longestText = LENGTHS.find((length) => waysOn(length, measured) <= MOST_WAYS);
  return longestText === undefined ? { problem: 'has too many repetitions and choices' } : { longestText };
}

interface Measured {
  /** Each multiplies the ways by the length of the text. */
  readonly repetitions: number;
  /** Ways to choose between alternatives, and for what is optional. */
  readonly choices: number;
}

function waysOn(length: number, { repetitions, choices }: Measured): number {
  let ways = choices;
  for (let times = 1; times <= repetitions; times++) ways *= length / times;
  return ways;
}

/** One look from left to right, at a pattern that is known to be sound. */
function measure(pattern: string): Measured | { readonly problem: string } {
  const groups: { alternatives: number; varies: boolean }[] = [{ alternatives: 1, varies: false }];
  let repetitions = 0;
  let choices = 1;
  let closed: { readonly alternatives: number; readonly varies: boolean } | undefined;
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern[at]!;
    const before = closed;
    closed = undefined;
    if (character === '\\') {
      if (/^\\(?:[1-9]|k<)/.test(pattern.slice(at, at + 3))) return { problem: 'refers back to a group' };
      at++;
    } else if (character === '[') {
      at = endOfClass(pattern, at);
    } else if (character === '(') {
      if (/^\(\?<?[=!]/.test(pattern.slice(at, at + 4))) return { problem: 'looks ahead or behind' };
      groups.push({ alternatives: 1, varies: false });
      // What follows `(?` says what kind of group it is.
      if (pattern[at + 1] === '?') at = kindEnd(pattern, at);
    } else if (character === ')') {
      closed = groups.pop()!;
      choices *= closed.alternatives;
      if (closed.varies) groups.at(-1)!.varies = true;
    } else if (character === '|') {
      const group = groups.at(-1)!;
      group.alternatives++;
      group.varies = true;
    } else {
      const times = timesOf(pattern.slice(at));
      if (times === undefined) continue;
      if (times.most > 1 && before?.varies === true) {
        return { problem: 'has a repetition or a choice inside a repetition' };
      }
      if (times.most !== times.least) groups.at(-1)!.varies = true;
      if (times.most - times.least > SMALL) repetitions++;
      else choices *= times.most - times.least + 1;
      if (character === '{') at = pattern.indexOf('}', at);
    }
  }
  const top = groups[0]!.alternatives;
  const isAnchored = pattern.startsWith('^') && top === 1;
  return { repetitions: repetitions + (isAnchored ? 0 : 1), choices: choices * top };
}

/** How often the quantifier that the text begins with repeats; undefined where it begins with none. */
function timesOf(text: string): { readonly least: number; readonly most: number } | undefined {
  if (text.startsWith('*')) return { least: 0, most: Number.POSITIVE_INFINITY };
  if (text.startsWith('+')) return { least: 1, most: Number.POSITIVE_INFINITY };
  if (text.startsWith('?')) return { least: 0, most: 1 };
  const match = /^\{(\d+)(,(\d*))?\}/.exec(text);
  if (match === null) return undefined;
  const least = Number(match[1]);
  if (match[2] === undefined) return { least, most: least };
  return { least, most: match[3] === '' ? Number.POSITIVE_INFINITY : Number(match[3]) };
}

/** The last character of `(?:` or `(?<name>`. */
function kindEnd(pattern: string, from: number): number {
  return pattern[from + 2] === '<' ? pattern.indexOf('>', from) : from + 2;
}

function endOfClass(pattern: string, from: number): number {
  for (let at = from + 1; at < pattern.length; at++) {
    if (pattern[at] === '\\') at++;
    else if (pattern[at] === ']') return at;
  }
  return pattern.length;
}
