import { messageOf } from '../activities/failure.js';
import type { MeasuredTask } from '../estimate/measured-task.js';
import { learnedName, SampleBuffer } from '../estimate/sample-buffer.js';
import type { TaskSamples } from '../estimate/samples.js';
import type { Logger } from '../observability/logger.js';

/** Milliseconds from the first sample until it is sent: a run that ends soon is there for the next one. */
const FIRST_DELAY = 1_000;
/** Milliseconds between two times that samples are sent. */
const INTERVAL = 5_000;
/** Milliseconds that whoever shuts down a worker waits for it. */
const CLOSE_TIMEOUT = 2_000;

/** Hands the samples of a dag on. */
export type SendSamples = (dag: string, samples: readonly TaskSamples[]) => Promise<void>;

/**
 * Collects how long the tasks of a worker took, and sends it now and then, a message for each dag: no task waits for it.
 * What cannot be sent is let go, and told in the log.
 */
export class DurationRecorder {
  readonly #send: SendSamples;
  readonly #logger: Logger;
  readonly #speed: number;
  readonly #buffer = new SampleBuffer();
  #timer: NodeJS.Timeout | undefined;
  #sentAt = -Infinity;
  #underWay: Promise<void> = Promise.resolve();
  #isClosed = false;
  #isFailing = false;

  /** @param options `speed`: of the worker; what is learned is what a worker of speed 1 would take. Default 1. */
  constructor(send: SendSamples, options: { readonly logger: Logger; readonly speed?: number }) {
    this.#send = send;
    this.#logger = options.logger;
    this.#speed = options.speed ?? 1;
  }

  /** An attempt has succeeded. Never throws. */
  readonly took = (task: MeasuredTask, milliseconds: number): void => {
    this.tookElsewhere(task, milliseconds * this.#speed);
  };

  /** An activity of another worker, of which the speed is not known, has succeeded. Never throws. */
  readonly tookElsewhere = ({ dag, task, size }: MeasuredTask, milliseconds: number): void => {
    if (this.#isClosed) return;
    this.#buffer.add(dag, learnedName(task), milliseconds, size);
    if (this.#timer !== undefined) return;
    const wait = Math.max(FIRST_DELAY, this.#sentAt + INTERVAL - performance.now());
    this.#timer = setTimeout(() => void this.flush(), wait).unref();
  };

  /** Sends what there is. Settles when that is done or given up; never rejects. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#buffer.isEmpty) return this.#underWay;
    this.#sentAt = performance.now();
    const sends = [...this.#buffer.take()].map(([dag, samples]) => this.#sendOne(dag, samples));
    this.#underWay = Promise.all([this.#underWay, ...sends]).then(() => undefined);
    return this.#underWay;
  }

  /** Sends what there is, and waits for that so many milliseconds at most. Never rejects. */
  async flushWithin(milliseconds: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, milliseconds);
    });
    await Promise.race([this.flush(), late]);
    clearTimeout(timer);
  }

  /** Takes no more, and sends the rest, if the server takes it soon. Never rejects. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.flushWithin(CLOSE_TIMEOUT);
  }

  async #sendOne(dag: string, samples: readonly TaskSamples[]): Promise<void> {
    try {
      await this.#send(dag, samples);
      this.#isFailing = false;
    } catch (error) {
      const message = `How long tasks of ${dag} took could not be kept: ${messageOf(error)}`;
      // A server that is away shows in many ways: this one is told once.
      if (this.#isFailing) this.#logger.debug(message);
      else this.#logger.warn(message);
      this.#isFailing = true;
    }
  }
}
