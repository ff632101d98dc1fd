/** Everything that the worker bundles for Temporal's workflow sandbox. */
export { dagStats } from './dag-stats.js';
export { runTasks } from './children.js';
export { runDag } from './run-dag.js';
export { workerRegistry } from './worker-registry.js';
export { sharedPool } from './shared-pool.js';
