import { Environment, ParseError, type ASTNode } from '@marcbachmann/cel-js';
import { EXPRESSION_LIMITS } from './limits.js';
import { BINARY, type BinaryOperator } from './operators.js';
import type { ExpressionProblem } from './problem.js';
import { Double, Uint, type Value } from './value.js';

/** The macros: they take a variable, and run their bodies for every item. */
export const MACROS = ['all', 'exists', 'exists_one', 'map', 'filter'] as const;
export type Macro = (typeof MACROS)[number];

/** One part of an expression, at its place in the source. */
export type Node = { readonly from: number; readonly to: number } & (
  | { readonly op: 'literal'; readonly value: Value }
  | { readonly op: 'name'; readonly name: string }
  | { readonly op: 'field'; readonly of: Node; readonly name: string; readonly optional: boolean; readonly at: number }
  | { readonly op: 'index'; readonly of: Node; readonly index: Node; readonly optional: boolean }
  /** A method's receiver is the first of `args`. */
  | { readonly op: 'call'; readonly name: string; readonly method: boolean; readonly args: readonly Node[] }
  | {
      readonly op: 'macro';
      readonly name: Macro;
      readonly over: Node;
      readonly variable: string;
      readonly bodies: Bodies;
    }
  | { readonly op: 'has'; readonly of: Node; readonly name: string }
  | { readonly op: 'or-value'; readonly of: Node; readonly other: Node; readonly optional: boolean }
  | { readonly op: 'list'; readonly items: readonly Node[] }
  | { readonly op: 'map'; readonly entries: readonly (readonly [key: Node, value: Node])[] }
  | { readonly op: 'if'; readonly test: Node; readonly yes: Node; readonly no: Node }
  | { readonly op: 'and' | 'or'; readonly left: Node; readonly right: Node }
  | { readonly op: 'not' | 'negate'; readonly of: Node }
  | { readonly op: 'binary'; readonly operator: BinaryOperator; readonly left: Node; readonly right: Node }
);
/** What a macro runs for each item: what it gives or asks, and before it, in `map` with three arguments, a filter. */
export type Bodies = readonly [Node] | readonly [filter: Node, body: Node];

/** A name as `tasks.NAME` can be written. */
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

const VARIABLE = 'The first argument of a macro is the name of its variable.';

// Only the parser of the library is used: see docs/expressions.md.
const parser = new Environment({
  enableOptionalTypes: true,
  unlistedVariablesAreDyn: true,
  limits: { maxAstNodes: EXPRESSION_LIMITS.nodes, maxDepth: EXPRESSION_LIMITS.depth },
});

/** Reads the text of an expression. */
export function parse(source: string): { readonly root: Node } | { readonly problem: ExpressionProblem } {
  if (source.length > EXPRESSION_LIMITS.source) {
    return { problem: tooLarge(`The expression has over ${EXPRESSION_LIMITS.source} characters.`, 0, source.length) };
  }
  try {
    return { root: new Reader(source).read(parser.parse(source).ast, 0, 0) };
  } catch (error) {
    if (error instanceof Refusal) return { problem: error.problem };
    if (error instanceof ParseError) return { problem: fromParser(source, error) };
    // Some thousand `!` or `-` in a row overflow the parser's stack.
    if (error instanceof RangeError)
      return { problem: tooLarge('The expression is nested too deep.', 0, source.length) };
    throw error;
  }
}

class Refusal extends Error {
  readonly problem: ExpressionProblem;
  constructor(problem: ExpressionProblem) {
    super(problem.message);
    this.problem = problem;
  }
}

/** Makes our own tree of the library's, within the limits. */
class Reader {
  readonly #source: string;
  #nodes = 0;

  constructor(source: string) {
    this.#source = source;
  }

  read(ast: ASTNode, depth: number, macros: number): Node {
    const place = { from: ast.start, to: ast.end };
    if (++this.#nodes > EXPRESSION_LIMITS.nodes || depth > EXPRESSION_LIMITS.depth) {
      throw new Refusal(tooLarge('The expression has too many parts, or is nested too deep.', place.from, place.to));
    }
    const read = (part: ASTNode): Node => this.read(part, depth + 1, macros);
    switch (ast.op) {
      case 'value':
        return { ...place, op: 'literal', value: this.#literal(ast.args, place) };
      case 'id':
        return { ...place, op: 'name', name: ast.args };
      case '.':
      case '.?': {
        const of = read(ast.args[0]);
        return { ...place, op: 'field', of, name: ast.args[1], optional: ast.op === '.?', at: ast.pos };
      }
      case '[]':
      case '[?]':
        return { ...place, op: 'index', of: read(ast.args[0]), index: read(ast.args[1]), optional: ast.op === '[?]' };
      case 'call':
        return this.#call(place, ast.args[0], ast.args[1], read);
      case 'rcall':
        return this.#method(place, ast.args, depth, macros);
      case 'list':
        return { ...place, op: 'list', items: ast.args.map(read) };
      case 'map':
        return { ...place, op: 'map', entries: ast.args.map(([key, value]) => [read(key), read(value)] as const) };
      case '?:':
        return { ...place, op: 'if', test: read(ast.args[0]), yes: read(ast.args[1]), no: read(ast.args[2]) };
      case '||':
      case '&&':
        return { ...place, op: ast.op === '||' ? 'or' : 'and', left: read(ast.args[0]), right: read(ast.args[1]) };
      case '!_':
        return { ...place, op: 'not', of: read(ast.args) };
      case '-_':
        return this.#negated(place, ast.args) ?? { ...place, op: 'negate', of: read(ast.args) };
      default:
        return this.#binary(place, ast, read);
    }
  }

  #binary(place: Place, ast: ASTNode, read: (part: ASTNode) => Node): Node {
    const operator = BINARY.find((known) => known === ast.op);
    if (operator === undefined) throw new Error(`the parser gave a part that is not known: ${ast.op}`);
    const [left, right] = ast.args as [ASTNode, ASTNode];
    return { ...place, op: 'binary', operator, left: read(left), right: read(right) };
  }

  #literal(value: unknown, place: Place): Value {
    if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
    if (typeof value === 'number') return new Double(value);
    if (typeof value === 'bigint') {
      if (BigInt.asIntN(64, value) === value) return value;
      throw new Refusal({
        ...place,
        code: 'EXPRESSION_SYNTAX',
        message: 'The whole number is out of the range of 64 bits.',
      });
    }
    if (value instanceof Uint8Array) {
      const hint = 'Drop the `b` before the text.';
      throw new Refusal({ ...place, code: 'EXPRESSION_FUNCTION', message: 'Expressions have no bytes.', hint });
    }
    return new Uint((value as { value: bigint }).value);
  }

  /** The smallest int, whose digits alone would be out of range. */
  #negated(place: Place, of: ASTNode): Node | undefined {
    if (of.op !== 'value' || of.args !== 2n ** 63n) return undefined;
    return { ...place, op: 'literal', value: -(2n ** 63n) };
  }

  #call(place: Place, name: string, args: readonly ASTNode[], read: (part: ASTNode) => Node): Node {
    if (name !== 'has') return { ...place, op: 'call', name, method: false, args: args.map(read) };
    const [field] = args;
    if (args.length !== 1 || field === undefined || (field.op !== '.' && field.op !== '.?')) {
      const hint = 'Write it like `has(tasks.load.output.rows)`.';
      throw new Refusal({ ...place, code: 'EXPRESSION_SYNTAX', message: '`has` takes one field of a value.', hint });
    }
    return { ...place, op: 'has', of: read(field.args[0]), name: field.args[1] };
  }

  #method(place: Place, args: readonly [string, ASTNode, ASTNode[]], depth: number, macros: number): Node {
    const [name, receiver, given] = args;
    const read = (part: ASTNode): Node => this.read(part, depth + 1, macros);
    const macro = MACROS.find((known) => known === name);
    const [variable, first, second] = given;
    if (macro !== undefined && variable !== undefined && first !== undefined) {
      if (given.length === 2 || (macro === 'map' && given.length === 3)) {
        if (macros >= EXPRESSION_LIMITS.macros) {
          const message = `Macros may be nested ${EXPRESSION_LIMITS.macros} deep.`;
          throw new Refusal(tooLarge(message, place.from, place.to, 'Do this work in a task, and use its output.'));
        }
        const body = (part: ASTNode): Node => this.read(part, depth + 1, macros + 1);
        const bodies: Bodies = second === undefined ? [body(first)] : [body(first), body(second)];
        return { ...place, op: 'macro', name: macro, over: read(receiver), variable: this.#variable(variable), bodies };
      }
    }
    if (receiver.op === 'id' && (receiver.args === 'optional' || receiver.args === 'cel')) {
      const full = receiver.args === 'optional' ? `optional.${name}` : name;
      return { ...place, op: 'call', name: full, method: false, args: given.map(read) };
    }
    if ((name === 'orValue' || name === 'or') && given.length === 1 && variable !== undefined) {
      return { ...place, op: 'or-value', of: read(receiver), other: read(variable), optional: name === 'or' };
    }
    return { ...place, op: 'call', name, method: true, args: [receiver, ...given].map(read) };
  }

  #variable(ast: ASTNode): string {
    if (ast.op === 'id' && NAME.test(ast.args)) return ast.args;
    const hint = `Write it like \`list.map(x, x.name)\`, not \`${this.#source.slice(ast.start, ast.end)}\`.`;
    throw new Refusal({ code: 'EXPRESSION_SYNTAX', message: VARIABLE, hint, from: ast.start, to: ast.end });
  }
}

interface Place {
  readonly from: number;
  readonly to: number;
}

function tooLarge(message: string, from: number, to: number, hint?: string): ExpressionProblem {
  return { code: 'EXPRESSION_TOO_LARGE', message, ...(hint !== undefined && { hint }), from, to };
}

function fromParser(source: string, error: ParseError): ExpressionProblem {
  const from = Math.min(error.range?.start ?? 0, source.length);
  const to = Math.min(Math.max(error.range?.end ?? from, from + 1), Math.max(source.length, from));
  if (error.code === 'limit_exceeded') {
    return tooLarge('The expression has too many parts, or is nested too deep.', from, to);
  }
  const hint = hintFor(source, error, from);
  return { code: 'EXPRESSION_SYNTAX', message: sentence(source, error, from, to), ...(hint && { hint }), from, to };
}

function sentence(source: string, error: ParseError, from: number, to: number): string {
  if (source.trim() === '') return 'The expression is empty.';
  if (from >= source.trimEnd().length) return 'The expression ends too early.';
  switch (error.code) {
    case 'unexpected_character':
    case 'unexpected_token':
    case 'expected_token':
      return `\`${source.slice(from, to)}\` is not expected here.`;
    case 'invalid_macro_argument':
      return VARIABLE;
    case 'reserved_identifier':
      return `\`${source.slice(from, to)}\` is a reserved word.`;
    case 'unterminated_string':
    case 'unterminated_triple_quoted_string':
      return 'A text is not closed.';
    default:
      return `${error.summary.replaceAll('\n', ' ').replace(/\.?$/, '')}.`;
  }
}

function hintFor(source: string, error: ParseError, from: number): string | undefined {
  const rest = source.slice(from);
  if (error.code === 'invalid_macro_argument') return 'Write it like `list.map(x, x.name)`.';
  if (source.includes('${{')) return 'Leave out the `${{ }}` inside an expression.';
  if (/^=[^=]/.test(rest)) return 'Compare with `==`.';
  if (/^(?:and|or|not)\b/.test(rest) || /^not\b/.test(source.trim())) return 'Write `&&`, `||` and `!`.';
  if (/^(?:===|!==)/.test(source.slice(Math.max(0, from - 2)))) return 'Compare with `==` and `!=`.';
  return undefined;
}
