import type { Param } from '../dag/dag.js';
import type { Json, JsonObject } from '../dag/json.js';
import { compileTemplate } from '../expression/compile-template.js';
import { compile } from '../expression/compile.js';
import { EXPRESSION_LIMITS } from '../expression/limits.js';
import type { ExpressionProblem } from '../expression/problem.js';
import type { References, Scope } from '../expression/scope.js';
import { ANY, shapeOf, type Shape } from '../expression/shape.js';
import { hasExpression } from '../expression/template.js';
import { inferNeeds, type Naming } from './inferred-needs.js';
import { finding, valueAt, type Finding } from './issues.js';
import { LIMITS } from './limits.js';
import { didYouMean } from './near-name.js';
import { placesOfDag, placesOfTask, type Place } from './places.js';
import { isMapping, rawBranchesOf, rawNeedsOf, rawTasksOf, type RawTask } from './raw-task.js';
import type { Path } from './source.js';

/** What the expressions of a dag come to. */
export interface ReadExpressions {
  /** The dag with the needs that its expressions imply: who names a task waits for its end. */
  readonly value: unknown;
  readonly findings: readonly Finding[];
}

/**
 * Checks every expression of a value that may be a dag, however wrong the rest of it is.
 * @param options.isFragment It is a part of a dag: other tasks, params and variables are not known, and not checked.
 */
export function readExpressions(value: unknown, { isFragment = false } = {}): ReadExpressions {
  if (!isMapping(value)) return { value, findings: [] };
  const survey = surveyOf(value);
  if (survey.tooDeep !== undefined) return { value, findings: [survey.tooDeep] };
  const reader = new Reader(value, survey, isFragment);
  return { value: reader.inferred(), findings: [...reader.findings, ...reader.misplaced(survey)] };
}

interface PlacedNaming extends Naming {
  readonly place: Pick<Place, 'path'> & { readonly within?: number };
}

class Reader {
  readonly findings: Finding[] = [];
  readonly #value: Readonly<Record<string, unknown>>;
  readonly #tasks: readonly RawTask[];
  readonly #indexes: ReadonlyMap<string, number>;
  readonly #scope: Scope;
  readonly #isFragment: boolean;
  readonly #namings: PlacedNaming[] = [];
  /** Of a fragment: the tasks of the running dag that each task names. */
  readonly #others = new Map<number, Set<string>>();
  /** The texts that were read, by their paths. */
  readonly #places = new Map<string, Place>();
  /** Variables of `defaults.env` that hold expressions themselves. */
  readonly #variables: ReadonlySet<string>;

  constructor(value: Readonly<Record<string, unknown>>, survey: Survey, isFragment: boolean) {
    this.#value = value;
    this.#isFragment = isFragment;
    this.#tasks = rawTasksOf(value);
    this.#indexes = new Map(this.#tasks.map((task, index) => [task.name, index]));
    const env = valueAt(value, ['defaults', 'env']);
    const variables = isMapping(env) ? Object.entries(env) : [];
    this.#variables = new Set(
      variables.flatMap(([name, text]) => (typeof text === 'string' && hasExpression(text) ? [name] : [])),
    );
    // Comparing with every name is slow in a large dag, so only the first few get a suggestion there.
    let suggestions = Math.max(20, 2_000_000 / (this.#tasks.length + 1));
    this.#scope = {
      outputs: new Map(this.#tasks.map((task) => [task.name, outputOf(task)])),
      didYouMean: (name, names) => (suggestions-- > 0 ? didYouMean(name, names) : undefined),
      ...(isFragment
        ? {}
        : {
            tasks: new Set(this.#indexes.keys()),
            params: paramsOf(value),
            env: new Set(variables.map(([name]) => name)),
          }),
    };
    const templated = new Set(survey.texts.map((path) => keyOf(path.slice(0, 2))));
    for (const place of placesOfDag(value)) this.#read(place, undefined);
    for (const [index, task] of this.#tasks.entries()) {
      const places = placesOfTask(task, templated.has(keyOf(task.path)));
      this.#count(places);
      for (const place of places) this.#read(place, index);
    }
  }

  #count(places: readonly Place[]): void {
    if (places.length <= EXPRESSION_LIMITS.texts) return;
    const counts = new Map<string, number>();
    for (const { path } of places) {
      const key = String(path[2]);
      const count = (counts.get(key) ?? 0) + 1;
      counts.set(key, count);
      if (count !== EXPRESSION_LIMITS.texts + 1) continue;
      const text = `is one expression too many: a value may have ${EXPRESSION_LIMITS.texts.toLocaleString('en')} texts with some.`;
      this.findings.push(finding(path, 'EXPRESSION_TOO_LARGE', text, 'Do this work in a task, and use its output.'));
    }
  }

  #read(place: Place, task: number | undefined): void {
    const { path, text, form, roots, result, noSecrets } = place;
    this.#places.set(keyOf(path), place);
    const scope: Scope = {
      ...this.#scope,
      roots,
      ...(result === undefined ? {} : { result }),
      ...(noSecrets === undefined ? {} : { hints: { secrets: noSecrets } }),
    };
    if (form === 'template') {
      const compiled = compileTemplate(text, scope);
      if ('problems' in compiled) this.#report(place, compiled.problems);
      else this.#refer(place, task, compiled.template.references);
      return;
    }
    const template = text.indexOf('${{');
    if (template >= 0) {
      const message = `\`${String(path.at(-1))}\` is an expression by itself.`;
      const problem = { code: 'EXPRESSION_SYNTAX', message, hint: 'Write it without `${{ }}`.' } as const;
      this.#report(place, [{ ...problem, from: template, to: template + 3 }]);
    } else if (text !== '' && text.length <= EXPRESSION_LIMITS.source) {
      const compiled = compile(text, scope);
      if ('problems' in compiled) this.#report(place, compiled.problems);
      else this.#refer(place, task, compiled.expression.references);
    }
  }

  #report({ path }: Pick<Place, 'path'>, problems: readonly ExpressionProblem[]): void {
    for (const { code, message, hint, from } of problems) {
      const problem = { code, severity: 'error', message, ...(hint === undefined ? {} : { hint }) } as const;
      this.findings.push({ path, within: from, problem });
    }
  }

  #refer(place: Place, task: number | undefined, references: References): void {
    for (const name of references.env) {
      if (!this.#variables.has(name)) continue;
      const from = Math.max(0, place.text.indexOf('env'));
      const message = `\`env.${name}\` holds an expression itself.`;
      this.#report(place, [{ code: 'EXPRESSION_NAME', message, hint: 'Write here what it holds.', from, to: from }]);
    }
    if (task === undefined) return;
    for (const { name, from } of references.tasks) {
      this.#name(task, name, { path: place.path, within: from }, place.mayNameItself ?? false);
    }
  }

  /** Notes that a task names another. */
  #name(task: number, name: string, place: PlacedNaming['place'], mayNameItself: boolean): void {
    const named = this.#indexes.get(name);
    if (named === undefined) {
      if (!this.#isFragment) return;
      const others = this.#others.get(task) ?? new Set();
      this.#others.set(task, others.add(name));
    } else if (named === task) {
      if (mayNameItself) return;
      this.#refuse(place, `\`${name}\` is the task itself, which has not run yet.`, 'Name a task that runs before it.');
    } else if (this.#tasks[named]!.isFinally && !this.#tasks[task]!.isFinally) {
      this.#refuse(
        place,
        `\`${name}\` comes after: it is a \`finally\` task.`,
        'Name a task that runs before this one.',
      );
    } else if (this.#tasks[named]!.isFinally === this.#tasks[task]!.isFinally) {
      this.#namings.push({ task, named, place });
    }
  }

  #refuse(place: PlacedNaming['place'], message: string, hint: string): void {
    this.findings.push({ ...place, problem: { code: 'EXPRESSION_TASK', severity: 'error', message, hint } });
  }

  /** The value with the needs that its expressions imply. */
  inferred(): unknown {
    const added = new Map<number, string[]>([...this.#others].map(([task, names]) => [task, [...names]]));
    if (this.#namings.length > 0) {
      const from: number[] = [];
      const to: number[] = [];
      const edge = (needed: string, task: string): void => {
        const [a, b] = [this.#indexes.get(needed), this.#indexes.get(task)];
        if (a === undefined || b === undefined || a === b) return;
        from.push(a);
        to.push(b);
      };
      for (const task of this.#tasks) {
        for (const needed of rawNeedsOf(task)) edge(needed, task.name);
        for (const branch of rawBranchesOf(task)) edge(task.name, branch);
      }
      const inference = inferNeeds(this.#tasks.length, from, to, this.#namings);
      for (const { task, named } of inference.added) {
        added.set(task, [...(added.get(task) ?? []), this.#tasks[named]!.name]);
      }
      for (const { task, named, place } of inference.after) {
        const name = this.#tasks[named]!.name;
        const message = `\`${name}\` comes after: it waits for \`${this.#tasks[task]!.name}\`.`;
        this.#refuse(place, message, 'Name a task that runs before this one, or remove that dependency.');
      }
    }
    return added.size === 0 ? this.#value : this.#withNeeds(added);
  }

  #withNeeds(added: ReadonlyMap<number, readonly string[]>): unknown {
    const { tasks } = this.#value;
    const changed = (
      task: unknown,
      names: readonly string[] | undefined,
      write: (name: string) => unknown,
    ): unknown => {
      const needs = valueAt(task, ['needs']);
      const given: unknown[] = needs === undefined || needs === null ? [] : Array.isArray(needs) ? needs : [needs];
      const have = new Set(given.map((need) => (typeof need === 'string' ? need : valueAt(need, ['task']))));
      const missing = (names ?? []).filter((name) => !have.has(name));
      return missing.length === 0 ? task : { ...(task as object), needs: [...given, ...missing.map(write)] };
    };
    const byName = new Map([...added].map(([index, names]) => [this.#tasks[index]!.name, names]));
    if (Array.isArray(tasks)) {
      const list = tasks.map((task: unknown) => changed(task, byName.get(nameOf(task)), (name) => ({ task: name })));
      return { ...this.#value, tasks: list };
    }
    const mapping = (given: unknown): unknown =>
      isMapping(given)
        ? Object.fromEntries(
            Object.entries(given).map(([name, task]) => [name, changed(task, byName.get(name), (needed) => needed)]),
          )
        : given;
    const { finally: last } = this.#value;
    return { ...this.#value, tasks: mapping(tasks), ...(last === undefined ? {} : { finally: mapping(last) }) };
  }

  /** What holds `${{` where no expression has a place. */
  misplaced({ texts, keys }: Survey): Finding[] {
    return [...texts.flatMap((path) => this.#misplacedText(path)), ...keys.map(keyFinding)];
  }

  #misplacedText(path: Path): Finding[] {
    if (this.#places.has(keyOf(path))) return [];
    const field = path.at(-1);
    if (field === 'description' && path.length <= 3) return [];
    const isScript = field === 'run' || (field === 'compensate' && path.length === 3);
    if (isScript && (path[0] === 'tasks' || path[0] === 'finally')) {
      const hint = 'Pass the value through `env:` and use the variable in the script.';
      return [finding(path, 'EXPRESSION_IN_SCRIPT', 'takes no `${{ }}` expressions.', hint)];
    }
    const hint = 'Write the value itself. See docs/expressions.md for where expressions stand.';
    return [finding(path, 'EXPRESSION_PLACE', 'takes no `${{ }}` expressions.', hint)];
  }
}

/** Where a value has a `${{`. */
interface Survey {
  readonly texts: readonly Path[];
  readonly keys: readonly Path[];
  readonly tooDeep?: Finding;
}

/** Deeper than a file may be, as the canonical form of a file is. */
const DEEPEST = LIMITS.depth + 20;

function surveyOf(value: Readonly<Record<string, unknown>>): Survey {
  const texts: Path[] = [];
  const keys: Path[] = [];
  const path: PropertyKey[] = [];
  let tooDeep: Finding | undefined;
  const visit = (item: unknown): void => {
    if (typeof item === 'string') {
      if (hasExpression(item)) texts.push([...path]);
    } else if (typeof item === 'object' && item !== null) {
      if (path.length > DEEPEST) {
        tooDeep ??= finding(path.slice(0, 4), 'TOO_DEEP', `is nested over ${LIMITS.depth} levels deep.`, 'Flatten it.');
        return;
      }
      if (path.length === 4 && path[2] === 'with' && path[3] === 'dag') return;
      if (Array.isArray(item)) {
        for (let index = 0; index < item.length; index++) inside(index, item[index]);
      } else {
        for (const key in item) {
          if (hasExpression(key)) keys.push([...path, key]);
          else inside(key, (item as Record<string, unknown>)[key]);
        }
      }
    }
  };
  const inside = (key: PropertyKey, item: unknown): void => {
    path.push(key);
    visit(item);
    path.pop();
  };
  visit(value);
  return { texts, keys, ...(tooDeep === undefined ? {} : { tooDeep }) };
}

function keyFinding(path: Path): Finding {
  return finding(
    path,
    'EXPRESSION_PLACE',
    'is a key; a key takes no `${{ }}` expressions.',
    'Write the name itself.',
    true,
  );
}

function keyOf(path: Path): string {
  return path.map(String).join('\0');
}

const PARAM_TYPES = ['string', 'number', 'integer', 'boolean', 'json'] as const;

/** The params, as far as their types go. */
function paramsOf(value: unknown): Record<string, Param> {
  const params = valueAt(value, ['params']);
  if (!isMapping(params)) return {};
  return Object.fromEntries(
    Object.entries(params).map(([name, param]) => {
      const given = isMapping(param) ? param['type'] : typeof param;
      return [name, { type: PARAM_TYPES.find((type) => type === given) ?? 'json' }];
    }),
  );
}

const APPROVAL: Shape = {
  type: 'map',
  fields: { decision: { type: 'string' }, by: { type: 'string' }, at: { type: 'string' }, form: ANY },
  isClosed: true,
};

/** What is known of the output of a task. */
function outputOf({ fields, uses }: RawTask): Shape {
  const one = outputOfOne(fields, uses);
  return fields['forEach'] === undefined ? one : { type: 'list', items: one };
}

function outputOfOne(fields: Readonly<Record<string, unknown>>, uses: string | undefined): Shape {
  switch (uses) {
    case 'switch':
      return { type: 'string' };
    case 'approval':
      return APPROVAL;
    case 'event':
      return shapeOf(valueAt(fields['with'], ['schema']) as Json | undefined);
    case 'dag': {
      const outputs = valueAt(fields['with'], ['dag', 'outputs']);
      if (!isMapping(outputs)) break;
      const known = Object.keys(outputs as JsonObject).map((name): [string, Shape] => [name, ANY]);
      return { type: 'map', fields: Object.fromEntries(known), isClosed: true };
    }
    default:
      break;
  }
  return shapeOf(fields['output'] as Json | undefined);
}

function nameOf(task: unknown): string {
  const name = valueAt(task, ['name']);
  return typeof name === 'string' ? name : '';
}
