import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { task } from '../../test/support/live-run-world.js';
import { ACT_TYPES, type ActType } from './act.js';
import { DagwrightError } from '../dag/errors.js';
import type { Json } from '../dag/json.js';
import { readAct } from './read-act.js';

const LONG = 'x'.repeat(501);
const TASK = task('n', ['a'], { retry: { maximumAttempts: 2 }, timeout: { startToClose: 5 }, env: { A: 'b' } });

/** Every act with all of its fields. */
const WHOLE: Readonly<Record<ActType, Readonly<Record<string, unknown>>>> = {
  pause: { mode: 'drain', until: '2030-01-01T00:00:00+01:00' },
  resume: {},
  cancel: { reason: 'enough', requestFollows: true, compensate: false },
  pauseTask: { task: 'a', mode: 'interrupt' },
  resumeTask: { task: 'a' },
  cancelTask: { task: 'a' },
  skipTask: { task: 'a' },
  completeTask: { task: 'a', output: { rows: [1, null] } },
  retryTask: { task: 'a', dependents: false },
  setPriority: { task: 'a', priority: -2 },
  setConcurrency: { concurrency: 1_500 },
  setPolicy: { policy: 'fcfs' },
  setPool: { pool: 'api', slots: 4, rate: { count: 20, per: 60_000 } },
  sendEvent: { event: 'paid', payload: null },
  approve: { task: 'a', form: { amount: 5 } },
  reject: { task: 'a', reason: 'too much' },
  addTasks: { tasks: [TASK], needs: { b: ['n'] } },
};

const REQUIRED: readonly (readonly [ActType, string])[] = [
  ['pauseTask', 'task'],
  ['resumeTask', 'task'],
  ['cancelTask', 'task'],
  ['skipTask', 'task'],
  ['completeTask', 'task'],
  ['retryTask', 'task'],
  ['setPriority', 'task'],
  ['setPriority', 'priority'],
  ['setConcurrency', 'concurrency'],
  ['setPolicy', 'policy'],
  ['setPool', 'pool'],
  ['sendEvent', 'event'],
  ['approve', 'task'],
  ['reject', 'task'],
  ['addTasks', 'tasks'],
];

const WRONG: readonly (readonly [ActType, string, unknown])[] = [
  ['pause', 'mode', 'hard'],
  ['pause', 'mode', ['drain']],
  ['pause', 'until', 'tomorrow'],
  ['pause', 'until', '2030-01-01'],
  ['pause', 'until', '2030-01-01T00:00:00'],
  ['pause', 'until', '2030-13-01T00:00:00Z'],
  ['pause', 'until', 1_900_000_000_000],
  ['cancel', 'reason', LONG],
  ['cancel', 'reason', {}],
  ['cancel', 'requestFollows', 'true'],
  ['skipTask', 'task', ''],
  ['skipTask', 'task', 7],
  ['skipTask', 'task', ['a']],
  ['skipTask', 'task', LONG],
  ['completeTask', 'output', 'x'.repeat(262_143)],
  ['retryTask', 'dependents', 0],
  ['setPriority', 'priority', '1'],
  ['setPriority', 'priority', 1.5],
  ['setPriority', 'priority', Infinity],
  ['setPriority', 'priority', NaN],
  ['setConcurrency', 'concurrency', 0],
  ['setConcurrency', 'concurrency', 1.5],
  ['setConcurrency', 'concurrency', 1_501],
  ['setConcurrency', 'concurrency', '5'],
  ['setPolicy', 'policy', 5],
  ['setPool', 'pool', ''],
  ['setPool', 'slots', 0],
  ['setPool', 'slots', 1_000_001],
  ['setPool', 'rate', '20/m'],
  ['setPool', 'rate', { count: 0, per: 60_000 }],
  ['setPool', 'rate', { count: 1, per: 0 }],
  ['setPool', 'rate', { count: 1, per: 1_000, unit: 's' }],
  ['addTasks', 'tasks', []],
  ['addTasks', 'tasks', {}],
  ['addTasks', 'tasks', [null]],
  ['addTasks', 'tasks', [{ ...TASK, name: '__proto__' }]],
  ['addTasks', 'tasks', [{ ...TASK, name: 'n'.repeat(121) }]],
  ['addTasks', 'tasks', [{ ...TASK, uses: 'toString' }]],
  ['addTasks', 'tasks', [{ ...TASK, with: null }]],
  ['addTasks', 'tasks', [{ ...TASK, uses: 'activity' }]],
  ['addTasks', 'tasks', [{ ...TASK, needs: ['a'] }]],
  ['addTasks', 'tasks', [{ ...TASK, needs: undefined }]],
  ['addTasks', 'tasks', [{ ...TASK, retry: { maximumAttempts: 0 } }]],
  ['addTasks', 'tasks', [{ ...TASK, timeout: { startToClose: '5' } }]],
  ['addTasks', 'tasks', [{ ...TASK, env: { A: 5 } }]],
  ['addTasks', 'tasks', [{ ...TASK, priority: '5' }]],
  ['addTasks', 'tasks', [{ ...TASK, continueOnError: 1 }]],
  ['addTasks', 'tasks', [{ ...TASK, description: 'x'.repeat(1_048_576) }]],
  ['addTasks', 'needs', []],
  ['addTasks', 'needs', { b: 'n' }],
  ['addTasks', 'needs', { b: [{ task: 'n' }] }],
];

function refused(type: string, value: unknown): string {
  try {
    readAct(type as ActType, value);
  } catch (error) {
    if (error instanceof DagwrightError && error.code === 'ACT_INVALID') return error.message;
    throw error;
  }
  throw new Error('It was not refused.');
}

describe('readAct', () => {
  it.each(ACT_TYPES)('takes %s with all of its fields, and who asks', (type) => {
    const { act, request } = readAct(type, { ...WHOLE[type], by: 'ann', id: 'x1' });
    expect(act).toEqual({ type, ...WHOLE[type] });
    expect(request).toEqual({ by: 'ann', id: 'x1' });
    expect(readAct(type, { type, ...WHOLE[type] }).request).toEqual({});
  });

  it.each(REQUIRED)('%s needs %s', (type, field) => {
    for (const missing of [undefined, null]) {
      expect(refused(type, { ...WHOLE[type], [field]: missing })).toContain(`${type} needs \`${field}\``);
    }
  });

  it('takes null for a field that is not given, save for an output', () => {
    expect(readAct('pause', { mode: null, until: null }).act).toEqual({ type: 'pause' });
    expect(readAct('completeTask', { task: 'a', output: null }).act).toHaveProperty('output', null);
    expect(readAct('completeTask', { task: 'a' }).act).not.toHaveProperty('output');
    expect(readAct('resume', null).act).toEqual({ type: 'resume' });
    expect(readAct('resume', undefined).act).toEqual({ type: 'resume' });
  });

  it.each(WRONG)('of %s refuses the %s %j', (type, field, value) => {
    expect(refused(type, { ...WHOLE[type], [field]: value })).toContain(`\`${field}\``);
  });

  it.each(ACT_TYPES)('refuses a field that %s does not have, and names those it has', (type) => {
    for (const name of ['taks', 'toString', 'constructor', '__proto__']) {
      const value = JSON.parse(`{ ${JSON.stringify(name)}: { "task": "a" } }`) as object;
      const message = refused(
        type,
        Object.defineProperties({ ...WHOLE[type] }, Object.getOwnPropertyDescriptors(value)),
      );
      expect(message).toContain(`${type} has no field \`${name}\``);
      for (const field of Object.keys(WHOLE[type])) expect(message).toContain(`\`${field}\``);
    }
  });

  it('refuses what is not an object, and whoever asks without a name', () => {
    for (const value of ['a', 5, true, [], [{ task: 'a' }]]) expect(refused('skipTask', value)).toContain('an object');
    for (const by of ['', 5, {}, LONG]) expect(refused('resume', { by })).toBe('`by` must be a text.');
    for (const id of ['', 5, {}, LONG]) expect(refused('resume', { id })).toBe('`id` must be a text.');
  });

  it('refuses an act that there is not', () => {
    for (const type of ['decide', '', 'constructor', '__proto__', 'Pause'])
      expect(refused(type, {})).toContain('no act');
  });

  it('takes an output of just under 256 KiB, and inherits nothing from one with hostile keys', () => {
    expect(readAct('completeTask', { task: 'a', output: 'x'.repeat(262_142) }).act.type).toBe('completeTask');
    const output = JSON.parse('{"__proto__": {"polluted": true}}') as Json;
    const { act } = readAct('completeTask', { task: 'a', output });
    expect(JSON.stringify(act)).toContain('__proto__');
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('takes or refuses any JSON, and never breaks', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...ACT_TYPES),
        fc.jsonValue(),
        fc.constantFrom('task', 'tasks', 'needs'),
        (type, value, field) => {
          for (const given of [value, { ...WHOLE[type], [field]: value }]) {
            try {
              expect(readAct(type, given).act.type).toBe(type);
            } catch (error) {
              expect(error).toMatchObject({ code: 'ACT_INVALID' });
            }
          }
        },
      ),
    );
  });
});
