import type { Dag } from '../dag/dag.js';
import type { FunctionDefinition } from './function-definition.js';

/** A dag, and the functions that its worker must have. */
export interface DagDefinition {
  readonly dag: Dag;
  /** Those that its tasks, and its sub-dags, use; one written in place is called `<dag>.<task>`. */
  readonly functions: readonly FunctionDefinition[];
}
