import type { Dag, Task } from '../../dag/dag.js';
import { graphOf, neighbours, topologicalOrder, type Graph } from '../../dag/graph.js';
import type { DiagnosticCode } from '../diagnostic.js';
import { possibleEndsOf } from './possible-ends.js';

/** A warning, at a path below its task, or below the dag where it is of no task. */
export interface Warning {
  readonly code: DiagnosticCode;
  /** The index of the task. */
  readonly task?: number;
  readonly path: readonly PropertyKey[];
  /** It begins so many characters into the text at the path. */
  readonly within?: number;
  /** A whole sentence. */
  readonly message: string;
  readonly hint: string;
}

/** One kind of warning. */
export type LintRule = (linted: LintedDag) => Iterable<Warning>;

/** A dag in which nothing is wrong, and what several rules ask of it. */
export class LintedDag {
  readonly dag: Dag;
  readonly graph: Graph;
  /** Every task after all that it needs. */
  readonly order: Int32Array;
  /** How each task may end: bits of {@link END}. */
  readonly ends: Uint8Array;
  readonly #indexes: ReadonlyMap<string, number>;

  constructor(dag: Dag) {
    this.dag = dag;
    this.graph = graphOf(dag);
    this.order = topologicalOrder(this.graph);
    this.ends = possibleEndsOf(dag, this.graph, this.order);
    this.#indexes = new Map(dag.tasks.map((task, index) => [task.name, index]));
  }

  task(index: number): Task {
    return this.dag.tasks[index]!;
  }

  indexOf(name: string): number | undefined {
    return this.#indexes.get(name);
  }

  /** The tasks that a task needs. */
  needs(task: number): Int32Array {
    return neighbours(this.graph.dependencies, task);
  }
}
