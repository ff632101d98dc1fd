import type { Root } from '../expression/scope.js';
import { hasExpression } from '../expression/template.js';
import type { Type } from '../expression/value.js';
import { valueAt } from './issues.js';
import { isMapping, type RawTask } from './raw-task.js';
import type { Path } from './source.js';

/** A text of a dag that holds expressions. */
export interface Place {
  readonly path: Path;
  readonly text: string;
  /** `bare`: the text is an expression by itself; `template`: it may hold `${{ }}`. */
  readonly form: 'bare' | 'template';
  readonly roots: readonly Root[];
  readonly result?: Type;
  /** The task that it stands in may be named: it has ended by then. */
  readonly mayNameItself?: boolean;
  /** Why a secret has no place here, where that is not plain. */
  readonly noSecrets?: string;
}

const BASE: readonly Root[] = ['params', 'tasks', 'run', 'env'];
const ITEM: readonly Root[] = [...BASE, 'item', 'index'];
const FOREIGN = 'The worker of an activity is not of Dagwright, so nobody would put the secret in.';

/** The fields of a handler's `with` that may hold expressions. */
const TEMPLATED: Readonly<Record<string, readonly string[]>> = {
  shell: ['cwd'],
  function: ['input'],
  http: ['url', 'headers', 'body'],
  activity: ['args'],
};

/**
 * Where the expressions of a task stand. Scripts, names and the like hold none.
 * @param hasTemplates Where it is known that no text of the task has a `${{`: false, which saves the walk.
 */
export function placesOfTask(task: RawTask, hasTemplates = true): Place[] {
  const { fields, path, uses } = task;
  const found = new Places(hasTemplates);
  const roots = fields['forEach'] === undefined ? BASE : ITEM;
  if (fields['when'] !== undefined) found.bare(fields['when'], [...path, 'when'], roots, { result: 'bool' });
  if (fields['forEach'] !== undefined) found.forEach(fields['forEach'], [...path, 'forEach']);
  found.action(fields, path, uses, roots);
  const { cache, retry, poll, artifacts, size, affinity } = fields;
  if (size !== undefined) found.size(size, [...path, 'size'], roots);
  if (affinity !== undefined) found.templates(affinity, [...path, 'affinity'], roots);
  if (artifacts !== undefined) found.templates(valueAt(artifacts, ['save']), [...path, 'artifacts', 'save'], roots);
  if (cache !== undefined) found.templates(valueAt(cache, ['key']), [...path, 'cache', 'key'], roots);
  if (retry !== undefined) found.rules(retry, [...path, 'retry']);
  if (poll !== undefined)
    found.bare(valueAt(poll, ['until']), [...path, 'poll', 'until'], [...roots, 'output'], { result: 'bool' });
  const { compensate } = fields;
  if (isMapping(compensate)) {
    const kind = typeof compensate['uses'] === 'string' ? compensate['uses'] : 'shell';
    found.action(compensate, [...path, 'compensate'], kind, roots, true);
    found.rules(compensate['retry'], [...path, 'compensate', 'retry']);
  }
  return found.list;
}

/** Where the expressions of a dag stand that are not of a task. */
export function placesOfDag(value: unknown): Place[] {
  const found = new Places(true);
  const env = valueAt(value, ['defaults', 'env']);
  if (env !== undefined) found.templates(env, ['defaults', 'env'], ['params', 'run', 'secrets']);
  found.rules(valueAt(value, ['defaults', 'retry']), ['defaults', 'retry']);
  found.templates(valueAt(value, ['outputs']), ['outputs'], BASE);
  return found.list;
}

class Places {
  readonly list: Place[] = [];
  readonly #hasTemplates: boolean;

  constructor(hasTemplates: boolean) {
    this.#hasTemplates = hasTemplates;
  }

  bare(text: unknown, path: Path, roots: readonly Root[], more: Partial<Place> = {}): void {
    if (typeof text === 'string') this.list.push({ path, text, form: 'bare', roots, ...more });
  }

  /** The texts with `${{ }}` in a value. */
  templates(value: unknown, path: Path, roots: readonly Root[], more: Partial<Place> = {}): void {
    if (!this.#hasTemplates) return;
    if (typeof value === 'string') {
      if (hasExpression(value)) this.list.push({ path, text: value, form: 'template', roots, ...more });
    } else if (Array.isArray(value)) {
      for (const [index, item] of value.entries()) {
        if (mayHold(item)) this.templates(item, [...path, index], roots, more);
      }
    } else if (isMapping(value)) {
      for (const key in value) if (mayHold(value[key])) this.templates(value[key], [...path, key], roots, more);
    }
  }

  /** An expression by itself, or one in `${{ }}`. */
  size(value: unknown, path: Path, roots: readonly Root[]): void {
    if (typeof value === 'string' && hasExpression(value)) this.templates(value, path, roots, { result: 'number' });
    else this.bare(value, path, roots, { result: 'number' });
  }

  forEach(value: unknown, path: Path): void {
    if (typeof value === 'string') this.templates(value, path, BASE, { result: 'list' });
    if (!isMapping(value)) return;
    const { matrix, range } = value;
    if (isMapping(matrix)) {
      for (const [name, list] of Object.entries(matrix)) {
        if (typeof list === 'string') this.templates(list, [...path, 'matrix', name], BASE, { result: 'list' });
      }
    }
    for (const end of ['from', 'to']) {
      this.templates(valueAt(range, [end]), [...path, 'range', end], BASE, { result: 'int' });
    }
  }

  /** What is done: `uses`, `with` and `env`, or a short form of them. */
  action(
    fields: Readonly<Record<string, unknown>>,
    path: Path,
    uses: string | undefined,
    roots: readonly Root[],
    mayNameItself = false,
  ): void {
    const settings = fields['with'];
    const at = [...path, 'with'];
    const own = mayNameItself ? { mayNameItself } : {};
    switch (uses) {
      case 'shell':
      case 'function':
      case 'http':
      case 'activity': {
        const isForeign = uses === 'activity';
        const inside = isForeign ? roots : [...roots, 'secrets' as const];
        const more = isForeign ? { ...own, noSecrets: FOREIGN } : own;
        for (const field of TEMPLATED[uses] ?? []) {
          const value = isMapping(settings) ? settings[field] : undefined;
          if (value !== undefined) this.templates(value, [...at, field], inside, more);
        }
        if (fields['env'] !== undefined) this.templates(fields['env'], [...path, 'env'], inside, more);
        break;
      }
      case 'poll': {
        if (!isMapping(settings)) break;
        const kind = typeof settings['uses'] === 'string' ? settings['uses'] : 'shell';
        this.action({ ...settings, env: undefined }, at, kind, roots);
        this.templates(fields['env'], [...path, 'env'], [...roots, 'secrets']);
        this.bare(settings['until'], [...at, 'until'], [...roots, 'output'], { result: 'bool' });
        break;
      }
      case 'wait':
        for (const [field, short] of [
          ['for', 'wait'],
          ['until', 'until'],
        ] as const) {
          this.templates(valueAt(settings, [field]), [...at, field], roots);
          this.templates(fields[short], [...path, short], roots);
        }
        break;
      case 'approval':
        this.templates(valueAt(settings, ['message']), [...at, 'message'], roots);
        break;
      case 'dag':
        this.templates(valueAt(settings, ['params']), [...at, 'params'], roots);
        break;
      case 'event':
        this.bare(valueAt(settings, ['filter']), [...at, 'filter'], [...roots, 'event'], { result: 'bool' });
        break;
      case 'switch':
        this.bare(valueAt(settings, ['on']), [...at, 'on'], roots);
        this.bare(fields['switch'], [...path, 'switch'], roots);
        break;
      default:
    }
  }

  /** The rules of a `retry`. */
  rules(retry: unknown, path: Path): void {
    const rules = valueAt(retry, ['rules']);
    if (!Array.isArray(rules)) return;
    for (const [index, rule] of rules.entries()) {
      this.bare(valueAt(rule, ['when']), [...path, 'rules', index, 'when'], ['error'], { result: 'bool' });
    }
  }
}

function mayHold(value: unknown): boolean {
  return typeof value === 'string' ? hasExpression(value) : typeof value === 'object';
}
