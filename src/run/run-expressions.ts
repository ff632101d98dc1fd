import { envOf, type Dag, type Task } from '../dag/dag.js';
import { DagwrightError } from '../dag/errors.js';
import type { Json, JsonObject } from '../dag/json.js';
import { storedBytes } from '../dag/stored-value.js';
import type { TaskError } from '../dag/task-error.js';
import { itemName } from './made-tasks.js';
import { evaluate, recompile, type Expression } from '../expression/compile.js';
import type { ExpressionValues } from '../expression/evaluate.js';
import type { References } from '../expression/scope.js';
import {
  evaluateButSecrets,
  evaluateValue,
  recompileValue,
  type CompiledValue,
  type ValueWithSecrets,
} from '../expression/value-template.js';
import { taskFacts, type FactsRun } from './task-facts.js';

/** What is asked of a run to evaluate an expression of it. */
export interface ExpressionFacts extends FactsRun {
  readonly runId: string;
  readonly dag: Dag;
  readonly params: JsonObject;
  indexOf(name: string): number | undefined;
  /** In a fan-out: the item of the task. */
  itemOf(task: number): Json | undefined;
}

/** Values of roots that only one place has: `error`, `output`, `event`. */
export type OwnValues = Partial<ExpressionValues>;

/** A value, or why it has none. */
export type Evaluated<T> = { readonly value: T } | { readonly error: TaskError };

/** What a task is handed of what its definition says. */
export interface Handed {
  readonly with: ValueWithSecrets;
  readonly env: ValueWithSecrets;
}

/**
 * The expressions of one run: each is read once, and evaluated when its task needs it. The same run gives the same
 * values, on every machine.
 */
export class RunExpressions {
  readonly #run: ExpressionFacts;
  readonly #bare = new Map<string, Expression>();
  /** By the value itself: the items of a fan-out share the settings of their task. */
  readonly #values = new WeakMap<object, CompiledValue>();
  readonly #env = new Map<string, CompiledValue>();

  constructor(run: ExpressionFacts) {
    this.#run = run;
  }

  /** The value of an expression that stands bare. `what` begins the sentence where it has none. */
  bare(task: number, source: string, what: string, own: OwnValues = {}): Evaluated<Json> {
    return orError(what, () => {
      const expression = this.read(source);
      return notStored(evaluate(expression, this.#valuesFor(expression.references, task, own)));
    });
  }

  /** Reads an expression. @throws ExpressionError where it cannot be read. */
  read(source: string): Expression {
    let expression = this.#bare.get(source);
    if (expression === undefined) {
      expression = recompile(source);
      this.#bare.set(source, expression);
    }
    return expression;
  }

  /** A value whose texts may hold `${{ }}`, for the run itself. `bytes`: the most that it may have. */
  value(task: number, value: Json, what: string, bytes?: number): Evaluated<Json> {
    return orError(what, () => notStored(this.#evaluated(task, value, bytes)));
  }

  /** A value that is only handed on: large outputs may stand in it as what stands for them. */
  handedOn(task: number, value: Json, what: string, bytes?: number): Evaluated<Json> {
    return orError(what, () => this.#evaluated(task, value, bytes));
  }

  #evaluated(task: number, value: Json, bytes?: number): Json {
    const compiled = this.#compiled(value);
    return evaluateValue(compiled, this.#valuesFor(compiled.references, task, {}), bytes);
  }

  /** The settings and variables of a task as it starts, secrets left out. */
  handed(task: number, definition: Task): Evaluated<Handed> {
    return orError('An expression of the task', () => {
      const settings = this.#compiled(definition.with);
      const env = this.#envOf(definition);
      const values = (compiled: CompiledValue): ExpressionValues => this.#valuesFor(compiled.references, task, {});
      return {
        with: evaluateButSecrets(settings, values(settings), { path: ['with'] }),
        env: withoutStored(evaluateButSecrets(env, values(env), { path: ['env'] })),
      };
    });
  }

  /** The tasks that the expressions of a value name. */
  tasksIn(value: Json): string[] {
    return this.#compiled(value).references.tasks.map(({ name }) => name);
  }

  #compiled(value: Json): CompiledValue {
    if (typeof value !== 'object' || value === null) return recompileValue(value);
    let compiled = this.#values.get(value);
    if (compiled === undefined) {
      compiled = recompileValue(value);
      this.#values.set(value, compiled);
    }
    return compiled;
  }

  #envOf(definition: Task): CompiledValue {
    const { made, name } = definition;
    const key = made === undefined || made.undoes ? name : made.of;
    let compiled = this.#env.get(key);
    if (compiled === undefined) {
      compiled = recompileValue(envOf(this.#run.dag, definition));
      this.#env.set(key, compiled);
    }
    return compiled;
  }

  #valuesFor(references: References, task: number, own: OwnValues): ExpressionValues {
    const { runId, dag, params } = this.#run;
    const { roots } = references;
    if (roots.length === 0) return own;
    const tasks: Record<string, Json> = {};
    const made = dag.tasks[task]?.made;
    for (const { name } of references.tasks) {
      // To what undoes an item, the item's end is that of its task.
      const isOwn = made?.undoes === true && made.item !== undefined && made.of === name;
      const index = this.#run.indexOf(isOwn ? itemName(name, made.item) : name);
      if (index !== undefined) tasks[name] = taskFacts(this.#run, index);
    }
    const values = { params, tasks, run: { id: runId, dag: dag.name }, env: { ...dag.defaults?.env }, ...own };
    const index = made?.item;
    if (index === undefined || !(roots.includes('item') || roots.includes('index'))) return values;
    const item = this.#run.itemOf(task);
    return { ...values, index, ...(item === undefined ? {} : { item }) };
  }
}

/** @throws what is no expression's error but a bug. */
function orError<T>(what: string, value: () => T): Evaluated<T> {
  try {
    return { value: value() };
  } catch (error) {
    if (!(error instanceof DagwrightError)) throw error;
    return { error: { code: error.code, message: `${what} could not be evaluated: ${error.message}` } };
  }
}

/** @throws DagwrightError EXPRESSION_FAILED where it is, or holds, a large output that only stands for itself. */
function notStored(value: Json): Json {
  const bytes = storedBytes(value);
  if (bytes === 0) return value;
  const message = `It takes an output of ${bytes} bytes, which is kept in the store: such a one can only be handed on to a task.`;
  throw new DagwrightError('EXPRESSION_FAILED', message);
}

function withoutStored(env: ValueWithSecrets): ValueWithSecrets {
  notStored(env.value);
  return env;
}
