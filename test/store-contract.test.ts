import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Dag } from '../src/dag/dag.js';
import { storedRef } from '../src/dag/stored-value.js';
import type { RunResult } from '../src/run/run.js';
import { requireDag } from '../src/spec/dag-invalid.js';
import { parseDag } from '../src/spec/parse.js';
import { EXECUTORS, states, type ExecutorHost } from './support/executor-hosts.js';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dagwright-files-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** The dag of a file that lies in a folder of its own. */
function dagOf(text: string): Dag {
  return { ...requireDag(parseDag(text)), directory: folder };
}

describe.each(EXECUTORS)('the %s executor', (_name, makeHost) => {
  let host: ExecutorHost;

  beforeAll(async () => {
    host = await makeHost();
  }, 900_000);

  afterAll(async () => {
    await host.stop();
  });

  async function resultOf(text: string): Promise<RunResult> {
    return (await host.start(dagOf(text))).result();
  }

  it('hands files on from task to task', async () => {
    const result = await resultOf(`
name: film
tasks:
  render:
    run: mkdir -p out; printf film > out/video.mp4
    artifacts: { save: { video: out/video.mp4 } }
  publish:
    run: cp in/deep/video.mp4 published
    artifacts: { load: { in/deep/video.mp4: render.video } }
`);
    expect(states(result)).toEqual({ render: 'succeeded', publish: 'succeeded' });
    expect(result.tasks['render']!.artifacts).toEqual({ video: { sha256: expect.any(String), bytes: 4 } });
    expect(await readFile(join(folder, 'published'), 'utf8')).toBe('film');
  });

  it('fails a task that did not leave its file', async () => {
    const result = await resultOf(`
name: film
tasks:
  render: { run: 'true', artifacts: { save: { video: out/video.mp4 } }, retry: { maximumAttempts: 2, initialInterval: 1ms } }
`);
    expect(result.tasks['render']).toMatchObject({
      status: 'failed',
      attempts: 2,
      error: { code: 'ARTIFACT_MISSING' },
    });
  });

  it('takes what another run made of the same key, with its files', async () => {
    const text = (key: string): string => `
name: cached
tasks:
  make:
    run: echo run >> runs; echo 7 > "$DAGWRIGHT_OUTPUT"; echo x > file
    cache: { key: '${key}' }
    artifacts: { save: { file: file } }
`;
    const first = await (await host.start(dagOf(text('a')))).result();
    const second = await resultOf(text('a'));
    expect(second.tasks['make']).toMatchObject({
      status: 'succeeded',
      output: 7,
      artifacts: first.tasks['make']!.artifacts,
      cached: { runId: first.runId },
    });
    expect(first.tasks['make']!.cached).toBeUndefined();
    expect((await resultOf(text('b'))).tasks['make']!.cached).toBeUndefined();
    expect(await readFile(join(folder, 'runs'), 'utf8')).toBe('run\nrun\n');
  });

  it('hands a large output on whole, and fails an expression that looks into it', async () => {
    const result = await resultOf(`
name: large
tasks:
  make:
    run: |
      node -e 'console.log(JSON.stringify({ text: "x".repeat(1_200_000) }))' > "$DAGWRIGHT_OUTPUT"
  pass:
    needs: [make]
    run: wc -c < "$DAGWRIGHT_NEEDS" > "$DAGWRIGHT_OUTPUT"
  look:
    run: 'true'
    env: { TEXT: '\${{ tasks.make.output.text }}' }
`);
    expect(storedRef(result.tasks['make']!.output)?.bytes).toBe(1_200_011);
    expect(result.tasks['pass']).toMatchObject({ status: 'succeeded', output: 1_200_011 + '{"make":}'.length });
    expect(result.tasks['look']).toMatchObject({ status: 'failed', error: { code: 'EXPRESSION_FAILED' } });
  });
});
