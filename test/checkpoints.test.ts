import { defaultPayloadConverter } from '@temporalio/common';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { HeartbeatDetails } from '../src/activities/attempt-details.js';
import { MAXIMUM_CHECKPOINT_BYTES } from '../src/activities/checkpoint.js';
import type { DagClient } from '../src/client/dag-client.js';
import type { Task } from '../src/dag/dag.js';
import { TaskDoubles } from './support/task-doubles.js';
import { TestTemporal, type WorkerProcess } from './support/temporal.js';

/** A dead worker is noticed soon. */
const defaults = { timeout: { heartbeat: 2_000 } };
const retry = { maximumAttempts: 2, initialInterval: 10 };

let temporal: TestTemporal;
let client: DagClient;
let doubles: TaskDoubles;
const workers: WorkerProcess[] = [];

beforeAll(async () => {
  temporal = await TestTemporal.start();
  client = await temporal.client();
}, 900_000);

afterAll(async () => {
  await temporal.stop();
});

beforeEach(async () => {
  doubles = await TaskDoubles.start();
});

afterEach(async () => {
  await doubles.stop();
  for (const worker of workers.splice(0)) await worker.kill();
});

async function spawnWorker(): Promise<WorkerProcess> {
  const worker = await temporal.spawnWorker();
  workers.push(worker);
  return worker;
}

/** A shell task that gives what it found, where there is something. */
function shell(name: string, run: string, more: Partial<Task> = {}): Task {
  const script = `if [ -e "$DAGWRIGHT_CHECKPOINT" ]; then
    printf '{ "found": "%s" }' "$(cat "$DAGWRIGHT_CHECKPOINT")" > "$DAGWRIGHT_OUTPUT"; exit
  fi
  printf 'row 7' > "$DAGWRIGHT_CHECKPOINT.new"; mv "$DAGWRIGHT_CHECKPOINT.new" "$DAGWRIGHT_CHECKPOINT"
  ${run}`;
  return { name, uses: 'shell', with: { run: script }, needs: [], ...more };
}

/** The checkpoints that the server has of the run's tasks, by activity. */
async function kept(runId: string): Promise<Record<string, unknown>> {
  const { raw } = await (await temporal.temporalClient()).workflow.getHandle(runId).describe();
  const found = (raw.pendingActivities ?? []).flatMap(({ activityId, heartbeatDetails }) => {
    const [payload] = heartbeatDetails?.payloads ?? [];
    const details = payload && defaultPayloadConverter.fromPayload<HeartbeatDetails>(payload);
    return details?.checkpoint === undefined ? [] : [[activityId ?? '', details.checkpoint] as const];
  });
  return Object.fromEntries(found);
}

describe('a checkpoint', () => {
  it('outlives the worker that is killed: the next attempt finds it', async () => {
    const first = await spawnWorker();
    const tasks = [doubles.leaver('function', 'row 4'), shell('shell', 'sleep 600')];
    const run = await client.start(doubles.dag(tasks, { defaults }));
    await expect.poll(() => kept(run.runId), { timeout: 20_000 }).toEqual({ function: 'row 4', shell: 'row 7' });
    await first.kill();

    await spawnWorker();
    await doubles.begunTimes('function', 2);
    await doubles.release('function');
    const { tasks: ended } = await run.result();
    expect(ended['function']).toMatchObject({ attempts: 2, output: { found: 'row 4' } });
    expect(ended['shell']).toMatchObject({ attempts: 2, output: { found: 'row 7' } });
  });

  it('is there for the retry, however soon the attempt failed after it', async () => {
    await spawnWorker();
    doubles.auto = (_, attempt) => (attempt === 1 ? { fail: { message: 'broken' } } : {});
    const large = 'x'.repeat(MAXIMUM_CHECKPOINT_BYTES - 2);
    const tasks = [
      doubles.leaver('function', 'row 4', { retry }),
      doubles.leaver('large', large, { retry }),
      shell('shell', 'exit 1', { retry }),
    ];
    const { tasks: ended } = await (await client.start(doubles.dag(tasks))).result();
    expect(ended['function']).toMatchObject({ attempts: 2, output: { found: 'row 4' } });
    expect(ended['large']).toMatchObject({ attempts: 2, output: { found: large } });
    expect(ended['shell']).toMatchObject({ attempts: 2, output: { found: 'row 7' } });
  });
});
