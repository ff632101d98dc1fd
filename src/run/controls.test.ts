import { describe, expect, it } from 'vitest';
import { dagOf, LiveRunDriver, type Drawing } from '../../test/support/live-run-driver.js';
import type { Task } from '../dag/dag.js';
import { taskFacts } from './task-facts.js';

function driverOf(drawing: Drawing): LiveRunDriver {
  const driver = new LiveRunDriver(dagOf(drawing));
  driver.began();
  return driver;
}

const event = (settings: Task['with'] = {}): Pick<Task, 'uses' | 'with'> => ({
  uses: 'event',
  with: { event: 'paid', ...settings },
});
const approval = (settings: Task['with'] = {}): Pick<Task, 'uses' | 'with'> => ({ uses: 'approval', with: settings });
const outputOf = (driver: LiveRunDriver, task: string): unknown =>
  taskFacts(driver.live, driver.live.indexOf(task)!)['output'];
const errorOf = (driver: LiveRunDriver, task: string): unknown =>
  driver.live.record.errorOf(driver.live.indexOf(task)!)?.code;

describe('a wait', () => {
  it.each([
    [{ for: 60_000 }, 61_000],
    [{ for: '${{ 60 }}' }, 61_000],
    [{ for: "${{ '1m30s' }}" }, 91_000],
    [{ until: '1970-01-01T00:02:00Z' }, 120_000],
    [{ until: "${{ '1970-01-01T01:02:00+01:00' }}" }, 120_000],
  ])('of %j ends in its time', (settings, at) => {
    const driver = new LiveRunDriver(dagOf({ a: { uses: 'wait', with: settings } }));
    expect(driver.began()).toEqual([`set task a ${at}`]);
    expect(driver.firedFor('a')).toEqual(['end succeeded']);
  });

  it.each([{ until: '1970-01-01T00:00:00Z' }, { for: '${{ 0 }}' }])('of %j is over at once', (settings) => {
    expect(new LiveRunDriver(dagOf({ a: { uses: 'wait', with: settings } })).began()).toEqual(['end succeeded']);
  });

  it.each([{ for: "${{ 'soon' }}" }, { for: '${{ -1 }}' }, { until: "${{ '2026-01-01' }}" }, { until: '${{ 7 }}' }])(
    'of %j fails, as it is no time',
    (settings) => {
      const driver = driverOf({ a: { uses: 'wait', with: settings }, other: [] });
      expect(errorOf(driver, 'a')).toBe('WAIT_INVALID');
    },
  );
});

describe('an event', () => {
  it('goes to every task that waits for it, with its payload', () => {
    const driver = driverOf({ a: event(), b: event(), other: [] });
    expect(driver.act('sendEvent', { event: 'paid', payload: { id: 7 } }).message).toBe('Taken by a, b.');
    expect([outputOf(driver, 'a'), outputOf(driver, 'b')]).toEqual([{ id: 7 }, { id: 7 }]);
  });

  it('is kept for the next task where none waits yet, and taken once', () => {
    const driver = driverOf({ first: [], a: { ...event(), needs: ['first'] }, b: { ...event(), needs: ['a'] } });
    expect(driver.act('sendEvent', { event: 'paid', payload: 1 }).message).toContain('Kept for a, b');
    driver.carry();
    driver.succeeded('first');
    expect(driver.states).toBe('first=succeeded a=succeeded b=waiting');
  });

  it('goes only to those whose filter passes', () => {
    const driver = driverOf({
      a: event({ filter: 'event.id == 1' }),
      b: event({ filter: 'event.id == 2' }),
      other: [],
    });
    driver.act('sendEvent', { event: 'paid', payload: { id: 2 } });
    expect(driver.states).toBe('a=waiting b=succeeded other=running');
  });

  it('that no task waits for is refused', () => {
    expect(() => driverOf({ a: event(), other: [] }).act('sendEvent', { event: 'lost' })).toThrow(
      'waits for the event lost',
    );
  });

  it('that no task takes changes nothing, and is not kept', () => {
    const driver = driverOf({ a: event({ filter: 'event.id == 1' }), b: { ...event(), needs: ['a'] }, other: [] });
    driver.act('skipTask', { task: 'b' });
    const answer = driver.act('sendEvent', { event: 'paid', payload: { id: 3 } });
    expect(answer).toMatchObject({
      changed: false,
      message: 'No task takes the event: those that wait want another one.',
    });
    expect(driver.live.controls.inbox.snapshot()).toEqual([]);
  });

  it('that breaks the schema is refused with what is wrong', () => {
    const schema = { type: 'object', required: ['id'] };
    const driver = driverOf({ a: event({ schema }), other: [] });
    expect(() => driver.act('sendEvent', { event: 'paid', payload: {} })).toThrow('The payload breaks the schema');
  });

  it('that does not come in time fails its task', () => {
    const driver = driverOf({ a: event({ timeout: 5_000 }), other: [] });
    driver.firedFor('a');
    expect(errorOf(driver, 'a')).toBe('EVENT_TIMEOUT');
  });
});

describe('an approval', () => {
  it('tells who decided, when, and what they filled in', () => {
    const driver = driverOf({ a: approval(), other: [] });
    driver.act('approve', { task: 'a', by: 'ann', form: { amount: 5 } });
    expect(outputOf(driver, 'a')).toEqual({
      decision: 'approved',
      by: 'ann',
      at: '1970-01-01T00:00:01.001Z',
      form: { amount: 5 },
    });
  });

  it('fails its task where somebody says no', () => {
    const driver = driverOf({ a: approval(), other: [] });
    driver.act('reject', { task: 'a', by: 'ann', reason: 'too much' });
    expect(driver.live.record.errorOf(0)).toMatchObject({
      code: 'APPROVAL_REJECTED',
      message: 'ann said no: too much',
    });
  });

  it.each([{ by: 'carl' }, {}])('is refused to %j, who may not', (request) => {
    const driver = driverOf({ a: approval({ approvers: ['ann', 'bob'] }), other: [] });
    expect(() => driver.act('approve', { task: 'a', ...request })).toThrow('Only ann, bob may decide');
  });

  it('is refused with a form that is not as it must be', () => {
    const driver = driverOf({ a: approval({ form: { type: 'object', required: ['amount'] } }), other: [] });
    expect(() => driver.act('approve', { task: 'a', form: {} })).toThrow('The form of a is not as it must be');
  });

  it('is refused where nothing is asked any more, or yet', () => {
    const driver = driverOf({ a: approval(), b: { ...approval(), needs: ['other'] }, other: [] });
    driver.act('approve', { task: 'a' });
    expect(() => driver.act('approve', { task: 'a' })).toThrow('it is succeeded already');
    expect(() => driver.act('approve', { task: 'b' })).toThrow('does not wait yet');
    expect(() => driver.act('approve', { task: 'other' })).toThrow('waits for no approval');
  });

  it.each([
    ['approve', 'succeeded', undefined],
    ['reject', 'failed', 'APPROVAL_REJECTED'],
    [undefined, 'failed', 'APPROVAL_TIMEOUT'],
  ])('whose time is over, with the default %s, is %s', (byDefault, state, code) => {
    const settings = { timeout: 5_000, ...(byDefault === undefined ? {} : { default: byDefault }) };
    const driver = driverOf({ a: approval(settings), other: [] });
    driver.firedFor('a');
    expect(driver.live.scheduler.stateOf(0)).toBe(state);
    expect(errorOf(driver, 'a')).toBe(code);
  });

  it('is reminded of until its time is over', () => {
    const driver = driverOf({ a: approval({ reminder: 2_000, timeout: 5_000 }), other: [] });
    expect(driver.firedFor('a')).toEqual(['set task a 5000']);
    expect(driver.firedFor('a')).toEqual(['set task a 6000']);
    driver.firedFor('a');
    expect(errorOf(driver, 'a')).toBe('APPROVAL_TIMEOUT');
    expect(driver.live.history().filter((one) => one.event === 'task.reminded')).toHaveLength(2);
  });

  it('fails where what is asked cannot be said', () => {
    const driver = driverOf({ a: approval({ message: '${{ tasks.other.output.x }}' }), other: [] });
    expect(errorOf(driver, 'a')).toBe('EXPRESSION_FAILED');
  });
});

describe('a poll', () => {
  const poll = (more: object = {}): Drawing => ({
    a: { poll: { until: 'output.done', interval: 1_000, ...more } },
    other: [],
  });

  it('asks again, after waits that grow, until its condition holds', () => {
    const driver = driverOf(poll({ backoffCoefficient: 2, maximumInterval: 3_000 }));
    const waits = [1_000, 2_000, 3_000, 3_000];
    for (const wait of waits) {
      expect(driver.succeeded('a', { output: { done: false } })).toEqual([`set task a ${driver.at + wait}`]);
      expect(driver.firedFor('a')).toEqual(['start a']);
      driver.carry();
    }
    driver.succeeded('a', { output: { done: true } });
    expect(outputOf(driver, 'a')).toEqual({ done: true });
  });

  it('fails once its time is over', () => {
    const driver = driverOf(poll({ timeout: 1_500 }));
    driver.succeeded('a', { output: { done: false } });
    driver.firedFor('a');
    driver.succeeded('a', { output: { done: false } });
    driver.firedFor('a');
    driver.succeeded('a', { output: { done: false } });
    expect(errorOf(driver, 'a')).toBe('POLL_TIMEOUT');
  });

  it('leaves its handler no more time than it has', () => {
    const driver = driverOf(poll({ timeout: 1_500 }));
    expect(driver.live.callOf(0)).toMatchObject({ call: { startToClose: 1_500 } });
    driver.at += 1_500;
    driver.failed('a', { error: { code: 'TASK_TIMEOUT', message: 'too long' } });
    expect(errorOf(driver, 'a')).toBe('POLL_TIMEOUT');
  });

  it.each([
    ['7', 'must give true or false'],
    ['output.x.y', 'could not be evaluated'],
  ])('whose condition is `%s` fails', (until, message) => {
    const driver = driverOf(poll({ until }));
    driver.succeeded('a', { output: {} });
    expect(driver.live.record.errorOf(0)?.message).toContain(message);
  });
});

describe('a switch', () => {
  it.each([
    ["'small'", 'small'],
    ['1 + 1', '2'],
    ["'none'", 'default'],
  ])('on %s takes the case %s', (on, output) => {
    const driver = driverOf({ a: { uses: 'switch', with: { on, cases: { small: [], '2': [] } } }, other: [] });
    expect(outputOf(driver, 'a')).toBe(output);
  });
});
