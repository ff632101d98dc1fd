import { TASK_STATES } from '../dag/task-state.js';
import { FUNCTIONS, METHODS, REFUSED, misfit, type Form } from './functions.js';
import { TYPE_WORDS, binaryType, may, unfitWords } from './operators.js';
import { Names, type Checking } from './names.js';
import type { ExpressionProblem, ExpressionProblemCode } from './problem.js';
import { ROOTS, type References, type Scope } from './scope.js';
import { MACROS, type Node } from './syntax.js';
import { typeOf, type Type } from './value.js';

/** What is known of an expression before it runs. */
export interface Checked {
  readonly problems: readonly ExpressionProblem[];
  readonly references: References;
  readonly type: Type;
}

/** Names, types and functions of an expression against its scope: all problems, in the order of their places. */
export function check(source: string, root: Node, scope: Scope): Checked {
  const checker = new Checker(source, scope);
  const type = checker.type(root, []);
  checker.names.checkSecrets();
  if (checker.problems.length === 0 && scope.result !== undefined) checker.expect(root, type, scope.result);
  const problems = checker.problems.sort((a, b) => a.from - b.from);
  return { problems, references: checker.names.references(), type };
}

/** The types of names that are no value: `type(x) == int`. */
export const TYPE_NAMES: ReadonlyMap<string, Type> = new Map<string, Type>([
  ['int', 'int'],
  ['uint', 'uint'],
  ['double', 'double'],
  ['string', 'string'],
  ['bool', 'bool'],
  ['list', 'list'],
  ['map', 'map'],
  ['null_type', 'null'],
]);

class Checker implements Checking {
  readonly problems: ExpressionProblem[] = [];
  readonly names: Names;
  readonly #scope: Scope;

  constructor(source: string, scope: Scope) {
    this.#scope = scope;
    this.names = new Names(this, source, scope);
  }

  expect(node: Node, type: Type, wanted: Type): void {
    if (may(type, [wanted])) return;
    this.report('EXPRESSION_TYPE', node, `This is ${TYPE_WORDS[type]}, but the place takes ${TYPE_WORDS[wanted]}.`);
  }

  /** The type of a part; `variables` are those of the macros around it. */
  type(node: Node, variables: readonly string[]): Type {
    const path = this.names.path(node, variables);
    if (path !== undefined) return path;
    switch (node.op) {
      case 'literal':
        return typeOf(node.value);
      case 'name':
        return this.#name(node, variables);
      case 'field':
        return this.#member(node, this.type(node.of, variables), variables);
      case 'index':
        return this.#index(node, variables);
      case 'has':
        this.type({ ...node, op: 'field', optional: false, at: node.from }, variables);
        return 'bool';
      case 'list':
        for (const item of node.items) this.type(item, variables);
        return 'list';
      case 'map':
        for (const [key, value] of node.entries) {
          this.takes('A key', key, this.type(key, variables), ['string', 'int', 'uint', 'bool']);
          this.type(value, variables);
        }
        return 'map';
      case 'if':
        this.takes('`?`', node.test, this.type(node.test, variables), ['bool']);
        return common([this.type(node.yes, variables), this.type(node.no, variables)]);
      case 'and':
      case 'or':
        this.takes(node.op === 'and' ? '`&&`' : '`||`', node.left, this.type(node.left, variables), ['bool']);
        this.takes(node.op === 'and' ? '`&&`' : '`||`', node.right, this.type(node.right, variables), ['bool']);
        return 'bool';
      case 'not':
        this.takes('`!`', node.of, this.type(node.of, variables), ['bool']);
        return 'bool';
      case 'negate': {
        const type = this.type(node.of, variables);
        this.takes('`-`', node.of, type, ['int', 'double']);
        return type;
      }
      case 'or-value': {
        const name = node.optional ? '`or`' : '`orValue`';
        this.takes(name, node.of, this.type(node.of, variables), ['optional']);
        const other = this.type(node.other, variables);
        if (node.optional) this.takes(name, node.other, other, ['optional']);
        return node.optional ? 'optional' : 'dyn';
      }
      case 'macro':
        return this.#macro(node, variables);
      case 'call':
        return this.#call(node, variables);
      case 'binary':
        return this.#binary(node, variables);
    }
  }

  #name(node: Node & { op: 'name' }, variables: readonly string[]): Type {
    if (variables.includes(node.name)) return 'dyn';
    const root = ROOTS.find((known) => known === node.name);
    if (root !== undefined) {
      if (!this.names.uses(root, node)) return 'dyn';
      if (root === 'tasks' || root === 'run' || root === 'env' || root === 'secrets') {
        const example = { tasks: 'tasks.load.output', run: 'run.id', env: 'env.REGION', secrets: 'secrets.TOKEN' }[
          root
        ];
        this.report(
          'EXPRESSION_FIELD',
          node,
          `\`${root}\` cannot be taken as a whole.`,
          `Name what you need: \`${example}\`.`,
        );
      }
      if (root === 'index') return 'int';
      return root === 'item' || root === 'output' || root === 'event' ? 'dyn' : 'map';
    }
    if (TYPE_NAMES.has(node.name)) return 'type';
    const names = [...variables, ...(this.#scope.roots ?? ROOTS)];
    const hint = this.#scope.didYouMean?.(node.name, names);
    const list = names.map((name) => `\`${name}\``).join(', ');
    this.report(
      'EXPRESSION_NAME',
      node,
      `There is no \`${node.name}\`.`,
      hint ?? `There are ${list}. A text is quoted: '${node.name}'.`,
    );
    return 'dyn';
  }

  #member(node: Node & { op: 'field' }, type: Type, variables: readonly string[]): Type {
    const { of, optional } = node;
    this.takes('`.`', of, type, optional ? ['map', 'optional', 'null'] : ['map', 'optional']);
    return optional || type === 'optional' ? 'optional' : this.#known(node, variables);
  }

  /** The type of a part of an output, by the schema of that; reports a field that it never has. */
  #known(node: Node & { op: 'field' | 'index' }, variables: readonly string[]): Type {
    const of = this.names.shapeOf(node.of, variables);
    if (of === undefined) return 'dyn';
    this.names.checkField(node, of);
    return this.names.shapeOf(node, variables)?.type ?? 'dyn';
  }

  #index(node: Node & { op: 'index' }, variables: readonly string[]): Type {
    const type = this.type(node.of, variables);
    const index = this.type(node.index, variables);
    this.takes(
      '`[]`',
      node.of,
      type,
      node.optional ? ['list', 'map', 'optional', 'null'] : ['list', 'map', 'optional'],
    );
    if (type === 'list') this.takes('`[]` of a list', node.index, index, ['int', 'uint', 'double']);
    return node.optional || type === 'optional' ? 'optional' : this.#known(node, variables);
  }

  #macro(node: Node & { op: 'macro' }, variables: readonly string[]): Type {
    this.takes(`\`${node.name}\``, node.over, this.type(node.over, variables), ['list', 'map']);
    const inner = [...variables, node.variable];
    const types = node.bodies.map((body) => this.type(body, inner));
    const asks = node.name === 'map' ? node.bodies.length - 1 : 1;
    for (let i = 0; i < asks; i++) {
      const body = node.bodies[i];
      if (body !== undefined) this.takes(`\`${node.name}\``, body, types[i] ?? 'dyn', ['bool']);
    }
    return node.name === 'map' || node.name === 'filter' ? 'list' : 'bool';
  }

  #call(node: Node & { op: 'call' }, variables: readonly string[]): Type {
    const types = node.args.map((arg) => this.type(arg, variables));
    const forms = (node.method ? METHODS : FUNCTIONS).get(node.name);
    if (forms === undefined) {
      this.#unknownFunction(node);
      return 'dyn';
    }
    const fitting = forms.filter((form) => fits(form, types));
    if (fitting.length === 0) {
      this.report('EXPRESSION_TYPE', node, misfit(node.name, node.method, types), formsHint(node, forms));
      return common(forms.map((form) => form.gives));
    }
    this.#timeZone(node, forms);
    return common(fitting.map((form) => form.gives));
  }

  #timeZone(node: Node & { op: 'call' }, forms: readonly Form[]): void {
    const zone = node.args[1];
    if (!forms.some((form) => form.takes[0] === 'timestamp' && form.takes[1] === 'string')) return;
    if (zone?.op !== 'literal' || zone.value === 'UTC') return;
    this.report('EXPRESSION_VALUE', zone, 'Expressions know no time zone but `UTC`.', 'Leave it out.');
  }

  #unknownFunction(node: Node & { op: 'call' }): void {
    const refused = REFUSED.get(node.name);
    if (refused !== undefined) {
      this.report('EXPRESSION_FUNCTION', node, `Expressions have no \`${node.name}\`.`, refused);
      return;
    }
    const names = node.method ? [...METHODS.keys(), ...MACROS, 'orValue', 'or'] : [...FUNCTIONS.keys(), 'has'];
    const other = node.method
      ? FUNCTIONS.has(node.name)
      : METHODS.has(node.name) || MACROS.some((name) => name === node.name);
    const example = node.method ? `${node.name}(x)` : `x.${node.name}(…)`;
    const hint = other ? `Call it like \`${example}\`.` : this.#scope.didYouMean?.(node.name, names);
    this.report('EXPRESSION_FUNCTION', node, `There is no function \`${node.name}\` of this form.`, hint);
  }

  #binary(node: Node & { op: 'binary' }, variables: readonly string[]): Type {
    const before = this.problems.length;
    const left = this.type(node.left, variables);
    if (node.operator === '-' && this.problems.length > before && this.#isDashed(node)) return 'dyn';
    const right = this.type(node.right, variables);
    const type = binaryType(node.operator, left, right);
    if (type === undefined) {
      const equality = node.operator === '==' || node.operator === '!=';
      const [sentence, hint] = unfitWords(node.operator, left, right);
      const message = equality ? `${upper(TYPE_WORDS[left])} is never equal to ${TYPE_WORDS[right]}.` : sentence;
      this.report('EXPRESSION_TYPE', node, message, hint);
      return 'dyn';
    }
    if (node.operator === '==' || node.operator === '!=') {
      this.#status(node.left, node.right, variables);
      this.#status(node.right, node.left, variables);
    }
    return type;
  }

  /** Whether the last problem is a dashed name that reaches into the right side of this subtraction. */
  #isDashed(node: Node & { op: 'binary' }): boolean {
    return this.problems.some(
      (problem) => problem.code === 'EXPRESSION_TASK' && problem.from >= node.from && problem.to > node.right.from,
    );
  }

  /** `tasks.x.status == 'done'`: a text that is no state. */
  #status(of: Node, literal: Node, variables: readonly string[]): void {
    if (literal.op !== 'literal' || typeof literal.value !== 'string') return;
    if (of.op !== 'field' || of.name !== 'status' || (of.of.op !== 'field' && of.of.op !== 'index')) return;
    if (this.names.rootOf(of.of.of, variables) !== 'tasks') return;
    const states: readonly string[] = TASK_STATES;
    if (states.includes(literal.value)) return;
    const hint = this.#scope.didYouMean?.(literal.value, END_STATES);
    const list = END_STATES.map((state) => `\`${state}\``).join(', ');
    this.report('EXPRESSION_VALUE', literal, `No task is ever \`${literal.value}\`.`, hint ?? `It ends ${list}.`);
  }

  takes(what: string, node: Node, type: Type, wanted: readonly Type[]): void {
    if (may(type, wanted)) return;
    const words = wanted.filter((name) => !UNSAID.includes(name) || wanted.length === 1);
    const list = [...new Set(words.map((name) => TYPE_WORDS[name]))].join(' or ');
    this.report('EXPRESSION_TYPE', node, `${what} takes ${list}, not ${TYPE_WORDS[type]}.`);
  }

  report(code: ExpressionProblemCode, place: { from: number; to: number }, message: string, hint?: string): void {
    const { from, to } = place;
    this.problems.push({ code, message, ...(hint !== undefined && { hint }), from, to });
  }
}

/** Types that a sentence does not name beside others. */
const UNSAID: readonly Type[] = ['uint', 'null', 'optional'];
const END_STATES: readonly string[] = TASK_STATES.slice(TASK_STATES.indexOf('succeeded'));

function fits(form: Form, types: readonly Type[]): boolean {
  return form.takes.length === types.length && form.takes.every((wanted, i) => may(types[i] ?? 'dyn', [wanted]));
}

function formsHint(node: Node & { op: 'call' }, forms: readonly Form[]): string {
  const written = forms.map((form) => {
    const args = form.takes.slice(node.method ? 1 : 0).join(', ');
    return node.method ? `\`${form.takes[0]}.${node.name}(${args})\`` : `\`${node.name}(${args})\``;
  });
  return `It is ${written.slice(0, 4).join(' or ')}.`;
}

function common(types: readonly Type[]): Type {
  const [first = 'dyn'] = types;
  return types.every((type) => type === first) ? first : 'dyn';
}

function upper(words: string): string {
  return words.slice(0, 1).toUpperCase() + words.slice(1);
}
