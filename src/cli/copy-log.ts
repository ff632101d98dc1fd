import type { LogStore } from '../activities/log-store.js';

/** Where a log goes. */
export interface LogSink {
  /** A piece of the log; resolves when the next may come. */
  write(bytes: Uint8Array): Promise<void>;
  /** A line of ours, which is not part of the log. */
  say(line: string): void;
}

/** The logs of one task, or of one of its attempts. */
export interface LoggedTask {
  readonly runId: string;
  readonly task: string;
  readonly attempt?: number;
}

const LINE_BREAK = 10;

/** Copies what a task's attempts have logged since the last time: from the latest attempt's beginning at first. */
export class LogCopier {
  /** Whether anything was found to copy, an empty log included. */
  found = false;
  readonly #store: LogStore;
  readonly #task: LoggedTask;
  readonly #sink: LogSink;
  /** Where each attempt's log was left off. */
  readonly #offsets = new Map<number, number>();
  #latest: number | undefined;
  #lastByte = LINE_BREAK;

  constructor(store: LogStore, task: LoggedTask, sink: LogSink) {
    this.#store = store;
    this.#task = task;
    this.#sink = sink;
  }

  /** Copies all that is new, and begins each further attempt with a line that names it. */
  async copy(): Promise<void> {
    const { runId, task, attempt: wanted } = this.#task;
    const all = await this.#store.attempts(runId, task);
    const logs = wanted === undefined ? all : all.filter(({ attempt }) => attempt === wanted);
    if (logs.length === 0) return;
    if (!this.found) {
      this.found = true;
      // Earlier attempts are of interest only where they go on: a task that was set back counts from 1 again.
      for (const { attempt, end } of logs.slice(0, -1)) this.#offsets.set(attempt, end);
    }
    for (const { attempt, end } of logs) {
      if (end > (this.#offsets.get(attempt) ?? 0)) await this.#copyOne(attempt);
    }
  }

  async #copyOne(attempt: number): Promise<void> {
    const { runId, task } = this.#task;
    const encoder = new TextEncoder();
    if (this.#latest !== undefined && this.#latest !== attempt) {
      await this.#sink.write(
        encoder.encode(`${this.#lastByte === LINE_BREAK ? '' : '\n'}==> attempt ${attempt} <==\n`),
      );
    }
    this.#latest = attempt;
    let offset = this.#offsets.get(attempt) ?? 0;
    for (;;) {
      const chunk = await this.#store.read({ runId, task, attempt }, offset);
      if (chunk === undefined || chunk.bytes.length === 0) break;
      if (chunk.dropped > 0) this.#sink.say(`… ${chunk.dropped} bytes are gone: a log keeps its end.`);
      await this.#sink.write(chunk.bytes);
      this.#lastByte = chunk.bytes.at(-1) ?? LINE_BREAK;
      offset = chunk.next;
    }
    this.#offsets.set(attempt, offset);
  }
}
