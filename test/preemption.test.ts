import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Dag, Task } from '../src/dag/dag.js';
import { stand } from './support/executor-hosts.js';
import { TestTemporal, type WorkerProcess } from './support/temporal.js';

let temporal: TestTemporal;
let worker: WorkerProcess;
let folder: string;

beforeAll(async () => {
  temporal = await TestTemporal.start();
  worker = await temporal.spawnWorker();
  folder = await mkdtemp(join(tmpdir(), 'dagwright-preemption-'));
}, 900_000);

afterAll(async () => {
  await worker?.kill();
  await temporal?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Counts to 12 in 3 seconds, from where the checkpoint is; each number is a line of the file. */
const COUNT = `i=$(cat "$DAGWRIGHT_CHECKPOINT" 2>/dev/null || echo 0)
while [ "$i" -lt 12 ]; do
  sleep 0.25
  i=$((i + 1))
  echo "$i" >> "$COUNTED"
  echo "$i" > "$DAGWRIGHT_CHECKPOINT.new" && mv "$DAGWRIGHT_CHECKPOINT.new" "$DAGWRIGHT_CHECKPOINT"
done`;

function shell(name: string, run: string, more: Partial<Task> = {}, ...needs: string[]): Task {
  return { name, uses: 'shell', with: { run }, needs: needs.map((task) => ({ task })), ...more };
}

describe('a live run under srtf', () => {
  it('stops a long task for a short one that comes, and lets it go on from its checkpoint', async () => {
    const counted = join(folder, 'counted');
    const long = { estimate: 60_000, preemptible: true, env: { COUNTED: counted } } as const;
    const dag: Dag = {
      name: 'preempted',
      params: {},
      concurrency: 1,
      policy: 'srtf',
      tasks: [
        shell('long', COUNT, long),
        { name: 'later', uses: 'wait', with: { for: 1_500 }, needs: [] },
        shell('short', 'wc -l < "$COUNTED"', { estimate: 100, env: { COUNTED: counted } }, 'later'),
      ],
    };
    const run = await (await temporal.client()).start(dag, { runId: 'preempted' });
    const { status, tasks } = await run.result();
    expect(status).toBe('succeeded');
    expect(tasks['long']?.attempts).toBe(2);
    const [described] = (await run.describe()).tasks;
    const { startedAt, endedAt } = described!.earlierStarts![0]!;
    expect(described!.earlierStarts).toHaveLength(1);
    expect([startedAt, endedAt, described!.startedAt!].toSorted()).toEqual([startedAt, endedAt, described!.startedAt]);
    expect(tasks['short']!.startedAt! < tasks['long']!.endedAt!).toBe(true);
    const numbers = (await readFile(counted, 'utf8')).trim().split('\n').map(Number);
    expect([...new Set(numbers)]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    // At most the step that it was stopped in was done twice.
    expect(numbers.length).toBeLessThanOrEqual(13);
  });

  it('orders what waits anew when its policy is swapped', async () => {
    const order = join(folder, 'order');
    const say = (name: string, estimate: number): Task =>
      shell(name, `echo ${name} >> "$ORDER"`, { estimate, env: { ORDER: order } }, 'gate');
    const gate = join(folder, 'gate');
    const dag: Dag = {
      name: 'swapped',
      params: {},
      concurrency: 1,
      tasks: [
        { name: 'gate', uses: 'event', with: { event: 'go' }, needs: [] },
        shell('first', `while [ ! -e "$GATE" ]; do sleep 0.1; done`, { env: { GATE: gate } }, 'gate'),
        say('long', 3_000),
        say('middle', 2_000),
        say('short', 1_000),
      ],
    };
    const run = await (await temporal.client()).start(dag, { runId: 'swapped' });
    await run.act({ type: 'sendEvent', event: 'go' });
    await stand(run, { first: 'running' });
    await run.act({ type: 'setPolicy', policy: 'sjf' });
    await writeFile(gate, '');
    expect((await run.result()).status).toBe('succeeded');
    expect(await readFile(order, 'utf8')).toBe('short\nmiddle\nlong\n');
  });
});
