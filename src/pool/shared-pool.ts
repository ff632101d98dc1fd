import type { Rate } from '../dag/pools.js';
import type { Lease, Member, WaitingLease } from './pool-member.js';
import type { LeaseRequest, PoolChange } from './pool-message.js';
import type { PoolPolicy } from './pool-policy.js';
import { RateWindow, type Takes } from './rate-window.js';
import { WaitingLine } from './waiting-line.js';

/** Runs that have gone whose last message is remembered, so that one that comes late is known for what it is. */
const REMEMBERED_RUNS = 200;
/** Tasks that wait, of all runs together, in a snapshot. Those beyond are asked for again. */
const CARRIED_WANTS = 10_000;

/** What runs' dags, or an operator, say of a pool. `null` is the operator's word for: no limit. */
type Said = PoolChange;

/** What the pool has to tell a run. */
export interface PoolNews {
  readonly run: string;
  readonly leases: readonly number[];
  /** The run is asked to say how it stands. */
  readonly asks?: true;
}

/** Slots of a shared pool that a task holds, or waits for. */
export interface PoolLease {
  readonly run: string;
  readonly task: string;
  readonly slots: number;
  /** ISO 8601. */
  readonly since: string;
  /** It needs more than the pool has, so it waits until that is made larger. */
  readonly tooLarge?: true;
}

/** A shared pool as it stands. */
export interface PoolDescription {
  readonly name: string;
  /** Left out where only its rate limits it. */
  readonly slots?: number;
  readonly rate?: Rate;
  readonly policy: PoolPolicy;
  /** Slots that are held. More than there are, where the pool was made smaller. */
  readonly taken: number;
  /** Slots that count for the rate. */
  readonly recent?: number;
  /** Tasks that hold slots, and that wait for some. */
  readonly holding: number;
  readonly waiting: number;
  /** The first of them: those that hold the longest, and those that are next. */
  readonly holders: readonly PoolLease[];
  readonly waiters: readonly PoolLease[];
}

/** All of a pool's state. Plain JSON. */
export interface PoolSnapshot {
  readonly operator: Said;
  readonly dag: Said;
  readonly dagBegan: number;
  readonly members: readonly (Omit<Member, 'held' | 'taken' | 'asked'> & { readonly held: readonly Lease[] })[];
  readonly takes: Takes;
  readonly places: number;
  readonly grants: number;
  readonly gone: readonly (readonly [run: string, number: number])[];
  readonly untold: readonly (readonly [run: string, leases: readonly number[]])[];
}

/**
 * The slots of one pool that runs share: runs tell it how they stand, and it gives what is free. Who of the runs is next
 * the pool's policy says; which task of a run, the run does. The next one is waited for until it fits, so that no large
 * task starves beside small ones; only what is larger than the pool is passed.
 */
export class SharedPool {
  readonly name: string;
  #operator: Said = {};
  #dag: Said = {};
  /** When the run began whose dag is heeded. */
  #dagBegan = -1;
  readonly #members = new Map<string, Member>();
  readonly #window: RateWindow;
  #taken = 0;
  #places = 0;
  #grants = 0;
  /** Of runs that have left: the number of the last message. */
  readonly #gone = new Map<string, number>();
  /** What runs have been granted and may not know. */
  readonly #untold = new Map<string, Set<number>>();

  constructor(name: string, snapshot?: PoolSnapshot) {
    this.name = name;
    if (snapshot !== undefined) {
      this.#operator = snapshot.operator;
      this.#dag = snapshot.dag;
      this.#dagBegan = snapshot.dagBegan;
      this.#places = snapshot.places;
      this.#grants = snapshot.grants;
      this.#gone = new Map(snapshot.gone);
      for (const [run, leases] of snapshot.untold) this.#untold.set(run, new Set(leases));
      for (const { held, ...member } of snapshot.members) {
        const leases = new Map(held.map((one) => [one.lease, one]));
        const taken = held.reduce((sum, { slots }) => sum + slots, 0);
        this.#members.set(member.run, { ...member, wants: [...member.wants], held: leases, taken, asked: false });
        this.#taken += taken;
      }
    }
    this.#window = new RateWindow(this.rate, snapshot?.takes);
  }

  get policy(): PoolPolicy {
    return this.#operator.policy ?? 'fcfs';
  }

  /** Infinity where only the rate limits it. What an operator said counts, else what the dag of the latest run does. */
  get slots(): number {
    const said = this.#operator.slots === undefined ? this.#dag.slots : this.#operator.slots;
    if (said === null) return Infinity;
    return said ?? (this.rate === undefined ? 1 : Infinity);
  }

  get rate(): Rate | undefined {
    return (this.#operator.rate === undefined ? this.#dag.rate : this.#operator.rate) ?? undefined;
  }

  /** Whether a task could ever hold so many slots. */
  allows(slots: number): boolean {
    return slots <= this.slots && this.#window.allows(slots);
  }

  /** The runs that hold or want something. */
  runs(): Iterable<string> {
    return this.#members.keys();
  }

  /** Whether a task waits. */
  get isAwaited(): boolean {
    for (const { wants, more } of this.#members.values()) if (wants.length > 0 || more > 0) return true;
    return false;
  }

  /**
   * From when on (milliseconds) the pool could as well be made anew by the next run: nobody needs it, and its rate counts
   * nothing; undefined where it is needed, or an operator has set it.
   */
  forgettableFrom(): number | undefined {
    const isSet = Object.keys(this.#operator).length > 0;
    return this.#members.size > 0 || isSet ? undefined : (this.#window.emptyAt() ?? 0);
  }

  /** The number of the run's last message; undefined where it holds and wants nothing. */
  seenOf(run: string): number | undefined {
    return this.#members.get(run)?.number;
  }

  /** Slots that the run holds. */
  heldBy(run: string): number[] {
    return [...(this.#members.get(run)?.held.keys() ?? [])];
  }

  /** An operator's word: it counts until the next one. What is held beyond a smaller size stays held. */
  set({ slots, rate, policy }: PoolChange): void {
    this.#operator = {
      ...this.#operator,
      ...(slots === undefined ? {} : { slots }),
      ...(rate === undefined ? {} : { rate }),
      ...(policy === undefined ? {} : { policy }),
    };
    this.#window.change(this.rate);
  }

  /**
   * A run says how it stands. False where it has said something later before.
   * @param at Milliseconds.
   */
  hear(request: LeaseRequest, at: number): boolean {
    const { run, number, settings, began = 0 } = request;
    const known = this.#members.get(run);
    if (number <= (known?.number ?? this.#gone.get(run) ?? -1)) return false;
    if (settings !== undefined && began >= this.#dagBegan) {
      this.#dag = settings;
      this.#dagBegan = began;
      this.#window.change(this.rate);
    }
    const member = this.#memberOf(request, known, at);
    this.#taken += member.taken - (known?.taken ?? 0);
    if (member.held.size > 0 || member.wants.length > 0 || member.more > 0) {
      this.#members.set(run, member);
      this.#gone.delete(run);
    } else this.#leave(run, number);
    return true;
  }

  /** The run is not there any more: all that it held is free. */
  gone(run: string): void {
    const member = this.#members.get(run);
    if (member === undefined) return;
    this.#taken -= member.taken;
    this.#leave(run, member.number);
  }

  /** Gives what is free to those who are next, and says what is to be told to whom. */
  grant(at: number): PoolNews[] {
    this.#window.pass(at);
    if (this.#taken >= this.slots) return this.#news();
    const line = this.#line();
    for (let next = line.next(); next !== undefined; next = line.next()) {
      const { member, want } = next;
      if (!this.#fits(want.slots)) break;
      this.#give(member, want, at);
      line.served();
    }
    return this.#news();
  }

  /** When its rate lets the next one in; undefined where something else keeps it, or nobody waits. Call after `grant`. */
  opensAt(): number | undefined {
    if (this.rate === undefined) return undefined;
    const next = this.#line().next();
    if (next === undefined || this.#taken + next.want.slots > this.slots) return undefined;
    return this.#window.opensAt(next.want.slots);
  }

  /** @param limit Holders, and waiters, that are named at most. */
  describe(limit: number): PoolDescription {
    const { slots, rate } = this;
    const members = [...this.#members.values()];
    const held = members.flatMap((member) => [...member.held.values()].map((lease) => ({ member, lease })));
    held.sort((a, b) => a.lease.since - b.lease.since);
    const waiting = members.reduce((sum, { wants, more }) => sum + wants.length + more, 0);
    return {
      name: this.name,
      ...(slots === Infinity ? {} : { slots }),
      ...(rate === undefined ? {} : { rate, recent: this.#window.sum }),
      policy: this.policy,
      taken: this.#taken,
      holding: held.length,
      waiting,
      holders: held.slice(0, limit).map(({ member, lease }) => shown(member, lease)),
      waiters: this.#waiters(limit),
    };
  }

  snapshot(): PoolSnapshot {
    const share = Math.max(1, Math.floor(CARRIED_WANTS / Math.max(1, this.#members.size)));
    return {
      operator: this.#operator,
      dag: this.#dag,
      dagBegan: this.#dagBegan,
      members: [...this.#members.values()].map((member) => ({
        run: member.run,
        number: member.number,
        remaining: member.remaining,
        weight: member.weight,
        ...(member.runPriority === undefined ? {} : { runPriority: member.runPriority }),
        held: [...member.held.values()],
        wants: member.wants.slice(0, share),
        more: member.more + Math.max(0, member.wants.length - share),
        served: member.served,
      })),
      takes: this.#window.snapshot(),
      places: this.#places,
      grants: this.#grants,
      gone: [...this.#gone],
      untold: [...this.#untold].map(([run, leases]) => [run, [...leases]]),
    };
  }

  #memberOf(request: LeaseRequest, known: Member | undefined, at: number): Member {
    const { run, number, holds, wants, remaining = 0, weight = 1, runPriority } = request;
    const more = wants.length === 0 ? 0 : (request.more ?? 0);
    const held = new Map<number, Lease>();
    // What it holds and the pool knows nothing of was given by an earlier life of the pool.
    for (const [lease, slots] of holds) {
      const task = known?.wants.find((want) => want.lease === lease)?.task ?? '';
      held.set(lease, known?.held.get(lease) ?? { lease, slots, task, since: at });
    }
    const waiting: WaitingLease[] = [];
    const before = new Map(known?.wants.map((want) => [want.lease, want]));
    for (const { lease, slots, task, priority = 0 } of wants) {
      const granted = known?.held.get(lease);
      if (granted === undefined) {
        const { since, place } = before.get(lease) ?? { since: at, place: this.#places++ };
        waiting.push({ lease, slots, task, priority, since, place });
      } else {
        held.set(lease, granted);
        this.#tell(run, lease);
      }
    }
    let taken = 0;
    for (const { slots } of held.values()) taken += slots;
    const served = known?.served ?? 0;
    return {
      run,
      number,
      remaining,
      weight,
      runPriority,
      held,
      taken,
      wants: inLine(waiting),
      more,
      served,
      asked: false,
    };
  }

  #leave(run: string, number: number): void {
    this.#members.delete(run);
    this.#untold.delete(run);
    this.#gone.delete(run);
    this.#gone.set(run, number);
    const [oldest] = this.#gone.keys();
    if (this.#gone.size > REMEMBERED_RUNS && oldest !== undefined) this.#gone.delete(oldest);
  }

  #give(member: Member, { lease, slots, task }: WaitingLease, at: number): void {
    member.wants.splice(
      member.wants.findIndex((want) => want.lease === lease),
      1,
    );
    member.held.set(lease, { lease, slots, task, since: at });
    member.taken += slots;
    member.served = ++this.#grants;
    this.#taken += slots;
    this.#window.take(slots, at);
    this.#tell(member.run, lease);
  }

  #tell(run: string, lease: number): void {
    const untold = this.#untold.get(run);
    if (untold === undefined) this.#untold.set(run, new Set([lease]));
    else untold.add(lease);
  }

  #news(): PoolNews[] {
    const news = new Map<string, PoolNews>();
    for (const [run, leases] of this.#untold) news.set(run, { run, leases: [...leases] });
    this.#untold.clear();
    for (const member of this.#members.values()) {
      const { run, wants, more, asked } = member;
      if (wants.length > 0 || more === 0 || asked) continue;
      news.set(run, { run, leases: [], ...news.get(run), asks: true });
      member.asked = true;
    }
    return [...news.values()];
  }

  #fits(slots: number): boolean {
    return this.#taken + slots <= this.slots && this.#window.fits(slots);
  }

  #line(): WaitingLine {
    return new WaitingLine(this, this.#members.values());
  }

  #waiters(limit: number): PoolLease[] {
    const inOrder = this.#line().inOrder();
    const all = [...inOrder, ...[...this.#members.values()].filter((member) => !inOrder.includes(member))];
    const waiters: PoolLease[] = [];
    for (const member of all) {
      for (const want of member.wants) {
        if (waiters.length >= limit) return waiters;
        waiters.push({ ...shown(member, want), ...(this.allows(want.slots) ? {} : { tooLarge: true }) });
      }
    }
    return waiters;
  }
}

/** A run's places in the line go to its tasks in the order in which it wants them. */
function inLine(wants: readonly WaitingLease[]): WaitingLease[] {
  const places = wants.map(({ place }) => place).sort((a, b) => a - b);
  return wants.map((want, index) => ({ ...want, place: places[index]! }));
}

function shown({ run }: Member, { task, slots, since }: Lease): PoolLease {
  return { run, task, slots, since: new Date(since).toISOString() };
}
