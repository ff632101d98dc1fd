import { describe, expect, it } from 'vitest';
import { DagwrightError } from '../../dag/errors.js';
import type { RunResult, RunDescription } from '../../run/run.js';
import type { View } from './view.js';
import { watch, type Watched } from './watch.js';

const startedAt = '2026-11-01T12:00:00.000Z';
const result: RunResult = { runId: 'r', dag: 'd', status: 'failed', startedAt, endedAt: startedAt, tasks: {} };
const running: RunDescription = { runId: 'r', dag: 'd', state: 'running', startedAt, counts: {}, tasks: [] };

/** A run whose end, and whose looks, the test decides. */
class RunDouble implements Watched {
  readonly runId = 'r';
  readonly end: (result: RunResult) => void;
  readonly fail: (error: Error) => void;
  readonly #result: Promise<RunResult>;
  readonly #look: () => Promise<RunDescription>;

  constructor(look: () => Promise<RunDescription>) {
    let end: (result: RunResult) => void = () => {};
    let fail: (error: Error) => void = () => {};
    this.#result = new Promise((resolve, reject) => {
      end = resolve;
      fail = reject;
    });
    this.end = end;
    this.fail = fail;
    this.#look = look;
  }

  result(): Promise<RunResult> {
    return this.#result;
  }

  describe(): Promise<RunDescription> {
    return this.#look();
  }
}

function recordingView(onCall: (call: string) => void): View & { readonly calls: string[] } {
  const calls: string[] = [];
  const record = (call: string): void => {
    calls.push(call);
    onCall(call);
  };
  return {
    calls,
    update: (status) => record(`update ${status.state}`),
    say: (line) => record(`say ${line}`),
    note: (note) => {
      if (note !== undefined) record(`note ${note}`);
    },
    end: (status) => record(`end ${status?.state ?? 'as it was'}`),
  };
}

describe('watch', () => {
  it('shows the run, and at its end what the result says', async () => {
    const run = new RunDouble(async () => running);
    const view = recordingView((call) => {
      if (call === 'update running') run.end(result);
    });
    expect(await watch(run, view, new AbortController().signal)).toBe(result);
    expect(view.calls).toEqual(['update running', 'end failed']);
  });

  it('leaves the run alone when it is told to', async () => {
    const detached = new AbortController();
    const run = new RunDouble(async () => running);
    const view = recordingView((call) => {
      if (call === 'update running') detached.abort();
    });
    expect(await watch(run, view, detached.signal)).toBeUndefined();
    expect(view.calls).toEqual(['update running', 'end as it was']);
  });

  it('does not give up where a look fails', async () => {
    let looks = 0;
    const run = new RunDouble(async () => {
      looks += 1;
      if (looks === 1) throw new Error('No worker answers.');
      return running;
    });
    const view = recordingView((call) => {
      if (call === 'update running') run.end(result);
    });
    expect(await watch(run, view, new AbortController().signal)).toBe(result);
    expect(view.calls).toEqual(['note Cannot look at the run now: No worker answers.', 'update running', 'end failed']);
  });

  it('fails as the result does', async () => {
    const gone = new DagwrightError('RUN_TERMINATED', 'Ended from outside.');
    const run = new RunDouble(async () => running);
    const view = recordingView((call) => {
      if (call === 'update running') run.fail(gone);
    });
    await expect(watch(run, view, new AbortController().signal)).rejects.toBe(gone);
    expect(view.calls.at(-1)).toBe('end as it was');
  });

  it('leaves it to the result to say that there is no such run', async () => {
    const missing = new DagwrightError('RUN_NOT_FOUND', 'There is no run r.');
    const run = new RunDouble(async () => {
      setImmediate(() => run.fail(missing));
      throw missing;
    });
    const view = recordingView(() => {});
    await expect(watch(run, view, new AbortController().signal)).rejects.toBe(missing);
    expect(view.calls).toEqual(['end as it was']);
  });

  it('waits for the answer of its last look before it is over', async () => {
    let isAnswered = false;
    const run = new RunDouble(async () => {
      run.end(result);
      // The end of the run is seen by then.
      for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      isAnswered = true;
      return running;
    });
    const view = recordingView(() => {});
    await watch(run, view, new AbortController().signal);
    expect(isAnswered).toBe(true);
    expect(view.calls).toEqual(['end failed']);
  });

  it('does not wait for an answer that never comes', async () => {
    const run = new RunDouble(() => {
      run.end(result);
      return new Promise(() => {});
    });
    expect(
      await watch(
        run,
        recordingView(() => {}),
        new AbortController().signal,
      ),
    ).toBe(result);
  });
});
