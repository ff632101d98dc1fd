import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { TaskSamples } from '../estimate/samples.js';
import { createLogger, type Logger } from '../observability/logger.js';
import { DurationRecorder } from './duration-recorder.js';

let lines: { readonly level: string; readonly msg: string }[];
let logger: Logger;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] });
  lines = [];
  logger = createLogger({
    level: 'debug',
    format: 'json',
    stream: { write: (line) => void lines.push(JSON.parse(line) as (typeof lines)[number]) },
  });
});

afterEach(() => {
  vi.useRealTimers();
});

describe('DurationRecorder', () => {
  it('sends what tasks took in one message for each dag, soon at first and then every five seconds', async () => {
    const sent: (readonly [string, readonly TaskSamples[]])[] = [];
    const recorder = new DurationRecorder(async (...batch) => void sent.push(batch), { logger, speed: 2 });
    recorder.took({ dag: 'd', task: 'a[0]', size: 3 }, 10);
    recorder.took({ dag: 'd', task: 'a[1]' }, 20);
    recorder.took({ dag: 'e', task: 'b' }, 1);
    recorder.tookElsewhere({ dag: 'e', task: 'foreign' }, 7);
    await vi.advanceTimersByTimeAsync(999);
    expect(sent).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(sent).toEqual([
      ['d', [{ task: 'a', times: [20, 40], sizes: [3, null], count: 2 }]],
      [
        'e',
        [
          { task: 'b', times: [2], count: 1 },
          { task: 'foreign', times: [7], count: 1 },
        ],
      ],
    ]);
    recorder.took({ dag: 'd', task: 'a' }, 5);
    await vi.advanceTimersByTimeAsync(4_999);
    expect(sent).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(1);
    expect(sent).toHaveLength(3);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(sent).toHaveLength(3);
  });

  it('sends the rest when it is closed, and takes no more', async () => {
    const sent: string[] = [];
    const recorder = new DurationRecorder(async (dag) => void sent.push(dag), { logger });
    recorder.took({ dag: 'd', task: 'a' }, 10);
    await recorder.close();
    recorder.took({ dag: 'late', task: 'a' }, 10);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(sent).toEqual(['d']);
  });

  it('warns once of a server that is away, and does not wait for it for ever', async () => {
    const recorder = new DurationRecorder(() => Promise.reject(new Error('no answer')), { logger });
    for (let i = 0; i < 3; i++) {
      recorder.took({ dag: 'd', task: 'a' }, 10);
      await recorder.flush();
    }
    expect(lines.map(({ level, msg }) => [level, msg])).toEqual([
      ['warn', 'How long tasks of d took could not be kept: no answer'],
      ['debug', 'How long tasks of d took could not be kept: no answer'],
      ['debug', 'How long tasks of d took could not be kept: no answer'],
    ]);
    const silent = new DurationRecorder(() => new Promise(() => undefined), { logger });
    silent.took({ dag: 'd', task: 'a' }, 10);
    const closed = silent.close();
    await vi.advanceTimersByTimeAsync(2_000);
    await closed;
  });
});
