import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Act, ActAnswer, ActRequest } from '../../run/act.js';
import { DagwrightError } from '../../dag/errors.js';
import { runCli } from '../program.js';

const asked: { readonly runId: string; readonly act: Act; readonly request: ActRequest | undefined }[] = [];
let answer: (act: Act) => ActAnswer;

// In the place of a server: who notes what was asked of which run.
vi.mock('../server.js', () => ({
  withClient: (_flags: object, work: (connected: object) => unknown): unknown => {
    const get = (runId: string): object => ({
      act: async (act: Act, request?: ActRequest): Promise<ActAnswer> => {
        asked.push({ runId, act, request });
        return answer(act);
      },
    });
    return work({ client: { get } });
  },
}));

const DONE: ActAnswer = {
  changed: true,
  message: 'It is done.',
  state: 'running',
  tasks: [{ name: 'build', from: 'pending', to: 'skipped' }],
  tasksChanged: 1,
};

let folder: string;
let stdout: string;
let stderr: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dagwright-acts-'));
  asked.length = 0;
  answer = () => DONE;
  stdout = '';
  stderr = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    stdout += String(text);
    return true;
  });
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    stderr += String(text);
    return true;
  });
});

afterEach(async () => {
  vi.restoreAllMocks();
  await rm(folder, { recursive: true });
});

/** The acts that a command line asks for. */
async function actsOf(line: string, ...more: string[]): Promise<Act[]> {
  const code = await runCli([...line.split(' '), ...more]);
  expect([code, stderr]).toEqual([0, '']);
  return asked.splice(0).map(({ act }) => act);
}

describe('the commands that change a run', () => {
  it.each<[line: string, act: Act]>([
    ['pause r', { type: 'pause' }],
    ['pause r --mode interrupt', { type: 'pause', mode: 'interrupt' }],
    ['pause r --until 2099-01-01T00:00+01:00', { type: 'pause', until: '2098-12-31T23:00:00.000Z' }],
    ['pause r build', { type: 'pauseTask', task: 'build' }],
    ['pause r build --mode interrupt', { type: 'pauseTask', task: 'build', mode: 'interrupt' }],
    ['resume r', { type: 'resume' }],
    ['resume r build', { type: 'resumeTask', task: 'build' }],
    ['cancel r', { type: 'cancel' }],
    ['cancel r --reason wrong-day', { type: 'cancel', reason: 'wrong-day' }],
    ['cancel r --no-compensate', { type: 'cancel', compensate: false }],
    ['cancel r --compensate', { type: 'cancel', compensate: true }],
    ['cancel r build', { type: 'cancelTask', task: 'build' }],
    ['skip r build', { type: 'skipTask', task: 'build' }],
    ['complete r build', { type: 'completeTask', task: 'build' }],
    ['complete r build --output null', { type: 'completeTask', task: 'build', output: null }],
    ['complete r build --output {"rows":[1,2]}', { type: 'completeTask', task: 'build', output: { rows: [1, 2] } }],
    ['retry r build', { type: 'retryTask', task: 'build', dependents: true }],
    ['retry r build --no-dependents', { type: 'retryTask', task: 'build', dependents: false }],
    ['retry r convert[3]', { type: 'retryTask', task: 'convert[3]', dependents: true }],
    ['cancel r charge~undo', { type: 'cancelTask', task: 'charge~undo' }],
    ['send r paid', { type: 'sendEvent', event: 'paid' }],
    ['send r paid --payload {"amount":3}', { type: 'sendEvent', event: 'paid', payload: { amount: 3 } }],
    ['send r paid --payload null', { type: 'sendEvent', event: 'paid', payload: null }],
    ['approve r deploy', { type: 'approve', task: 'deploy' }],
    ['approve r deploy --form {"to":"eu"}', { type: 'approve', task: 'deploy', form: { to: 'eu' } }],
    ['reject r deploy', { type: 'reject', task: 'deploy' }],
    ['reject r deploy --reason late', { type: 'reject', task: 'deploy', reason: 'late' }],
    ['set r --concurrency 4', { type: 'setConcurrency', concurrency: 4 }],
    ['set r --policy priority', { type: 'setPolicy', policy: 'priority' }],
    ['set r --pool gpu=4', { type: 'setPool', pool: 'gpu', slots: 4 }],
    ['set r --pool api=20/m', { type: 'setPool', pool: 'api', rate: { count: 20, per: 60_000 } }],
    ['set r build --priority -5', { type: 'setPriority', task: 'build', priority: -5 }],
  ])('ask for an act: %s', async (line, act) => {
    expect(await actsOf(line)).toEqual([act]);
  });

  it('count a length of time from now', async () => {
    const before = Date.now();
    const [act] = await actsOf('pause r --for 10m');
    const until = Date.parse(act?.type === 'pause' ? (act.until ?? '') : '');
    expect(until - 600_000).toBeGreaterThanOrEqual(before);
    expect(until - 600_000).toBeLessThanOrEqual(Date.now());
  });

  it('take an output from a file', async () => {
    await writeFile(join(folder, 'output.json'), '["a", 1]\n');
    expect(await actsOf('complete r build --output-file', join(folder, 'output.json'))).toEqual([
      { type: 'completeTask', task: 'build', output: ['a', 1] },
    ]);
  });

  it('take what comes with an event, and a form, from a file or from stdin', async () => {
    await writeFile(join(folder, 'payload.json'), '{"amount": 3}\n');
    const file = `@${join(folder, 'payload.json')}`;
    expect(await actsOf('send r paid --payload', file)).toEqual([
      { type: 'sendEvent', event: 'paid', payload: { amount: 3 } },
    ]);
    vi.spyOn(process, 'stdin', 'get').mockReturnValue(Readable.from(['{"to":', ' "eu"}']) as typeof process.stdin);
    expect(await actsOf('approve r deploy --form -')).toEqual([
      { type: 'approve', task: 'deploy', form: { to: 'eu' } },
    ]);
  });

  it('take new tasks from a file, as dag files have them', async () => {
    const file = join(folder, 'tasks.yaml');
    await writeFile(file, 'tasks:\n  check: { needs: [build], run: ./check.sh }\nneeds:\n  report: [check]\n');
    expect(await actsOf('add r', file)).toEqual([
      {
        type: 'addTasks',
        tasks: [expect.objectContaining({ name: 'check', uses: 'shell', needs: [{ task: 'build' }] })],
        needs: { report: ['check'] },
      },
    ]);
  });

  it('refuse a file of tasks that has problems, and print them all with their places', async () => {
    const file = join(folder, 'bad.yaml');
    await writeFile(file, 'tasks:\n  a: { run: x, timeout: soon }\n  b: { run: x, needs: [b] }\n');
    expect(await runCli(['add', 'r', file])).toBe(1);
    expect(stderr).toMatch(/^error DAG_INVALID: [^]*bad\.yaml:2:\d+ error DURATION_INVALID /);
    expect(stderr).toMatch(/bad\.yaml:3:\d+ error NEEDS_SELF /);
    expect(asked).toEqual([]);
  });

  it('set several things, one act each, each under a key of its own', async () => {
    await runCli('set r build --priority 3 --policy priority --concurrency 2 --id k --by ana'.split(' '));
    expect(asked).toEqual([
      { runId: 'r', act: { type: 'setConcurrency', concurrency: 2 }, request: { by: 'ana', id: 'k/setConcurrency' } },
      { runId: 'r', act: { type: 'setPolicy', policy: 'priority' }, request: { by: 'ana', id: 'k/setPolicy' } },
      {
        runId: 'r',
        act: { type: 'setPriority', task: 'build', priority: 3 },
        request: { by: 'ana', id: 'k/setPriority' },
      },
    ]);
  });

  it('say who asks: the user and the machine, or whom --by names', async () => {
    await runCli(['skip', 'run-1', 'build']);
    await runCli(['skip', 'run-1', 'build', '--by', 'ana', '--id', 'key-1']);
    expect(asked.map(({ runId, request }) => [runId, request])).toEqual([
      ['run-1', { by: `${userInfo().username}@${hostname()}` }],
      ['run-1', { by: 'ana', id: 'key-1' }],
    ]);
  });
});

describe('what they print', () => {
  it('is the sentence and the tasks that changed', async () => {
    await actsOf('skip r build');
    expect(stdout).toBe('It is done.\n  – build pending -> skipped\n');
  });

  it('is, after a pause, also how to go on: on the same server', async () => {
    await actsOf('pause r --address 127.0.0.1:7233');
    await actsOf('pause r build');
    expect(stdout).toContain('`dagwright resume r --address 127.0.0.1:7233` goes on.\n');
    expect(stdout).toContain('`dagwright resume r build` goes on.\n');
    await actsOf('pause r convert[3]');
    expect(stdout).toContain("`dagwright resume r 'convert[3]'` goes on.\n");
  });

  it('is one JSON object with --json', async () => {
    await actsOf('pause r --json');
    expect(JSON.parse(stdout)).toEqual({ runId: 'r', act: 'pause', ...DONE });
    stdout = '';
    await actsOf('set r --policy fcfs --json');
    expect(JSON.parse(stdout)).toEqual({ runId: 'r', acts: [{ act: 'setPolicy', ...DONE }] });
  });

  it('is the code of what is refused, and they exit with 1', async () => {
    answer = () => {
      throw new DagwrightError('ACT_REFUSED', 'The task build has succeeded.');
    };
    expect(await runCli(['skip', 'r', 'build'])).toBe(1);
    expect([stdout, stderr]).toEqual(['', 'error ACT_REFUSED: The task build has succeeded.\n']);
    expect(await runCli(['skip', 'r', 'build', '--json'])).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'ACT_REFUSED' } });
  });
});

describe('what makes no sense', () => {
  it.each([
    'pause r --for 10m --until 2099-01-01',
    'pause r --for ten',
    'pause r --until 2020-01-01',
    'pause r --mode kill',
    'pause r build --for 10m',
    'cancel r build --reason late',
    'cancel r build --no-compensate',
    'send r',
    'send r paid --payload done',
    'send r paid --payload @no-such-file',
    'approve r',
    'approve r deploy --form {',
    'skip r',
    'add r no-such-file',
    'complete r build --output done',
    'complete r build --output 1 --output-file f',
    'complete r build --output-file no-such-file',
    'set r',
    'set r build',
    'set r build --concurrency 4',
    'set r --priority 1',
    'set r --concurrency 0',
    'set r build --priority high',
    'set r --pool gpu',
    'set r --pool gpu=0',
    'set r --pool gpu=20/x',
  ])('asks for nothing and exits with 2: %s', async (line) => {
    expect(await runCli([...line.split(' '), '--json'])).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'USAGE' } });
    expect(asked).toEqual([]);
  });
});
