import type { Dag } from '../dag/dag.js';
import { DagwrightError } from '../dag/errors.js';
import type { Json, JsonObject } from '../dag/json.js';
import type { TaskError } from '../dag/task-error.js';
import { evaluate, recompile, type Expression } from '../expression/compile.js';
import type { ExpressionValues } from '../expression/evaluate.js';

/** What is asked of a run to evaluate an expression of it. */
export interface ConditionFacts {
  readonly runId: string;
  readonly dag: Dag;
  readonly params: JsonObject;
  indexOf(name: string): number | undefined;
  /** What an expression may know of a task: see `tasks.NAME` in docs/expressions.md. */
  factsOf(task: number): JsonObject;
}

/** What a condition says of its task. */
export type Condition =
  { readonly verdict: 'start' | 'skipped' } | { readonly verdict: 'failed'; readonly error: TaskError };

/** The `when` of the tasks of one run: each is read once. The same run gives the same answers, on every machine. */
export class Conditions {
  readonly #run: ConditionFacts;
  readonly #expressions = new Map<string, Expression>();

  constructor(run: ConditionFacts) {
    this.#run = run;
  }

  /** Whether the task may start, by its own condition. Never throws: what cannot be evaluated fails the task. */
  of(task: number): Condition {
    const { when } = this.#run.dag.tasks[task] ?? {};
    if (when === undefined) return { verdict: 'start' };
    try {
      const expression = this.#read(when);
      const value = evaluate(expression, this.#valuesFor(expression));
      if (typeof value === 'boolean') return { verdict: value ? 'start' : 'skipped' };
      return failed(`\`when\` must give true or false; it gave ${JSON.stringify(value).slice(0, 100)}.`);
    } catch (error) {
      if (!(error instanceof DagwrightError)) throw error;
      return failed(`\`when\` could not be evaluated: ${error.message}`);
    }
  }

  #read(source: string): Expression {
    let expression = this.#expressions.get(source);
    if (expression === undefined) {
      expression = recompile(source);
      this.#expressions.set(source, expression);
    }
    return expression;
  }

  #valuesFor({ references }: Expression): ExpressionValues {
    const { runId, dag, params } = this.#run;
    const tasks: Record<string, Json> = {};
    for (const { name } of references.tasks) {
      const task = this.#run.indexOf(name);
      if (task !== undefined) tasks[name] = this.#run.factsOf(task);
    }
    return { params, tasks, run: { id: runId, dag: dag.name }, env: { ...dag.defaults?.env } };
  }
}

function failed(message: string): Condition {
  return { verdict: 'failed', error: { code: 'EXPRESSION_FAILED', message } };
}
