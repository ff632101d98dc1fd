import { EXPRESSION_LIMITS } from './limits.js';
import type { ExpressionProblem } from './problem.js';

/** A piece of a text: as it stands, or an expression, trimmed, with its offset in the text. */
export type TemplatePart = { readonly text: string } | { readonly source: string; readonly from: number };

/** Whether a text has a `${{`, so that it must be parsed. */
export function hasExpression(text: string): boolean {
  return text.includes('${{');
}

/**
 * Cuts a text at its `${{ }}`. A `}}` inside a quoted text or a map of the expression does not end it. There is no
 * escape: a text that must hold `${{` says `${{ '${{' }}`.
 */
export function parseTemplate(
  text: string,
): { readonly parts: readonly TemplatePart[] } | { readonly problem: ExpressionProblem } {
  const parts: TemplatePart[] = [];
  let at = 0;
  let expressions = 0;
  for (let open = text.indexOf('${{'); open >= 0; open = text.indexOf('${{', at)) {
    if (open > at) parts.push({ text: text.slice(at, open) });
    const close = endOf(text, open + 3);
    if (close === undefined) {
      const hint = 'Close it with `}}`; quotes and brackets inside must be closed too.';
      return {
        problem: { code: 'EXPRESSION_SYNTAX', message: 'A `${{` is not closed.', hint, from: open, to: open + 3 },
      };
    }
    expressions += 1;
    if (expressions > EXPRESSION_LIMITS.perText) {
      const message = `A text may have ${EXPRESSION_LIMITS.perText} expressions.`;
      return { problem: { code: 'EXPRESSION_TOO_LARGE', message, from: open, to: close + 2 } };
    }
    const inner = text.slice(open + 3, close);
    const source = inner.trim();
    if (source === '') {
      const message = 'A `${{ }}` is empty.';
      return { problem: { code: 'EXPRESSION_SYNTAX', message, from: open, to: close + 2 } };
    }
    parts.push({ source, from: open + 3 + inner.indexOf(source) });
    at = close + 2;
  }
  if (at < text.length || parts.length === 0) parts.push({ text: text.slice(at) });
  return { parts };
}

/** The offset of the `}}` that ends the expression that begins at `start`. */
function endOf(text: string, start: number): number | undefined {
  let braces = 0;
  for (let i = start; i < text.length; i++) {
    const character = text[i];
    if (character === '"' || character === "'") {
      const end = endOfText(text, i, character);
      if (end === undefined) return undefined;
      i = end;
    } else if (character === '/' && text[i + 1] === '/') {
      i = text.indexOf('\n', i);
      if (i < 0) return undefined;
    } else if (character === '{') braces += 1;
    else if (character === '}') {
      if (braces > 0) braces -= 1;
      else if (text[i + 1] === '}') return i;
    }
  }
  return undefined;
}

/** The offset of the last quote of the text literal that begins at `start`. */
function endOfText(text: string, start: number, quote: string): number | undefined {
  const triple = text.startsWith(quote.repeat(3), start);
  const end = triple ? quote.repeat(3) : quote;
  for (let i = start + end.length; i < text.length; i++) {
    if (text[i] === '\\') i += 1;
    else if (text.startsWith(end, i)) return i + end.length - 1;
    else if (text[i] === '\n' && !triple) return undefined;
  }
  return undefined;
}
