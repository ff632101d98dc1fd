import { beforeEach, describe, expect, it } from 'vitest';
import type { LeaseRequest } from '../pool/pool-message.js';
import { Leases, type LeasesHost, type PoolLink } from './leases.js';

/** A server in which messages come through when the test lets them. */
class Link implements PoolLink {
  readonly told: { readonly pool: string; readonly request: LeaseRequest }[] = [];
  readonly made: string[] = [];
  readonly rests: number[] = [];
  readonly pools = new Set(['a', 'b']);
  canMake = true;
  #answers: (() => void)[] = [];

  async tell(pool: string, request: LeaseRequest): Promise<void> {
    this.told.push({ pool, request });
    await new Promise<void>((resolve) => this.#answers.push(resolve));
    if (!this.pools.has(pool)) throw new Error('There is no such workflow.');
  }

  async make(pool: string): Promise<void> {
    this.made.push(pool);
    if (!this.canMake) throw new Error('It cannot be made.');
    this.pools.add(pool);
  }

  async rest(milliseconds: number): Promise<void> {
    this.rests.push(milliseconds);
  }

  /** Answers what was told, and lets all happen that follows from it. */
  async answer(): Promise<void> {
    for (const answer of this.#answers.splice(0)) answer();
    await new Promise(setImmediate);
  }

  /** What was told since the last look: `a: 2 held, 1 wanted`. */
  news(): string[] {
    return this.told
      .splice(0)
      .map(({ pool, request: { holds, wants } }) => `${pool}: ${holds.length} held, ${wants.length} wanted`);
  }
}

let link: Link;
let granted: number[];
let leases: Leases;

const host: LeasesHost = {
  demandsOf: (task) => (task === 9 ? [] : [{ name: task < 5 ? 'a' : 'b', slots: 1 }]),
  settingsOf: () => ({ scope: 'global' }),
  priorityOf: () => 0,
  remaining: () => 0,
  nameOf: (task) => `t${task}`,
  granted: (task) => granted.push(task),
};

beforeEach(() => {
  link = new Link();
  granted = [];
  leases = new Leases('r', undefined, host, 0, link);
});

async function flush(): Promise<void> {
  leases.flush();
  await new Promise(setImmediate);
}

describe('the leases of a run', () => {
  it('are asked of each pool by one message for all that came together', async () => {
    leases.want(0);
    leases.want(1);
    leases.want(5);
    await flush();
    expect(link.news()).toEqual(['a: 0 held, 2 wanted', 'b: 0 held, 1 wanted']);
    expect(leases.settled()).toBe(false);
    await link.answer();
    expect(leases.settled()).toBe(true);
    await flush();
    expect(link.news()).toEqual([]);
  });

  it('go out one message after the other: what changes meanwhile goes with the next', async () => {
    leases.want(0);
    await flush();
    leases.want(1);
    leases.want(2);
    await flush();
    leases.release(2);
    await flush();
    expect(link.news()).toEqual(['a: 0 held, 1 wanted']);
    await link.answer();
    expect(link.news()).toEqual(['a: 0 held, 2 wanted']);
    await link.answer();
    expect([link.news(), leases.settled()]).toEqual([[], true]);
  });

  it('are granted by a signal, once, and what makes no sense of one is dropped', async () => {
    leases.want(0);
    await flush();
    await link.answer();
    for (const message of [undefined, 'a', { pool: 'a' }, { pool: 'no', leases: [0] }, { pool: 'a', leases: [77] }]) {
      leases.grantedBySignal(message);
    }
    expect(granted).toEqual([]);
    leases.grantedBySignal({ pool: 'a', leases: [0] });
    leases.grantedBySignal({ pool: 'a', leases: [0] });
    expect(granted).toEqual([0]);
    leases.want(9);
    expect(granted).toEqual([0, 9]);
  });

  it('are told again to a pool that asks', async () => {
    leases.want(0);
    await flush();
    await link.answer();
    link.news();
    leases.grantedBySignal({ pool: 'a', leases: [], seen: 1 });
    await new Promise(setImmediate);
    expect(link.news()).toEqual(['a: 0 held, 1 wanted']);
  });

  it('make the pool where there is none', async () => {
    link.pools.clear();
    leases.want(0);
    await flush();
    await link.answer();
    expect([link.made, link.news()]).toEqual([['a'], ['a: 0 held, 1 wanted', 'a: 0 held, 1 wanted']]);
    await link.answer();
    expect([leases.settled(), link.rests]).toEqual([true, []]);
  });

  it('are asked for again and again, ever more seldom, where a pool cannot be reached', async () => {
    link.pools.clear();
    link.canMake = false;
    leases.want(0);
    await flush();
    for (let times = 0; times < 16; times++) await link.answer();
    expect(link.rests).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
    link.canMake = true;
    await link.answer();
    await link.answer();
    expect(leases.settled()).toBe(true);
  });

  it('go back at the end, before the run does', async () => {
    leases.want(0);
    leases.want(5);
    await flush();
    await link.answer();
    leases.grantedBySignal({ pool: 'a', leases: [0] });
    link.news();
    link.pools.delete('b');
    let isClosed = false;
    const closing = leases.close().then(() => (isClosed = true));
    await flush();
    expect([link.news(), isClosed]).toEqual([['a: 0 held, 0 wanted', 'b: 0 held, 0 wanted'], false]);
    await link.answer();
    await closing;
    expect([isClosed, link.made]).toEqual([true, []]);
  });

  it('of a run that shares nothing cost nothing', async () => {
    await leases.close();
    expect([leases.snapshot(), leases.settled(), link.told]).toEqual([undefined, true, []]);
  });

  it('are told again after the run continued as new', async () => {
    leases.want(0);
    leases.want(1);
    await flush();
    await link.answer();
    leases.grantedBySignal({ pool: 'a', leases: [0] });
    link.news();
    leases = new Leases('r', leases.snapshot(), host, 99, link);
    leases.begin();
    await flush();
    expect(link.news()).toEqual(['a: 1 held, 1 wanted']);
    leases.grantedBySignal({ pool: 'a', leases: [1] });
    expect(granted).toEqual([0, 1]);
  });
});
