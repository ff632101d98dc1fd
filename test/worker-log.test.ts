import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { loadConfig } from '../src/config.js';
import type { Dag } from '../src/dag/dag.js';
import { createLogger } from '../src/observability/logger.js';
import { DagWorker } from '../src/worker/dag-worker.js';
import { TestTemporal } from './support/temporal.js';

const SECRET = 'hunter2-hunter2';

/** A task that ends well, and one that fails twice; each is handed the secret, and prints it. */
const DAG: Dag = {
  name: 'nightly',
  params: { token: { type: 'string', default: SECRET } },
  tasks: [
    {
      name: 'load',
      uses: 'shell',
      with: { run: 'echo "$TOKEN"; echo "{\\"token\\":\\"$TOKEN\\"}" > "$DAGWRIGHT_OUTPUT"' },
      env: { TOKEN: SECRET },
      needs: [],
    },
    {
      name: 'send',
      uses: 'shell',
      with: { run: 'echo "$TOKEN" >&2; exit 3' },
      env: { TOKEN: SECRET },
      needs: [{ task: 'load' }],
      retry: { maximumAttempts: 2, initialInterval: 10 },
    },
  ],
};

let temporal: TestTemporal;

beforeAll(async () => {
  temporal = await TestTemporal.start();
});
afterAll(async () => {
  await temporal.stop();
});

/** What a worker of these settings writes to stderr, and to its own logger, while it does a run of the dag. */
async function linesOfRun(
  runId: string,
  settings: { readonly level?: 'debug' | 'warn'; readonly environment?: Record<string, string> },
): Promise<{ own: object[]; stderr: string[] }> {
  const own: string[] = [];
  const stderr: string[] = [];
  const { level, environment } = settings;
  const logger = level && createLogger({ level, stream: { write: (line) => own.push(line) } });
  const spy = vi.spyOn(process.stderr, 'write').mockImplementation((line) => stderr.push(String(line)) > 0);
  try {
    const worker = await DagWorker.start({
      address: temporal.address,
      taskQueue: runId,
      config: loadConfig({ ...process.env, DAGWRIGHT_STATE: temporal.config.stateFolder, ...environment }),
      ...(logger === undefined ? {} : { logger }),
    });
    const run = await worker.client.start(DAG, { runId });
    expect((await run.result()).status).toBe('failed');
    await worker.shutdown();
  } finally {
    spy.mockRestore();
  }
  expect([...own, ...stderr].join('')).not.toContain(SECRET);
  return { own: own.map((line) => JSON.parse(line) as object), stderr };
}

describe("a worker's log", () => {
  it('has a line for the begin and the end of each attempt, with run, dag, task and attempt', async () => {
    const { own, stderr } = await linesOfRun('logged', { level: 'debug' });
    const load = { run: 'logged', dag: 'nightly', task: 'load', attempt: 1 };
    const send = { ...load, task: 'send' };
    const ms = expect.any(Number) as number;
    expect(own).toEqual([
      expect.objectContaining({ level: 'debug', ...load }),
      expect.objectContaining({ level: 'info', ...load, outcome: 'succeeded', ms }),
      expect.objectContaining({ level: 'debug', ...send }),
      expect.objectContaining({ level: 'warn', ...send, outcome: 'failed', code: 'SHELL_EXIT', ms }),
      expect.objectContaining({ level: 'debug', ...send, attempt: 2 }),
      expect.objectContaining({ level: 'warn', ...send, attempt: 2, outcome: 'failed', code: 'SHELL_EXIT', ms }),
    ]);
    expect(stderr).toEqual([]);
  });

  it('goes to stderr from the level on that the environment names', async () => {
    const { stderr } = await linesOfRun('named', {
      environment: { DAGWRIGHT_LOG_LEVEL: 'warn', DAGWRIGHT_LOG_FORMAT: 'text' },
    });
    expect(stderr).toEqual([
      expect.stringMatching(/ warn {2}named\/send #1 Attempt failed outcome=failed code=SHELL_EXIT ms=\d+\n$/),
      expect.stringMatching(/ warn {2}named\/send #2 Attempt failed outcome=failed code=SHELL_EXIT ms=\d+\n$/),
    ]);
  });

  it('says nothing of attempts where nobody asked for it: the run tells of them', async () => {
    expect((await linesOfRun('quiet', {})).stderr).toEqual([]);
  });
});
