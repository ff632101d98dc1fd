import { z } from 'zod';
import { hasExpression, parseTemplate } from '../expression/template.js';
import { condition, perForm } from './fields.js';
import { pack } from './problem.js';

const number = z
  .number()
  .gt(0, { error: pack('VALUE_INVALID', 'must be above 0.') })
  .transform(String);

const PROBLEM = pack('EXPRESSION_SYNTAX', 'is not one expression.', 'Write nothing before or after the `${{ }}`.');

/** How large a task's input is. In a file, a number, or an expression, be it in a `${{ }}` or not; else the bare expression. */
export const sizeField = perForm('size', (canonical): z.ZodType<string, string | number> => {
  const sourceOf = canonical ? (text: string) => text : innerOf;
  const text = condition
    .refine((given) => !hasExpression(sourceOf(given) ?? ''), { error: PROBLEM })
    .transform((given) => sourceOf(given) ?? given);
  return canonical ? (text as z.ZodType<string, string | number>) : z.union([number, text]);
});

/**
 * What stands between `${{` and `}}` where that is all of the text, else the text; undefined where it cannot be read, which
 * is told of where expressions are.
 */
function innerOf(text: string): string | undefined {
  if (!hasExpression(text)) return text;
  const template = parseTemplate(text);
  if (!('parts' in template)) return undefined;
  const [only, ...more] = template.parts;
  return only !== undefined && 'source' in only && more.length === 0 ? only.source : text;
}
