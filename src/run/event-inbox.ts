import { byteLength, type Json } from '../dag/json.js';

/** Events that no task has taken yet, at most; and the bytes of their payloads. */
const MAXIMUM_EVENTS = 100;
const MAXIMUM_BYTES = 262_144;

/** An event that was sent. */
export interface SentEvent {
  readonly event: string;
  /** Null where it came without one. */
  readonly payload: Json;
}

/** Events that came before a task waited for them. */
export class EventInbox {
  readonly #events: SentEvent[];

  constructor(events: readonly SentEvent[] = []) {
    this.#events = [...events];
  }

  snapshot(): readonly SentEvent[] {
    return [...this.#events];
  }

  /** Whether there is room for one more. */
  hasRoom(sent: SentEvent): boolean {
    const bytes = [...this.#events, sent].reduce((sum, { payload }) => sum + byteLength(payload), 0);
    return this.#events.length < MAXIMUM_EVENTS && bytes <= MAXIMUM_BYTES;
  }

  keep(sent: SentEvent): void {
    this.#events.push(sent);
  }

  /** Takes the oldest event that a task wants, out of those that nobody took. */
  take(wants: (sent: SentEvent) => boolean): SentEvent | undefined {
    const index = this.#events.findIndex(wants);
    return index < 0 ? undefined : this.#events.splice(index, 1)[0];
  }
}
