import { describe, expect, it } from 'vitest';
import type { RunDescription, TaskDescription } from '../../run/run.js';
import { formatClock } from './duration.js';
import { paintFor } from './paint.js';
import { taskLines, type TasksScreen } from './task-lines.js';

const BEGAN = Date.parse('2026-11-01T12:00:00Z');
const PLAIN = paintFor(false);

function at(seconds: number): string {
  return new Date(BEGAN + seconds * 1_000).toISOString();
}

function clock(seconds: number): string {
  return formatClock(BEGAN + seconds * 1_000);
}

function linesOf(tasks: readonly TaskDescription[], room = Infinity, more: Partial<TasksScreen> = {}): string[] {
  const run: RunDescription = { runId: 'r', dag: 'r', state: 'running', startedAt: at(0), counts: {}, tasks };
  return taskLines(run, { width: 80, now: BEGAN + 60_000, commands: '', ...more }, room, PLAIN);
}

/** The items of `convert`: the first so many have succeeded; every tenth of those failed. */
function itemsOf(count: number, ended: number, running: number): TaskDescription[] {
  return Array.from({ length: count }, (_, index): TaskDescription => {
    const item = { name: `convert[${index}]`, attempts: 1, startedAt: at(1), item: { of: 'convert', index } };
    if (index < ended && index % 10 === 9) {
      return { ...item, state: 'failed', endedAt: at(index), error: { code: 'X', message: 'Broke.' } };
    }
    if (index < ended) return { ...item, state: 'succeeded', endedAt: at(index) };
    return index < ended + running ? { ...item, state: 'running' } : { ...item, state: 'pending', attempts: 0 };
  });
}

const extract: TaskDescription = {
  name: 'extract',
  state: 'succeeded',
  attempts: 1,
  startedAt: at(0),
  endedAt: at(1),
};
const report: TaskDescription = { name: 'report', state: 'pending', attempts: 0, needs: ['convert'] };

function convert(items: number, ended: number, failed: number): TaskDescription {
  const fanOut = { items, ended, failed };
  return { name: 'convert', state: 'running', attempts: 1, startedAt: at(1), needs: ['extract'], fanOut };
}

describe('the items of a fan-out', () => {
  it('are folded below it: those under way and the latest that failed have a line', () => {
    expect(linesOf([extract, convert(100, 17, 1), report, ...itemsOf(100, 17, 2)])).toEqual([
      '  ✔ extract            succeeded     1.0 s',
      '  ● └─ convert         running      59.0 s  ▓░░░░░░░░░  17/100 items, 1 failed',
      '  ✖    │  convert[9]   failed        8.0 s  X: Broke.',
      '  ●    │  convert[17]  running      59.0 s',
      '  ●    │  convert[18]  running      59.0 s',
      '       │  … and 97 more: 81 pending, 16 succeeded',
      '  ○    └─ report       pending',
    ]);
  });

  it('are at most five, however many run or failed', () => {
    const lines = linesOf([extract, convert(100, 60, 6), ...itemsOf(100, 60, 30)]);
    expect(lines.filter((line) => line.includes('convert['))).toHaveLength(5);
    expect(lines.at(-1)).toBe('          … and 95 more: 10 pending, 27 running, 54 succeeded, 4 failed');
  });

  it('have no line where all is well and over', () => {
    const done: TaskDescription = { ...convert(9, 9, 0), state: 'succeeded', endedAt: at(9) };
    expect(linesOf([extract, done, ...itemsOf(9, 9, 0)])).toEqual([
      '  ✔ extract     succeeded     1.0 s',
      '  ✔ └─ convert  succeeded     8.0 s  9/9 items',
    ]);
  });

  it('all have a line where that is asked for', () => {
    const lines = linesOf([extract, convert(100, 17, 1), ...itemsOf(100, 17, 2)], Infinity, { items: true });
    expect(lines).toHaveLength(102);
    expect(lines[2]).toBe('  ✔       convert[0]   succeeded     0.0 s');
  });

  it('give way where there is little room: fewer, then none', () => {
    const tasks = [extract, convert(100, 17, 1), report, ...itemsOf(100, 17, 2)];
    expect(linesOf(tasks, 6).map((line) => line.trim().split(/[ │└─]+/)[1])).toEqual([
      'extract',
      'convert',
      'convert[9]',
      'convert[17]',
      '…',
      'report',
    ]);
    expect(linesOf(tasks, 4)).toHaveLength(3);
  });

  it('keep a part of the room beside many other tasks, below the task that they are of', () => {
    const others = Array.from({ length: 50 }, (_, i): TaskDescription => ({ ...extract, name: `done-${i}` }));
    const lines = linesOf([...others, convert(100, 17, 1), ...itemsOf(100, 17, 2)], 12);
    expect(lines).toHaveLength(12);
    expect(lines.slice(0, 5).map((line) => line.trim().split(/ +/)[1])).toEqual([
      'convert',
      'convert[9]',
      'convert[17]',
      'convert[18]',
      'and',
    ]);
    expect(lines.at(-1)).toMatch(/^ {2}… \d+ more succeeded$/);
  });

  it('show their index where names are long', () => {
    const name = `convert-${'x'.repeat(112)}`;
    const item = { ...itemsOf(1, 0, 1)[0]!, name: `${name}[0]`, item: { of: name, index: 0 } };
    const [, line] = linesOf([{ ...convert(1, 0, 0), name }, item], Infinity, { width: 60 }).slice(-2);
    expect(line).toMatch(/^ {2}● {3}convert-x+…\[0\] {4}59\.0 s$/);
  });

  it('are looked at once or twice for a picture, and read only where they are shown: 10,000 of them', () => {
    let reads = 0;
    const items = itemsOf(10_000, 5_000, 500).map((item) =>
      Object.defineProperty({ ...item }, 'name', {
        get: () => {
          reads += 1;
          return item.name;
        },
      }),
    );
    const lines = linesOf([extract, convert(10_000, 5_000, 500), report, ...items], 24, { width: 100 });
    expect(lines.length).toBeLessThanOrEqual(24);
    expect(reads).toBeLessThan(200);
  });
});

describe('what else a task says of itself', () => {
  const deploy: TaskDescription = { name: 'deploy', state: 'waiting', attempts: 1, startedAt: at(0) };

  it('is what it waits for, and how to answer', () => {
    const tasks: TaskDescription[] = [
      { ...deploy, name: 'sleep', waitsFor: { kind: 'time', until: at(600) } },
      { ...deploy, name: 'poll', attempts: 3, waitsFor: { kind: 'poll', until: at(90) } },
      { ...deploy, name: 'paid', waitsFor: { kind: 'event', event: 'paid', until: at(3_600) } },
      { ...deploy, waitsFor: { kind: 'approval', approvers: ['ann', 'bob'], message: 'Deploy\nit?' } },
    ];
    expect(linesOf(tasks)).toEqual([
      `  ◔ sleep   waiting  1 m 00 s  waits until ${clock(600)} (in 9 m 00 s)`,
      '  ◔ poll    waiting  1 m 00 s  attempt 3  asks again in 30.0 s',
      `  ◔ paid    waiting  1 m 00 s  waits for event paid until ${clock(3_600)}`,
      '  ◔ deploy  waiting  1 m 00 s  waits for approval by ann, bob: "Deploy it?"',
      '    dagwright approve r deploy --by NAME',
    ]);
  });

  it('is the command in full, for a shell and for the same server, or none that could be copied by half', () => {
    const task: TaskDescription = { ...deploy, name: 'deploy[2]', waitsFor: { kind: 'approval' } };
    expect(linesOf([task], Infinity, { commands: ' --namespace n' }).at(-1)).toContain(
      "dagwright approve r 'deploy[2]' --namespace n",
    );
    expect(linesOf([task], Infinity, { width: 40, commands: ' --address 127.0.0.1:7233' }).at(-1)).toBe(
      '    dagwright approve RUN TASK',
    );
    const local: TasksScreen = { width: 80, now: BEGAN };
    const run: RunDescription = { runId: 'r', dag: 'r', state: 'running', startedAt: at(0), counts: {}, tasks: [task] };
    expect(taskLines(run, local, 9, PLAIN).join('\n')).not.toContain('dagwright');
  });

  it('gives way, where it takes too many lines, to tasks that take fewer', () => {
    const approval = { kind: 'approval', message: 'May this be deployed now?', approvers: ['ann'] } as const;
    const tasks: TaskDescription[] = [
      ...Array.from({ length: 20 }, (_, i): TaskDescription => ({ ...extract, name: `done-${i}` })),
      { ...deploy, name: 'first', waitsFor: approval },
      { ...deploy, name: 'second', waitsFor: approval },
      { name: 'busy', state: 'running', attempts: 1, startedAt: at(0) },
    ];
    const lines = linesOf(tasks, 6, { width: 60 });
    expect(lines.map((line) => line.trim().split(/ +/)[1])).toEqual(['first', 'for', 'approve', 'busy', 'done-0', '1']);
  });

  it('is the run that it is, and the run whose output it took', () => {
    const load: TaskDescription = { ...deploy, name: 'load', state: 'running', subRun: 'r/load' };
    const fetch: TaskDescription = { ...extract, name: 'fetch', cached: { runId: 'r-0', at: at(0) } };
    expect(linesOf([load, fetch])).toEqual([
      '  ● load   running    1 m 00 s  -> r/load',
      '  ✔ fetch  succeeded     1.0 s  cached from r-0',
    ]);
    expect(linesOf([load], Infinity, { width: 28 })).toEqual(['  ● load  1 m 00 s', '    -> r/load']);
  });
});

describe('what undoes, and what runs at the end', () => {
  const tidy: TaskDescription = { name: 'tidy', state: 'pending', attempts: 0, finally: true };
  const undo = (name: string, state: TaskDescription['state'] = 'succeeded'): TaskDescription => ({
    name: `${name}~undo`,
    state,
    attempts: 1,
    startedAt: at(1),
    compensates: name,
  });

  it('stand below the others, each under a word of their own', () => {
    expect(linesOf([tidy, extract, undo('extract', 'running')])).toEqual([
      '  ✔ extract       succeeded     1.0 s',
      '  undo:',
      '  ● extract~undo  running      59.0 s',
      '  finally:',
      '  ○ tidy          pending',
    ]);
  });

  it('stand there also where there is no room for all', () => {
    const others = Array.from({ length: 50 }, (_, i): TaskDescription => ({ ...extract, name: `done-${i}` }));
    const lines = linesOf([{ ...tidy, state: 'running' }, ...others, undo('done-0', 'running')], 10);
    expect(lines.slice(-5, -1)).toEqual([
      '  undo:',
      '  ● done-0~undo  running      59.0 s',
      '  finally:',
      '  ● tidy         running',
    ]);
    expect(lines).toHaveLength(10);
  });

  it('are folded where they undo many items', () => {
    const many = Array.from({ length: 300 }, (_, i) => undo(`convert[${i}]`, i === 7 ? 'failed' : 'succeeded'));
    const lines = linesOf([extract, ...many]);
    expect(lines).toHaveLength(8);
    expect(lines.join('\n')).toContain('convert[7]~undo');
    expect(lines.at(-1)).toBe('      … and 295 more: 295 succeeded');
  });
});
