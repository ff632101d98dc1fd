import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Json } from '../dag/json.js';
import type { TaskCall } from '../dag/task-call.js';
import { memoryLog } from '../../test/doubles/memory-log.js';
import { runAttempt, type AttemptHost } from './attempt.js';
import { followCheckpointFile } from './checkpoint-file.js';
import { MAXIMUM_CHECKPOINT_BYTES, type Checkpoint } from './checkpoint.js';
import { AttemptStop, TaskFailure, type TaskContext } from './handler.js';
import { createShellHandler } from './shell.js';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'checkpoint-test-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe('following a checkpoint file', () => {
  let path: string;
  let said: unknown[];
  let lines: string[];
  let wake: () => void;

  beforeEach(() => {
    path = join(folder, 'checkpoint');
    [said, lines] = [[], []];
    wake = () => undefined;
  });

  function follow(interval: number, lastCheckpoint?: Json) {
    const context = {
      lastCheckpoint,
      checkpoint: (value: Json) => {
        if (value === 'refused') throw new TaskFailure({ code: 'CHECKPOINT_INVALID', message: 'no' });
        said.push(value);
        wake();
      },
      log: { write: (line: string) => lines.push(line) },
    };
    const progress = { look: async () => void said.push('progress') };
    return followCheckpointFile(path, context as unknown as TaskContext, progress, interval);
  }

  it('takes each text, after the progress that was made before it', async () => {
    const following = follow(1);
    await writeFile(`${path}.new`, 'one');
    await rename(`${path}.new`, path);
    while (!said.includes('one')) await new Promise<void>((resolve) => (wake = resolve));
    await writeFile(path, 'two');
    await following.end();
    const texts = said.filter((text) => text !== 'progress');
    expect(texts).toEqual(['one', 'two']);
    expect(said[said.indexOf('one') - 1]).toBe('progress');
  });

  it('leaves an empty file alone, and what an earlier attempt left', async () => {
    await writeFile(path, '{"row":7}');
    const following = follow(1_000_000, { row: 7 });
    await following.look();
    await writeFile(path, '');
    await following.end();
    expect(said.filter((text) => text !== 'progress')).toEqual([]);
  });

  it('tells the log of one that is refused', async () => {
    await writeFile(path, 'refused');
    await follow(1_000_000).end();
    expect(lines).toEqual(['[dagwright] $DAGWRIGHT_CHECKPOINT is not kept: no']);
  });
});

describe('the checkpoint of a shell task', () => {
  function run(script: string, more: Partial<AttemptHost> = {}, call: Partial<TaskCall> = {}) {
    const handler = createShellHandler({ environment: { PATH: process.env['PATH'] }, workingFolder: folder });
    const whole: TaskCall = {
      runId: 'run-1',
      dag: 'demo',
      task: 'only',
      uses: 'shell',
      with: { run: script },
      maximumAttempts: 1,
      startToClose: 60_000,
      ...call,
    };
    const log = memoryLog();
    const host = { attempt: 1, signal: new AbortController().signal, log, progress: () => undefined, ...more };
    return runAttempt(new Map([['shell', handler]]), whole, host);
  }

  /** Runs it; gives what it left. */
  async function left(script: string, more: Partial<AttemptHost> = {}, call: Partial<TaskCall> = {}) {
    const found: Checkpoint[] = [];
    const checkpoint = (one: Checkpoint): void => void found.push(one);
    await run(script, { ...more, checkpoint }, call).catch(() => undefined);
    return found;
  }

  it('is what an earlier attempt left: a text as it is, else JSON; no file where none did', async () => {
    const script = 'if [ -e "$DAGWRIGHT_CHECKPOINT" ]; then cat "$DAGWRIGHT_CHECKPOINT"; else echo none; fi';
    const print = (more: Partial<AttemptHost>) => run(`echo "\\"$(${script})\\"" > "$DAGWRIGHT_OUTPUT"`, more);
    expect(await print({})).toMatchObject({ output: 'none' });
    expect(await print({ lastCheckpoint: 'row 7' })).toMatchObject({ output: 'row 7' });
    expect(await print({ lastCheckpoint: [7] })).toMatchObject({ output: '[7]' });
  });

  it('is what the script wrote last, whichever way it ended, with the progress it had said', async () => {
    const script = 'echo 30% > "$DAGWRIGHT_PROGRESS"; printf "row 3" > "$DAGWRIGHT_CHECKPOINT"; exit 1';
    expect(await left(script)).toEqual([{ value: 'row 3', progress: 0.3 }]);
    expect(await left(script, { lastCheckpoint: 'row 3' })).toEqual([]);
  });

  it('is what the script leaves while it is stopped', async () => {
    const host = new AbortController();
    const script = `trap 'printf stopped > "$DAGWRIGHT_CHECKPOINT"; exit 0' TERM
      echo 1% > "$DAGWRIGHT_PROGRESS"
      sleep 600 & wait`;
    const progress = (): void => host.abort(new AttemptStop('cancelled'));
    expect(await left(script, { signal: host.signal, progress })).toEqual([{ value: 'stopped', progress: 0.01 }]);
  });

  it('hides secrets, and is no task of its own to fail: one that is too large is left out', async () => {
    const secrets = [{ path: ['env', 'KEY'], parts: [{ secret: 'secrets.TOKEN' }] }];
    const host: Partial<AttemptHost> = { secrets: () => 'tok-12345' };
    const script = 'printf "at $KEY" > "$DAGWRIGHT_CHECKPOINT"';
    expect(await left(script, host, { env: { KEY: '***' }, secrets })).toEqual([{ value: 'at ***' }]);
    const tooLarge = `head -c ${MAXIMUM_CHECKPOINT_BYTES + 1} /dev/zero | tr "\\0" x > "$DAGWRIGHT_CHECKPOINT"`;
    expect(await left(tooLarge)).toEqual([]);
    expect(await run(tooLarge)).toEqual({ attempt: 1 });
  });

  it('does not hang on a file that became a pipe', async () => {
    expect(await left('mkfifo "$DAGWRIGHT_CHECKPOINT"')).toEqual([]);
  });
});
