import { Composer, Lexer, Parser, type CST, type Document, type LineCounter } from 'yaml';
import { LIMITS } from './limits.js';

/** A YAML text, read as far as it goes. */
export type YamlText =
  | {
      readonly document: Document.Parsed;
      /** Where a second document begins. */
      readonly second: number | undefined;
    }
  /** Nested too deep, here. */
  | { readonly tooDeep: number };

/** Every collection is an entry or two of the parser's stack. */
const DEEPEST_STACK = 3 * LIMITS.depth;

/**
 * Reads YAML as the library's `parseDocument` does, but stops at absurd nesting: the library goes on until the engine's
 * stack or memory ends.
 */
export function readYaml(text: string, lines: LineCounter): YamlText {
  const parser = new Parser(lines.addNewLine);
  const tokens: CST.Token[] = [];
  let offset = 0;
  // What the parser itself does in `parse()`, with a look at its stack in between.
  lines.addNewLine(0);
  for (const lexeme of new Lexer().lex(text)) {
    tokens.push(...parser.next(lexeme));
    if (parser.stack.length > DEEPEST_STACK) return { tooDeep: offset };
    offset += lexeme.length;
  }
  tokens.push(...parser.end());
  // Its own check for duplicate keys compares every key with every other one: far too slow for 20,000 tasks.
  const composer = new Composer({ uniqueKeys: false });
  let document: Document.Parsed | undefined;
  for (const next of composer.compose(tokens, true, text.length)) {
    if (document !== undefined) return { document, second: next.range[0] };
    document = next;
  }
  if (document === undefined) throw new Error('The YAML reader gave no document.');
  return { document, second: undefined };
}
