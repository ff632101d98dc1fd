import type { TaskLog } from './handler.js';
import type { Masks } from './masks.js';

/** A log in which secrets are hidden. */
export interface MaskedLog extends TaskLog {
  /** Writes what was kept back, as it may have been the beginning of a secret. */
  end(): Promise<void>;
}

/** The log, with the secrets hidden in all that is written to it from now on, though they come in pieces. */
export function maskedLog(log: TaskLog, masks: Masks): MaskedLog {
  const stream = masks.stream();
  const append = async (bytes: Uint8Array): Promise<void> => {
    if (bytes.length > 0) await log.append(bytes);
  };
  return {
    path: log.path,
    write: (line) => void append(stream.push(Buffer.from(`${line}\n`))),
    append: (bytes) => append(stream.push(bytes)),
    end: () => append(stream.end()),
  };
}
