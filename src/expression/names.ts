import type { ExpressionProblem, ExpressionProblemCode } from './problem.js';
import {
  ERROR_FIELDS,
  ROOTS,
  RUN_FIELDS,
  TASK_FIELDS,
  typeOfParam,
  type References,
  type Root,
  type Scope,
  type TaskField,
  type TaskReference,
} from './scope.js';
import type { Shape } from './shape.js';
import type { Node } from './syntax.js';
import type { Type } from './value.js';

/** The rest of a check, as far as names need it. `variables` are those of the macros around a part. */
export interface Checking {
  readonly problems: readonly ExpressionProblem[];
  type(node: Node, variables: readonly string[]): Type;
  takes(what: string, node: Node, type: Type, wanted: readonly Type[]): void;
  report(code: ExpressionProblemCode, place: { from: number; to: number }, message: string, hint?: string): void;
}

/** What an expression takes from outside: its roots, and what it names below them. */
export class Names {
  readonly #checking: Checking;
  readonly #source: string;
  readonly #scope: Scope;
  readonly #tasks: TaskReference[] = [];
  readonly #names: Record<'params' | 'env' | 'secrets', Set<string>> = {
    params: new Set(),
    env: new Set(),
    secrets: new Set(),
  };
  /** Where each root was first used. */
  readonly #roots = new Map<Root, Node>();

  constructor(checking: Checking, source: string, scope: Scope) {
    this.#checking = checking;
    this.#source = source;
    this.#scope = scope;
  }

  /** All that was found so far. */
  references(): References {
    return {
      tasks: this.#tasks,
      params: [...this.#names.params],
      env: [...this.#names.env],
      secrets: [...this.#names.secrets],
      roots: ROOTS.filter((root) => this.#roots.has(root)),
    };
  }

  /** Notes that a root is used; reports it, and is false, where it means nothing. */
  uses(root: Root, node: Node): boolean {
    if (!this.#roots.has(root)) this.#roots.set(root, node);
    if (this.#scope.roots === undefined || this.#scope.roots.includes(root)) return true;
    const hints: Partial<Record<Root, string>> = {
      item: '`item` and `index` mean something in a task with `forEach` only.',
      index: '`item` and `index` mean something in a task with `forEach` only.',
      secrets: 'Secrets reach a task through its `env` or `with`, and are known on the worker only.',
      error: '`error` means something in the rules of `retry` only. Of another task: `tasks.NAME.error`.',
      output: '`output` means something in the `until` of a `poll` only. Of another task: `tasks.NAME.output`.',
      event: '`event` means something in the `filter` of an event only.',
    };
    const list = this.#scope.roots.map((name) => `\`${name}\``).join(', ');
    this.#checking.report(
      'EXPRESSION_NAME',
      node,
      `\`${root}\` means nothing here.`,
      this.#scope.hints?.[root] ?? hints[root] ?? `Here are ${list}.`,
    );
    return false;
  }

  /** Reports what an expression takes beside a secret: the worker, who knows the secret, knows nothing else. */
  checkSecrets(): void {
    if (!this.#roots.has('secrets') || this.#scope.roots?.includes('secrets') !== true) return;
    for (const [root, node] of this.#roots) {
      if (root === 'secrets') continue;
      const message = `An expression that takes a secret can take nothing else, so no \`${root}\`.`;
      const hint = 'Write two `${{ }}` in one text: `${{ secrets.NAME }}${{ params.NAME }}`.';
      this.#checking.report('EXPRESSION_NAME', node, message, hint);
      return;
    }
  }

  /** What is known of a part of a task's output; undefined where nothing is. */
  shapeOf(node: Node, variables: readonly string[]): Shape | undefined {
    if (this.#scope.outputs === undefined || (node.op !== 'field' && node.op !== 'index') || node.optional) {
      return undefined;
    }
    const { of } = node;
    if ((of.op === 'field' || of.op === 'index') && this.rootOf(of.of, variables) === 'tasks') {
      const task = nameOf(of);
      return task === undefined || nameOf(node) !== 'output' ? undefined : this.#scope.outputs.get(task);
    }
    const around = this.shapeOf(of, variables);
    const name = nameOf(node);
    if (name === undefined) return around?.items;
    return around?.fields !== undefined && Object.hasOwn(around.fields, name) ? around.fields[name] : undefined;
  }

  /** Reports a field that an object of this shape never has. */
  checkField(node: Node & { op: 'field' | 'index' | 'has' }, of: Shape): void {
    const name = node.op === 'has' ? node.name : nameOf(node);
    if (name === undefined || of.fields === undefined || of.isClosed !== true || Object.hasOwn(of.fields, name)) return;
    const known = Object.keys(of.fields);
    const list = known.slice(0, 20).map((field) => `\`${field}\``);
    const hint =
      this.#scope.didYouMean?.(name, known) ?? (list.length === 0 ? undefined : `It has ${list.join(', ')}.`);
    const text = this.#source.slice(node.of.from, node.of.to);
    this.#checking.report('EXPRESSION_FIELD', node, `By its schema \`${text}\` has no \`${name}\`.`, hint);
  }

  /** The type of `root.name` and `root["name"]`, and of a field of a task; undefined where the part is no such thing. */
  path(node: Node, variables: readonly string[]): Type | undefined {
    if (node.op !== 'field' && node.op !== 'index') return undefined;
    const root = this.rootOf(node.of, variables);
    switch (root) {
      case 'params':
      case 'env':
      case 'secrets':
        return this.#declared(root, node, variables);
      case 'run':
        return this.uses(root, node.of) ? this.#fieldOf(node, 'run', RUN_FIELDS) : 'dyn';
      case 'error':
        return this.uses(root, node.of) ? this.#errorField(node) : 'dyn';
      case 'tasks':
        if (this.uses(root, node.of)) this.#wholeTask(node, variables);
        return 'dyn';
      default:
        return this.#taskField(node, variables);
    }
  }

  /** The root that a part is; undefined for any other, and for a variable of that name. */
  rootOf(node: Node, variables: readonly string[]): Root | undefined {
    if (node.op !== 'name' || variables.includes(node.name)) return undefined;
    return ROOTS.find((root) => root === node.name);
  }

  /** `tasks.NAME.FIELD`. */
  #taskField(node: Node & { op: 'field' | 'index' }, variables: readonly string[]): Type | undefined {
    const task = node.of;
    if ((task.op !== 'field' && task.op !== 'index') || this.rootOf(task.of, variables) !== 'tasks') return undefined;
    if (!this.uses('tasks', task.of)) return 'dyn';
    const name = this.#taskName(task, variables);
    const field = nameOf(node);
    if (field === undefined) {
      if (node.op === 'index') this.#checking.type(node.index, variables);
      this.#checking.report('EXPRESSION_FIELD', node, 'The field of a task must be named in plain.', TASK_FIELD_HINT);
      return 'dyn';
    }
    const type = this.#fieldOf(node, this.#source.slice(task.from, task.to), TASK_FIELDS);
    const known = TASK_FIELDS.find((candidate) => candidate === field);
    if (name === undefined || known === undefined) return type;
    this.#tasks.push({ name, field: known, from: node.from, to: node.to });
    if (isOptional(node) || isOptional(task)) return 'optional';
    return known === 'output' ? (this.#scope.outputs?.get(name)?.type ?? 'dyn') : FIELD_TYPES[known];
  }

  /** The name of a task that the dag has; reports any other. */
  #taskName(task: Node & { op: 'field' | 'index' }, variables: readonly string[]): string | undefined {
    const name = nameOf(task);
    if (name === undefined) {
      if (task.op === 'index') this.#checking.type(task.index, variables);
      const hint =
        'Write the name itself: `tasks["load-all"].output`. What a run waits for must be known before it starts.';
      this.#checking.report('EXPRESSION_TASK', task, 'A task must be named in plain.', hint);
      return undefined;
    }
    if (this.#dashedName(task) !== undefined) return undefined;
    if (this.#scope.tasks === undefined || this.#scope.tasks.has(name)) return name;
    const hint = this.#scope.didYouMean?.(name, this.#scope.tasks);
    this.#checking.report('EXPRESSION_TASK', task, `There is no task \`${name}\`.`, hint);
    return undefined;
  }

  /** Reports `tasks.load-all`, which reads as `tasks.load` minus `all`. */
  #dashedName(task: Node & { op: 'field' | 'index' }): string | undefined {
    if (task.op !== 'field') return undefined;
    const name = /^tasks\s*\.\s*\??\s*([A-Za-z][\w-]*)/.exec(this.#source.slice(task.from))?.[1];
    if (name === undefined || !name.includes('-') || this.#scope.tasks?.has(name) !== true) return undefined;
    const to = task.at + name.length;
    const message = `\`tasks.${name}\` reads as a subtraction, because the name has a \`-\`.`;
    this.#checking.report('EXPRESSION_TASK', { from: task.from, to }, message, `Write \`tasks["${name}"]\`.`);
    return name;
  }

  #wholeTask(node: Node & { op: 'field' | 'index' }, variables: readonly string[]): void {
    const known = this.#checking.problems.length;
    const name = this.#taskName(node, variables);
    if (name === undefined && this.#checking.problems.length > known) return;
    const text = this.#source.slice(node.from, node.to);
    this.#checking.report('EXPRESSION_FIELD', node, `\`${text}\` is a task, not a value.`, TASK_FIELD_HINT);
  }

  #declared(
    root: 'params' | 'env' | 'secrets',
    node: Node & { op: 'field' | 'index' },
    variables: readonly string[],
  ): Type {
    if (!this.uses(root, node.of)) return 'dyn';
    const name = nameOf(node);
    if (name === undefined) {
      if (node.op === 'index')
        this.#checking.takes('`[]`', node.index, this.#checking.type(node.index, variables), ['string']);
      if (root !== 'params')
        this.#checking.report('EXPRESSION_NAME', node, `The name must be written in plain.`, `Write \`${root}.NAME\`.`);
      return isOptional(node) ? 'optional' : 'dyn';
    }
    this.#names[root].add(name);
    const declared = root === 'params' ? this.#paramNames() : this.#scope[root];
    if (declared !== undefined && !declared.has(name) && !isOptional(node)) {
      const what = { params: 'param', env: 'variable of `env`', secrets: 'secret' }[root];
      const hint = this.#scope.didYouMean?.(name, declared);
      this.#checking.report(
        root === 'params' ? 'EXPRESSION_PARAM' : 'EXPRESSION_NAME',
        node,
        `There is no ${what} \`${name}\`.`,
        hint,
      );
      return 'dyn';
    }
    if (isOptional(node)) return 'optional';
    if (root !== 'params') return 'string';
    const param =
      this.#scope.params !== undefined && Object.hasOwn(this.#scope.params, name)
        ? this.#scope.params[name]
        : undefined;
    return param === undefined ? 'dyn' : typeOfParam(param);
  }

  #paramNames(): Set<string> | undefined {
    return this.#scope.params === undefined ? undefined : new Set(Object.keys(this.#scope.params));
  }

  #errorField(node: Node & { op: 'field' | 'index' }): Type {
    const type = this.#fieldOf(node, 'error', ERROR_FIELDS);
    const name = nameOf(node);
    return name === 'details' || name === 'cause' ? (isOptional(node) ? 'optional' : 'dyn') : type;
  }

  #fieldOf(node: Node & { op: 'field' | 'index' }, of: string, fields: readonly string[]): Type {
    const name = nameOf(node);
    if (name !== undefined && fields.includes(name)) return isOptional(node) ? 'optional' : 'string';
    const list = fields.map((field) => `\`${field}\``).join(', ');
    const hint = name === undefined ? undefined : this.#scope.didYouMean?.(name, fields);
    const wrong = name === undefined ? 'The field must be named in plain.' : `\`${of}\` has no \`${name}\`.`;
    this.#checking.report('EXPRESSION_FIELD', node, wrong, hint ?? `There are ${list}.`);
    return 'dyn';
  }
}

const TASK_FIELD_HINT = 'Take one of its fields: `.output`, `.status`, `.error`, `.attempts`.';
const FIELD_TYPES: Readonly<Record<TaskField, Type>> = {
  output: 'dyn',
  status: 'string',
  error: 'dyn',
  attempts: 'int',
};

/** The name in `x.name` and `x["name"]`. */
function nameOf(node: Node & { op: 'field' | 'index' }): string | undefined {
  if (node.op === 'field') return node.name;
  return node.index.op === 'literal' && typeof node.index.value === 'string' ? node.index.value : undefined;
}

function isOptional(node: Node): boolean {
  return (node.op === 'field' || node.op === 'index') && node.optional;
}
