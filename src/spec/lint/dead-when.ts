import type { Task } from '../../dag/dag.js';
import { TASK_STATES, isTaskEnd } from '../../dag/task-state.js';
import { compile, evaluate, type Expression } from '../../expression/compile.js';
import { ExpressionError } from '../../expression/expression-error.js';
import type { Node } from '../../expression/syntax.js';
import type { LintedDag, Warning } from './linted-dag.js';

/** Conditions that never hold, and comparisons of a status with what it can never be. */
export function* deadConditions(linted: LintedDag): Iterable<Warning> {
  for (const [index, task] of linted.dag.tasks.entries()) {
    if (task.when === undefined) continue;
    const compiled = compile(task.when, {});
    if ('problems' in compiled) continue;
    const { expression } = compiled;
    const checker = new Checker(linted, index, task);
    const value = checker.known(expression.root) ?? constantOf(expression);
    for (const { node, status, name } of checker.impossible) {
      yield {
        code: 'WHEN_DEAD',
        task: index,
        path: ['when'],
        within: node.from,
        message: `\`${name}\` is never \`${status}\` when \`${task.name}\` may start${ruleOf(task)}.`,
        hint: 'Give the task a `triggerRule` that lets it start then, like `all_done`, or compare with another status.',
      };
    }
    if (value === false && checker.impossible.length === 0) {
      yield {
        code: 'WHEN_DEAD',
        task: index,
        path: ['when'],
        message: `\`${task.name}\` never runs: its condition is always false.`,
        hint: 'Correct the condition, or remove the task.',
      };
    }
  }
}

function ruleOf(task: Task): string {
  return `, by its rule \`${task.triggerRule ?? 'all_success'}\``;
}

/** The value of a condition that takes nothing from outside. */
function constantOf(expression: Expression): boolean | undefined {
  if (expression.references.roots.length > 0) return undefined;
  try {
    const value = evaluate(expression, {});
    return typeof value === 'boolean' ? value : undefined;
  } catch (error) {
    if (error instanceof ExpressionError) return undefined;
    throw error;
  }
}

interface Impossible {
  readonly node: Node;
  readonly name: string;
  readonly status: string;
}

class Checker {
  readonly impossible: Impossible[] = [];
  readonly #linted: LintedDag;
  readonly #task: Task;
  readonly #needs: ReadonlySet<number>;

  constructor(linted: LintedDag, index: number, task: Task) {
    this.#linted = linted;
    this.#task = task;
    this.#needs = new Set(linted.needs(index));
  }

  /** The value of a part where it is always the same. */
  known(node: Node): boolean | undefined {
    switch (node.op) {
      case 'literal':
        return typeof node.value === 'boolean' ? node.value : undefined;
      case 'and':
      case 'or': {
        const [left, right] = [this.known(node.left), this.known(node.right)];
        const decisive = node.op === 'or';
        if (left === decisive || right === decisive) return decisive;
        return left === undefined || right === undefined ? undefined : !decisive;
      }
      case 'not': {
        const value = this.known(node.of);
        return value === undefined ? undefined : !value;
      }
      case 'binary': {
        const { operator, left, right } = node;
        if (operator === '==' || operator === '!=') {
          const never = this.#never(left, right) || this.#never(right, left);
          return never ? operator === '!=' : undefined;
        }
        if (operator !== 'in' || right.op !== 'list' || right.items.length === 0) return undefined;
        return right.items.map((item) => this.#never(left, item)).every(Boolean) ? false : undefined;
      }
      default:
        return undefined;
    }
  }

  /** Whether `of` is the status of a task, and can never be this text. */
  #never(of: Node, literal: Node): boolean {
    if (literal.op !== 'literal' || typeof literal.value !== 'string' || of.op !== 'field' || of.name !== 'status')
      return false;
    const name = taskOf(of.of);
    const index = name === undefined ? undefined : this.#linted.indexOf(name);
    if (name === undefined || index === undefined || this.#may(index, literal.value)) return false;
    this.impossible.push({ node: literal, name, status: literal.value });
    return true;
  }

  /** Whether a task may have this status when the one that asks may start, whatever operators do. */
  #may(index: number, status: string): boolean {
    const state = TASK_STATES.find((known) => known === status);
    const rule = this.#task.triggerRule ?? 'all_success';
    const isOpen = rule === 'always' || rule.startsWith('one_');
    if (state === undefined || isOpen) return true;
    if (!isTaskEnd(state)) return false;
    if (!this.#needs.has(index)) return true;
    const isForgiven = this.#linted.task(index).continueOnError === true;
    switch (rule) {
      case 'all_success':
        return state === 'succeeded' || (isForgiven && state !== 'skipped');
      case 'all_failed':
        return state !== 'succeeded' && state !== 'skipped';
      case 'all_skipped':
        return state === 'skipped';
      case 'none_failed':
      case 'none_failed_min_one_success':
        return state === 'succeeded' || state === 'skipped' || isForgiven;
      case 'none_skipped':
      case 'all_done_min_one_success':
        return state !== 'skipped';
      default:
        return true;
    }
  }
}

/** The name in `tasks.NAME` and `tasks["NAME"]`. */
function taskOf(node: Node): string | undefined {
  if ((node.op !== 'field' && node.op !== 'index') || node.of.op !== 'name' || node.of.name !== 'tasks')
    return undefined;
  if (node.op === 'field') return node.name;
  return node.index.op === 'literal' && typeof node.index.value === 'string' ? node.index.value : undefined;
}
