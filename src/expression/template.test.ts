import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hasExpression, parseTemplate, type TemplatePart } from './template.js';

function parts(text: string): readonly TemplatePart[] {
  const parsed = parseTemplate(text);
  if ('problem' in parsed) throw new Error(parsed.problem.message);
  return parsed.parts;
}

describe('parseTemplate', () => {
  it.each<[string, TemplatePart[]]>([
    ['', [{ text: '' }]],
    ['plain', [{ text: 'plain' }]],
    ['a $ {{ b }}', [{ text: 'a $ {{ b }}' }]],
    ['${{a}}', [{ source: 'a', from: 3 }]],
    ['${{  a  }}', [{ source: 'a', from: 5 }]],
    ['x${{ a }}y${{b}}', [{ text: 'x' }, { source: 'a', from: 5 }, { text: 'y' }, { source: 'b', from: 13 }]],
    ["${{ '}}' }}", [{ source: "'}}'", from: 4 }]],
    ['${{ "a\\"}}" }}', [{ source: '"a\\"}}"', from: 4 }]],
    ['${{ """a"}}"b""" }}', [{ source: '"""a"}}"b"""', from: 4 }]],
    ["${{ {'a': {'b': 1}} }}", [{ source: "{'a': {'b': 1}}", from: 4 }]],
    ["${{ {'a': {'b': 1}}}}", [{ source: "{'a': {'b': 1}}", from: 4 }]],
    ["${{ '${{' }}", [{ source: "'${{'", from: 4 }]],
    ['${{ a // }}\n}}', [{ source: 'a // }}', from: 4 }]],
    ['${{ a }} }}', [{ source: 'a', from: 4 }, { text: ' }}' }]],
  ])('cuts %j', (text, expected) => {
    expect(parts(text)).toEqual(expected);
  });

  it.each([
    ['${{', 0],
    ['ab${{ x }', 2],
    ['${{ a }}${{ "}}', 8],
    ['${{ {"a": 1 }}', 0],
    ["${{ 'a\n' }}", 0],
    ['${{ a // }}', 0],
  ])('says where %j is not closed', (text, from) => {
    expect(parseTemplate(text)).toMatchObject({ problem: { code: 'EXPRESSION_SYNTAX', from, to: from + 3 } });
  });

  it('refuses an empty expression, and too many', () => {
    expect(parseTemplate('a${{  }}')).toMatchObject({ problem: { code: 'EXPRESSION_SYNTAX', from: 1, to: 8 } });
    expect(parts('${{a}}'.repeat(100))).toHaveLength(100);
    expect(parseTemplate('${{a}}'.repeat(101))).toMatchObject({ problem: { code: 'EXPRESSION_TOO_LARGE' } });
  });

  it('keeps every character: parts at their offsets make the text again', () => {
    const piece = fc.oneof(
      fc.string({ maxLength: 8 }),
      fc.constantFrom('${{', '}}', '{', '}', '"', "'", '//', '\\', '\n', '${{ a }}', "${{ {'k': '}}'} }}"),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const text = pieces.join('');
        const parsed = parseTemplate(text);
        if ('problem' in parsed) {
          expect(text.slice(parsed.problem.from)).toMatch(/^\$\{\{/);
          return;
        }
        let rest = text;
        for (const part of parsed.parts) {
          if ('text' in part) {
            expect(rest.startsWith(part.text)).toBe(true);
            expect(hasExpression(part.text)).toBe(false);
            rest = rest.slice(part.text.length);
          } else {
            expect(text.startsWith(part.source, part.from)).toBe(true);
            const after = part.from + part.source.length;
            const close = text.slice(after).search(/\S/) + after;
            expect(text.startsWith('}}', close)).toBe(true);
            rest = text.slice(close + 2);
          }
        }
        expect(rest).toBe('');
      }),
      { numRuns: 2_000 },
    );
  });
});
