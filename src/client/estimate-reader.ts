import type { DagWith } from '../dag/control.js';
import { isHandled, type Dag } from '../dag/dag.js';
import type { LearnedEstimate, LearnedEstimates } from '../estimate/estimate.js';
import { estimateIn } from '../estimate/stats.js';
import { withSubDags } from '../estimate/sub-dag-times.js';
import { undoName } from '../run/made-tasks.js';
import type { DagStats } from './dag-stats.js';

/** Milliseconds for which an answer is taken again, also that nothing is known. */
const FRESH = 5_000;
/** Milliseconds that the start of a run waits for it at most. */
const TIMEOUT = 500;
/** Answers that are kept. */
const MOST_ANSWERS = 1_000;

interface Answer {
  readonly at: number;
  readonly stats: Promise<DagStats | undefined>;
}

/** Gives the starts of runs what was learned of their tasks, at little cost and never an error. */
export class EstimateReader {
  readonly #read: (dag: string) => Promise<DagStats | undefined>;
  readonly #answers = new Map<string, Answer>();

  constructor(read: (dag: string) => Promise<DagStats | undefined>) {
    this.#read = read;
  }

  /**
   * What is known of the tasks, of the dag and of those within it, that declare no estimate; undefined where nothing is,
   * or it is not to be had soon. It asks for no dag that declares all of them.
   */
  async estimatesFor(dag: Dag): Promise<LearnedEstimates | undefined> {
    const wanted = unknownTasks(dag);
    const entries = await Promise.all(
      [...wanted].map(async ([name, tasks]) => [name, estimatesOf(await this.#statsOf(name), tasks)] as const),
    );
    const learned = entries.filter(([, tasks]) => Object.keys(tasks).length > 0);
    const known = withSubDags(dag, Object.fromEntries(learned));
    return Object.keys(known).length === 0 ? undefined : known;
  }

  #statsOf(dag: string): Promise<DagStats | undefined> {
    const now = performance.now();
    const known = this.#answers.get(dag);
    if (known !== undefined && now - known.at < FRESH) return known.stats;
    if (this.#answers.size >= MOST_ANSWERS) this.#answers.clear();
    const stats = soon(this.#read(dag));
    this.#answers.set(dag, { at: now, stats });
    return stats;
  }
}

/** The answer, or undefined where it fails or does not come in time. */
async function soon<T>(answer: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), TIMEOUT);
  });
  try {
    return await Promise.race([answer, late]);
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}

/** By dag: the tasks that workers do, and what undoes them, where they declare no estimate. */
function unknownTasks(dag: Dag, wanted = new Map<string, Set<string>>()): Map<string, Set<string>> {
  for (const task of dag.tasks) {
    if (task.uses === 'dag') unknownTasks((task.with as unknown as DagWith).dag, wanted);
    const names: string[] = [];
    if (isHandled(task) && task.estimate === undefined) names.push(task.name);
    if (task.compensate !== undefined) names.push(undoName(task.name));
    if (names.length === 0) continue;
    const tasks = wanted.get(dag.name) ?? new Set();
    for (const name of names) tasks.add(name);
    wanted.set(dag.name, tasks);
  }
  return wanted;
}

function estimatesOf(stats: DagStats | undefined, tasks: ReadonlySet<string>): Record<string, LearnedEstimate> {
  const known = (stats?.tasks ?? []).filter(({ task }) => tasks.has(task));
  return Object.fromEntries(known.map((task) => [task.task, estimateIn(task)]));
}
