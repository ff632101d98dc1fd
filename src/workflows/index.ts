/** Everything that the worker bundles for Temporal's workflow sandbox. */
export { runTasks } from './children.js';
export { runDag } from './run-dag.js';
