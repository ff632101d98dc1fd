// Records the histories of runs that test/replay.test.ts replays for ever. A history that is there is never recorded
// again: a change in behaviour goes behind a patch and gets scenarios, and so histories, of its own.
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import type { WorkflowHandle } from '@temporalio/client';
import type { Dag, Task } from '../src/dag/dag.js';
import { RUN_WORKFLOW, statusQuery } from '../src/workflows/messages.js';
import { TaskDoubles } from '../test/support/task-doubles.js';
import { TestTemporal } from '../test/support/temporal.js';

const FOLDER = fileURLToPath(new URL('../test/histories/', import.meta.url));
const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** What a scenario may use. */
interface Stage {
  readonly temporal: TestTemporal;
  readonly doubles: TaskDoubles;
  /** Starts the dag under the scenario's name. */
  start(dag: Dag, historyLimit?: number): Promise<WorkflowHandle>;
  /** The handle again, after the server came back. */
  again(): Promise<WorkflowHandle>;
}

const ended = async (run: WorkflowHandle): Promise<unknown> => run.result().catch(() => undefined);

const SCENARIOS: Readonly<Record<string, (stage: Stage) => Promise<unknown>>> = {
  async diamond({ temporal, doubles, start }) {
    await temporal.startWorker();
    doubles.auto = (task) => ({ output: task });
    const tasks = [task(doubles, 'a'), task(doubles, 'b', 'a'), task(doubles, 'c', 'a'), task(doubles, 'd', 'b', 'c')];
    await ended(await start(doubles.dag(tasks)));
  },
  async 'failures-and-retries'({ temporal, doubles, start }) {
    await temporal.startWorker();
    doubles.auto = (name, attempt) =>
      name === 'fine' || (name === 'flaky' && attempt > 1) ? {} : { fail: { message: `${name} broke` } };
    const retry = { maximumAttempts: 2, initialInterval: 10 };
    const tasks = [
      doubles.task('flaky', [], { retry }),
      doubles.task('bad', [], { retry }),
      doubles.task('let-go', [], { continueOnError: true }),
      doubles.task('below-bad', ['bad']),
      doubles.task('fine', ['let-go']),
      { ...doubles.task('slow'), uses: 'shell', with: { run: 'sleep 60' }, timeout: { startToClose: 100 } } as Task,
    ];
    await ended(await start(doubles.dag(tasks)));
  },
  async 'fail-fast'({ temporal, doubles, start }) {
    await temporal.startWorker();
    const tasks = [doubles.task('bad'), doubles.task('runs'), doubles.task('never', ['runs'])];
    const run = await start(doubles.dag(tasks, { failFast: true }));
    await doubles.running('runs');
    await doubles.release('bad', { fail: { message: 'broken', retryable: false } });
    while ((await run.query(statusQuery)).counts.failed !== 1);
    await doubles.release('runs');
    await ended(run);
  },
  async 'drain-and-resume'({ temporal, doubles, start }) {
    await temporal.startWorker();
    const run = await start(doubles.dag([doubles.task('a'), doubles.task('b', ['a'])]));
    await doubles.running('a');
    await run.signal('pause');
    await doubles.release('a');
    while ((await run.query(statusQuery)).counts.ready !== 1);
    await run.signal('resume');
    await doubles.release('b');
    await ended(run);
  },
  async 'interrupt-and-resume'({ temporal, doubles, start }) {
    await temporal.startWorker();
    const run = await start(doubles.dag([doubles.task('a'), doubles.task('b', ['a'])]));
    await doubles.running('a');
    await run.signal('pause', { mode: 'interrupt' });
    await doubles.cutOff('a');
    await run.signal('resume');
    await doubles.release('a');
    await doubles.release('b');
    await ended(run);
  },
  async 'cancel-request'({ temporal, doubles, start }) {
    await temporal.startWorker();
    const run = await start(doubles.dag([doubles.task('a'), doubles.task('b', ['a'])]));
    await doubles.running('a');
    await run.cancel();
    await ended(run);
  },
  async 'cancel-signal'({ temporal, doubles, start }) {
    await temporal.startWorker();
    const run = await start(doubles.dag([doubles.task('a'), doubles.task('b', ['a'])]));
    await doubles.running('a');
    await run.signal('cancel');
    await ended(run);
  },
  async 'run-timeout'({ temporal, doubles, start }) {
    await temporal.startWorker();
    await ended(await start(doubles.dag([doubles.task('a')], { timeout: 500 })));
  },
  async 'long-task-across-continue-as-new'({ temporal, doubles, start }) {
    await temporal.startWorker();
    const chain = Array.from({ length: 30 }, (_, i) => doubles.task(`t${i}`, i === 0 ? [] : [`t${i - 1}`]));
    doubles.auto = (name) => (name === 'first' || name === 'last' ? undefined : {});
    const run = await start(doubles.dag([doubles.task('first'), ...chain, doubles.task('last', ['t29'])]), 100);
    await doubles.running('last');
    await doubles.release('first');
    await doubles.release('last');
    await ended(run);
  },
  async 'worker-killed'({ temporal, doubles, start }) {
    const worker = await temporal.spawnWorker();
    const run = await start(doubles.dag([doubles.task('a'), doubles.task('b', ['a']), doubles.task('c', ['b'])]));
    await doubles.release('a');
    await doubles.running('b');
    await worker.kill();
    await temporal.spawnWorker();
    await doubles.begunTimes('b', 2);
    await doubles.release('b');
    await doubles.release('c');
    await ended(run);
  },
  async 'server-killed'({ temporal, doubles, start, again }) {
    await temporal.spawnWorker();
    await start(doubles.dag([doubles.task('a'), doubles.task('b', ['a'])]));
    await doubles.release('a');
    await doubles.running('b');
    await temporal.killServer();
    await temporal.startServer();
    await doubles.release('b');
    await ended(await again());
  },
  async 'paused-while-all-was-killed'({ temporal, doubles, start, again }) {
    const worker = await temporal.spawnWorker();
    const run = await start(doubles.dag([doubles.task('a'), doubles.task('b', ['a'])]));
    await doubles.running('a');
    await run.signal('pause');
    // Where the worker dies before it has told of the end of `a`, that runs a second time.
    doubles.auto = (name) => (name === 'a' ? {} : undefined);
    await doubles.release('a');
    await worker.kill();
    await temporal.killServer();
    await temporal.startServer();
    await temporal.spawnWorker();
    await (await again()).signal('resume');
    await doubles.release('b');
    await ended(await again());
  },
};

function task(doubles: TaskDoubles, name: string, ...needs: string[]): Task {
  return doubles.task(name, needs);
}

await mkdir(FOLDER, { recursive: true });
for (const [name, play] of Object.entries(SCENARIOS)) {
  if (existsSync(`${FOLDER}${name}.json`)) continue;
  const doubles = await TaskDoubles.start();
  const temporal = await TestTemporal.start();
  try {
    const again = async (): Promise<WorkflowHandle> => (await temporal.temporalClient()).workflow.getHandle(name);
    await play({
      temporal,
      doubles,
      again,
      async start(dag, historyLimit) {
        const input = { dag, params: {}, ...(historyLimit === undefined ? {} : { historyLimit }) };
        const client = await temporal.temporalClient();
        return client.workflow.start(RUN_WORKFLOW, { workflowId: name, taskQueue: 'test', args: [input] });
      },
    });
    await record(temporal, name);
  } finally {
    await temporal.stop();
    await doubles.stop();
  }
}

/** Every execution of the run and of its children, each in a file of its own. */
async function record(temporal: TestTemporal, name: string): Promise<void> {
  const client = await temporal.temporalClient();
  const handles: { workflowId: string; runId: string; startTime: Date }[] = [];
  let running = 1;
  while (running > 0 || handles.length === 0) {
    handles.length = 0;
    running = 0;
    for await (const info of client.workflow.list()) {
      if (info.status.name === 'RUNNING') running++;
      handles.push(info);
    }
  }
  handles.sort((a, b) => a.startTime.getTime() - b.startTime.getTime());
  for (const [index, { workflowId, runId }] of handles.entries()) {
    const history = await client.workflow.getHandle(workflowId, runId).fetchHistory();
    const file = index === 0 ? name : `${name}.${index}`;
    const text = historyToJSON(history).replaceAll(ROOT, '/').replaceAll(hostname(), 'host');
    await writeFile(`${FOLDER}${file}.json`, `${text}\n`);
    console.log(`${file}: ${String(history.events?.length)} events`);
  }
}
