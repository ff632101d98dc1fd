import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isTask } from './task-form.js';

const SHELL = { name: 'a', uses: 'shell', with: { run: 'true' }, needs: [] };

const GOOD: readonly (readonly [string, object])[] = [
  ['a script', SHELL],
  ['a fan-out over a list', { ...SHELL, forEach: [1, 2], maxParallel: 2, tolerate: { share: 0.1 } }],
  ['a fan-out over a range', { ...SHELL, forEach: { range: { to: 3 } } }],
  ['a fan-out over a matrix', { ...SHELL, forEach: { matrix: { os: ['a'] } } }],
  ['a poll', { ...SHELL, poll: { until: 'output', interval: 5 } }],
  ['a task with an undo', { ...SHELL, compensate: { uses: 'activity', with: { type: 'Undo' } } }],
  ['a wait', { ...SHELL, uses: 'wait', with: { for: 5 } }],
  ['a wait for an event', { ...SHELL, uses: 'event', with: { event: 'paid', timeout: 5 } }],
  ['an approval', { ...SHELL, uses: 'approval', with: { approvers: ['ann'] } }],
  ['a sub-dag', { ...SHELL, uses: 'dag', with: { dag: { name: 'b', params: {}, tasks: [] } } }],
  ['what policies go by', { ...SHELL, priority: -1, estimate: 0, deadline: 5, group: 'a' }],
  ['a dependency with a weight', { ...SHELL, needs: [{ task: 'b', weight: 0.5 }] }],
  ['artifacts', { ...SHELL, artifacts: { save: { a: 'b' }, load: { c: { task: 'b', artifact: 'd' } } } }],
];

const BAD: readonly (readonly [string, object])[] = [
  ["a name that is an item's", { ...SHELL, name: 'a[1]' }],
  ['a task of the end', { ...SHELL, finally: true }],
  ['a task that a run makes', { ...SHELL, made: { of: 'b', item: 1 } }],
  ['a switch', { ...SHELL, uses: 'switch', with: { on: '1', cases: {} } }],
  ['a fan-out over a number', { ...SHELL, forEach: 5 }],
  ['a fan-out over nothing known', { ...SHELL, forEach: { list: [] } }],
  ['a tolerance that is no amount', { ...SHELL, tolerate: { count: 'two' } }],
  ['a poll without a condition', { ...SHELL, poll: { interval: 5 } }],
  ['a poll without an interval', { ...SHELL, poll: { until: 'output', interval: 0 } }],
  ['an undo that only waits', { ...SHELL, compensate: { uses: 'wait', with: { for: 5 } } }],
  ['a wait for nothing', { ...SHELL, uses: 'wait', with: {} }],
  ['an event without a name', { ...SHELL, uses: 'event', with: {} }],
  ['approvers that are no names', { ...SHELL, uses: 'approval', with: { approvers: [1] } }],
  ['a sub-dag by its name', { ...SHELL, uses: 'dag', with: { name: 'b' } }],
  ['an activity without a type', { ...SHELL, uses: 'activity', with: {} }],
  ['a schema that is a text', { ...SHELL, output: 'string' }],
  ['an estimate that is a text', { ...SHELL, estimate: '5m' }],
  ['a deadline at the very begin', { ...SHELL, deadline: 0 }],
  ['a group without a name', { ...SHELL, group: '' }],
  ['a weight below nothing', { ...SHELL, needs: [{ task: 'b', weight: -1 }] }],
  ['a rule that is none', { ...SHELL, retry: { rules: [5] } }],
  ['an artifact of nobody', { ...SHELL, artifacts: { load: { a: 'b' } } }],
];

describe('the form of a task that a live run is given', () => {
  it.each(GOOD)('takes %s', (_what, task) => {
    expect(isTask(task)).toBe(true);
  });

  it.each(BAD)('refuses %s', (_what, task) => {
    expect(isTask(task)).toBe(false);
  });

  it('never throws, whatever comes', () => {
    const fields = fc.constantFrom(...BAD, ...GOOD).map(([, task]) => task);
    fc.assert(
      fc.property(fields, fc.string(), fc.jsonValue(), (task, key, value) => {
        expect(typeof isTask({ ...task, [key]: value })).toBe('boolean');
        expect(isTask(value)).toBe(false);
      }),
    );
  });
});
