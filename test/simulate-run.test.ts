import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Dag, Task } from '../src/dag/dag.js';
import { CliStage } from './support/cli-stage.js';

let stage: CliStage;

beforeAll(async () => {
  stage = await CliStage.open();
}, 900_000);

afterAll(() => stage.close());

function shell(name: string, run: string, ...needs: string[]): Task {
  return { name, uses: 'shell', with: { run }, needs: needs.map((task) => ({ task })) };
}

describe('dagwright simulate --from-run', () => {
  it('takes the durations of a run, and says of its dag what each policy would have done', async () => {
    const dag: Dag = { name: 'ran', params: {}, tasks: [shell('a', 'sleep 0.6'), shell('b', 'sleep 0.3', 'a')] };
    await (await stage.client.start(dag, { runId: 'ran-1' })).result();
    const simulated = ['simulate', '--from-run', 'ran-1', '--workers', '1', '--policy', 'fcfs,sjf'];
    const { results } = await stage.json<{ results: { policy: string; makespan: number }[] }>(...simulated);
    expect(results.map(({ policy }) => policy)).toEqual(['fcfs', 'sjf']);
    for (const { makespan } of results) expect(makespan).toBeGreaterThanOrEqual(0.9);

    await writeFile(join(stage.folder, 'other.yaml'), 'name: other\ntasks: { x: { run: ls } }\n');
    expect(await stage.refusal('simulate', 'other.yaml', '--from-run', 'ran-1')).toEqual([2, 'USAGE']);
  });
});
