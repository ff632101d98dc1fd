/** Where and why a text is not JSON. */
export interface JsonProblem {
  readonly offset: number;
  readonly message: string;
  readonly hint?: string;
}

const SPACE = /[ \t\r\n]*/y;
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const PLAIN = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.+-])|(?:true|false|null)(?!\w)/y;

/** The first problem of a text that is not JSON, or undefined. The runtime's parser seldom says where it is. */
export function checkJson(text: string): JsonProblem | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch {
    return firstProblem(text);
  }
}

function firstProblem(text: string): JsonProblem {
  const open: ('{' | '[')[] = [];
  let at = 0;
  let expected: 'value' | 'key' | 'end' | 'value-or-close' | 'key-or-close' = 'value';
  const eat = (pattern: RegExp): boolean => {
    pattern.lastIndex = at;
    if (!pattern.test(text)) return false;
    at = pattern.lastIndex;
    return true;
  };
  for (;;) {
    eat(SPACE);
    const char = text[at];
    if (char === undefined) return problem(text, at, open.length > 0 ? 'The file ends too early' : 'The file is empty');
    if (expected === 'end') {
      const inside = open.at(-1);
      if (inside === undefined) return problem(text, at, 'Nothing may follow the first value');
      if (char === ',') {
        at += 1;
        expected = inside === '{' ? 'key' : 'value';
      } else if (char === (inside === '{' ? '}' : ']')) {
        open.pop();
        at += 1;
      } else return problem(text, at, `\`,\` or \`${inside === '{' ? '}' : ']'}\` is expected here`);
    } else if (expected === 'key' || expected === 'key-or-close') {
      if (char === '}' && expected === 'key-or-close') {
        open.pop();
        at += 1;
        expected = 'end';
        continue;
      }
      if (!eat(STRING)) return problem(text, at, 'A key in double quotes is expected here');
      eat(SPACE);
      if (text[at] !== ':') return problem(text, at, '`:` is expected here');
      at += 1;
      expected = 'value';
    } else if (char === ']' && expected === 'value-or-close') {
      open.pop();
      at += 1;
      expected = 'end';
    } else if (char === '{' || char === '[') {
      open.push(char);
      at += 1;
      expected = char === '{' ? 'key-or-close' : 'value-or-close';
    } else if (eat(STRING) || eat(PLAIN)) expected = 'end';
    else return problem(text, at, 'A value is expected here');
  }
}

function problem(text: string, offset: number, what: string): JsonProblem {
  const trailing = /[}\]]/.test(text[offset] ?? '') && text.slice(0, offset).trimEnd().endsWith(',');
  const hint = trailing
    ? 'Remove the comma before it: JSON allows none there.'
    : 'A .json file must be strict JSON: no comments, no single quotes. Call the file .yaml for YAML.';
  return { offset, message: `This is not JSON: ${what[0]?.toLowerCase()}${what.slice(1)}.`, hint };
}
