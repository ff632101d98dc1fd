/** Slots that a task of a run holds, or waits for. */
export interface Lease {
  readonly lease: number;
  readonly slots: number;
  readonly task: string;
  /** Milliseconds: since when. */
  readonly since: number;
}

/** Slots that it waits for. */
export interface WaitingLease extends Lease {
  readonly priority: number;
  /** Its place in the line of all runs. */
  readonly place: number;
}

/** A run that holds, or wants, slots of the pool. */
export interface Member {
  readonly run: string;
  number: number;
  remaining: number;
  weight: number;
  runPriority?: number | undefined;
  readonly held: Map<number, Lease>;
  taken: number;
  wants: WaitingLease[];
  /** Tasks that wait beyond those. */
  more: number;
  served: number;
  /** It was asked to name those. */
  asked: boolean;
}
