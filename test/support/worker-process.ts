// A worker in a process of its own, for tests to kill: `tsx worker-process.ts ADDRESS TASK_QUEUE STATE_FOLDER`.
import { loadConfig } from '../../src/config.js';
import { DagWorker } from '../../src/worker/dag-worker.js';
import { doubleFunction, noopFunction } from './task-doubles.js';
import './workflow-bundle.js';

const [address = '', taskQueue = '', stateFolder = ''] = process.argv.slice(2);
const worker = await DagWorker.start({
  address,
  taskQueue,
  functions: [doubleFunction, noopFunction],
  config: loadConfig({ ...process.env, DAGWRIGHT_STATE: stateFolder }),
});
console.log('ready');
process.on('SIGTERM', () => void worker.shutdown());
await worker.stopped;
