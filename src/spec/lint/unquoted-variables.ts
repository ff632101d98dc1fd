/** A variable in a script, and the offset of its `$`. */
export interface UsedVariable {
  readonly name: string;
  readonly from: number;
}

/** What a part of a script stands in: the script, `"…"`, `$(…)`, `$((…))`, `[[ … ]]`. */
type Frame = 'script' | 'double' | 'command' | 'arithmetic' | 'test';

/**
 * The variables of these names that a shell would split into words: those outside quotes, but for assignments, `case`,
 * `[[ ]]` and arithmetic. Reads as much of the language as that takes; from a here-document on it says nothing.
 */
export function unquotedVariables(script: string, names: { has(name: string): boolean }): UsedVariable[] {
  const found: UsedVariable[] = [];
  const frames: Frame[] = ['script'];
  /** Of the word that is being read: where it began. */
  let word = 0;
  let before = '';
  for (let i = 0; i < script.length; i++) {
    const character = script[i]!;
    const frame = frames.at(-1)!;
    if (character === '\\') {
      i += 1;
      continue;
    }
    if (frame === 'double' && character === '"') frames.pop();
    else if (frame !== 'double' && character === '"') frames.push('double');
    else if (frame !== 'double' && character === "'") {
      const end = script.indexOf("'", i + 1);
      if (end < 0) return found;
      i = end;
    } else if (frame !== 'double' && character === '#' && i === word) {
      const end = script.indexOf('\n', i);
      if (end < 0) return found;
      i = end - 1;
    } else if (frame !== 'double' && character === '<' && /^<<-?\s*[\\'"\w]/.test(script.slice(i, i + 8))) return found;
    else if (script.startsWith('$((', i)) {
      frames.push('arithmetic');
      i += 2;
    } else if (frame === 'arithmetic' && script.startsWith('))', i)) {
      frames.pop();
      i += 1;
    } else if (script.startsWith('$(', i) || (frame !== 'double' && character === '(')) {
      frames.push('command');
      i += character === '$' ? 1 : 0;
      word = i + 1;
    } else if (frame === 'command' && character === ')') frames.pop();
    else if (frame !== 'double' && script.startsWith('[[ ', i) && i === word) frames.push('test');
    else if (frame === 'test' && script.startsWith(']]', i)) frames.pop();
    else if (character === '$' && (frame === 'script' || frame === 'command')) {
      const used = /^\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)[^}]*\})/.exec(script.slice(i, i + 300));
      const name = used?.[1] ?? used?.[2];
      if (used !== null && name !== undefined) {
        const isAssigned = /^[A-Za-z_]\w*\+?=/.test(script.slice(word, i));
        const isLength = script.startsWith('${#', i);
        if (names.has(name) && !isAssigned && !isLength && before !== 'case') found.push({ name, from: i });
        i += used[0].length - 1;
      }
    } else if (frame !== 'double' && /[\s;|&]/.test(character)) {
      if (i > word) before = script.slice(word, i);
      word = i + 1;
    }
  }
  return found;
}
