import type { Dag } from '../dag/dag.js';
import type { Json } from '../dag/json.js';
import type { FactsOf } from '../dag/walk.js';
import { estimatedTime, type LearnedEstimate, type LearnedEstimates } from '../estimate/estimate.js';
import { learnedName } from '../estimate/sample-buffer.js';
import type { RunExpressions } from './run-expressions.js';

/** What a run expects of its tasks: how long they take, by earlier runs and by their input; where they belong. */
export class Expectations {
  readonly #run: { readonly dag: Dag; readonly expressions: RunExpressions };
  readonly #learned: Readonly<Record<string, LearnedEstimate>>;

  constructor(
    run: { readonly dag: Dag; readonly expressions: RunExpressions },
    dag: string,
    estimates: LearnedEstimates = {},
  ) {
    this.#run = run;
    this.#learned = (Object.hasOwn(estimates, dag) ? estimates[dag] : undefined) ?? {};
  }

  /** Milliseconds that a task is thought to take, by its name, where the dag does not say. */
  estimateOf(name: string): number | undefined {
    return this.#learnedOf(name)?.time;
  }

  /** What is known of a task only once it could start. */
  factsOf(task: number): ReturnType<FactsOf> {
    const { size, estimate, affinity, name } = this.#run.dag.tasks[task]!;
    if (size === undefined && affinity === undefined) return NOTHING;
    const learned = this.#learnedOf(learnedName(name));
    const asks = estimate === undefined && learned?.perSize !== undefined;
    const key = affinity === undefined ? undefined : this.#run.expressions.value(task, affinity, '`affinity`');
    return {
      ...(asks ? { estimate: estimatedTime(learned, this.sizeOf(task)) } : {}),
      ...(key === undefined || 'error' in key ? {} : { affinity: wordOf(key.value) }),
    };
  }

  /** How large the input of the task is; undefined where it does not say, or what it says has no value. */
  sizeOf(task: number): number | undefined {
    const { size } = this.#run.dag.tasks[task]!;
    if (size === undefined) return undefined;
    const evaluated = this.#run.expressions.bare(task, size, '`size`');
    const value = 'value' in evaluated ? evaluated.value : undefined;
    return typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : undefined;
  }

  #learnedOf(name: string): LearnedEstimate | undefined {
    return Object.hasOwn(this.#learned, name) ? this.#learned[name] : undefined;
  }
}

const NOTHING = {};

function wordOf(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
