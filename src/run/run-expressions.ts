import { envOf, type Dag, type Task } from '../dag/dag.js';
import { DagwrightError } from '../dag/errors.js';
import type { Json, JsonObject } from '../dag/json.js';
import { storedRef } from '../dag/stored-value.js';
import type { TaskError } from '../dag/task-error.js';
import { evaluate, recompile, type Expression } from '../expression/compile.js';
import type { ExpressionValues } from '../expression/evaluate.js';
import type { References } from '../expression/scope.js';
import {
  evaluateButSecrets,
  evaluateValue,
  expressionsIn,
  recompileValue,
  type CompiledValue,
  type ValueWithSecrets,
} from '../expression/value-template.js';

/** What is asked of a run to evaluate an expression of it. */
export interface ExpressionFacts {
  readonly runId: string;
  readonly dag: Dag;
  readonly params: JsonObject;
  indexOf(name: string): number | undefined;
  /** What an expression may know of a task: see `tasks.NAME` in docs/expressions.md. */
  factsOf(task: number): JsonObject;
  /** In a fan-out: the item of the task. */
  itemOf(task: number): Json | undefined;
}

/** An expression that is one output and nothing else. */
const WHOLE_OUTPUT = /^tasks(?:\.\w+|\[\s*(?:"[^"]*"|'[^']*')\s*\])\.output$/;

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
      this.#refuseStored([expression]);
      return evaluate(expression, this.#valuesFor(expression.references, task, own));
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

  /** A value whose texts may hold `${{ }}`. `bytes`: the most that it may have. */
  value(task: number, value: Json, what: string, bytes?: number): Evaluated<Json> {
    return orError(what, () => {
      const compiled = this.#compiled(value);
      this.#refuseStored(expressionsIn(compiled));
      return evaluateValue(compiled, this.#valuesFor(compiled.references, task, {}), bytes);
    });
  }

  /** The settings and variables of a task as it starts, secrets left out. */
  handed(task: number, definition: Task): Evaluated<Handed> {
    return orError('An expression of the task', () => {
      const settings = this.#compiled(definition.with);
      const env = this.#envOf(definition);
      for (const compiled of [settings, env]) this.#refuseStored(expressionsIn(compiled));
      const values = (compiled: CompiledValue): ExpressionValues => this.#valuesFor(compiled.references, task, {});
      return {
        with: evaluateButSecrets(settings, values(settings), { path: ['with'] }),
        env: evaluateButSecrets(env, values(env), { path: ['env'] }),
      };
    });
  }

  /** The tasks that the expressions of a value name. */
  tasksIn(value: Json): string[] {
    return this.#compiled(value).references.tasks.map(({ name }) => name);
  }

  /**
   * A large output is in the store, and not in the run: it can be handed on whole, and not looked into.
   * @throws DagwrightError EXPRESSION_FAILED
   */
  #refuseStored(expressions: readonly Expression[]): void {
    for (const { source, references } of expressions) {
      for (const { name, field } of references.tasks) {
        if (field !== 'output' || WHOLE_OUTPUT.test(source)) continue;
        const index = this.#run.indexOf(name);
        const output = index === undefined ? undefined : this.#run.factsOf(index)['output'];
        const ref = storedRef(output);
        if (ref === undefined) continue;
        const message =
          `The output of ${name} has ${ref.bytes} bytes: it is kept in the store, and no expression can look into it. ` +
          'Hand it on whole, or give what is asked of it as an output of its own.';
        throw new DagwrightError('EXPRESSION_FAILED', message);
      }
    }
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
    for (const { name } of references.tasks) {
      const index = this.#run.indexOf(name);
      if (index !== undefined) tasks[name] = this.#run.factsOf(index);
    }
    const values = { params, tasks, run: { id: runId, dag: dag.name }, env: { ...dag.defaults?.env }, ...own };
    const index = dag.tasks[task]?.made?.item;
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
