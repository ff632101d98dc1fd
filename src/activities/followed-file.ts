import { stat } from 'node:fs/promises';

const CLOCK_TICK = 50;

/** A file that a script writes, looked at in turns until the end. */
export interface FollowedFile {
  /** Looks now. Never throws. */
  look(): Promise<void>;
  /** Looks once more, and then no more. */
  end(): Promise<void>;
}

/**
 * Calls back where the file is there and may have changed since the last look.
 * @param interval milliseconds between looks.
 * @param changed hears how many bytes the file has. What it throws is of no interest: it looks again.
 */
export function followFile(path: string, interval: number, changed: (size: number) => Promise<void>): FollowedFile {
  let state = '';
  let looking: Promise<void> | undefined;

  const readIfChanged = async (): Promise<void> => {
    const entry = await stat(path);
    const now = `${entry.ino}/${entry.size}/${entry.mtimeMs}`;
    if (!entry.isFile() || now === state) return;
    // Within a tick of the file system's clock it may be written over again, and look the same.
    state = Date.now() - entry.mtimeMs > CLOCK_TICK ? now : '';
    await changed(entry.size);
  };
  const look = (): Promise<void> => {
    looking ??= readIfChanged()
      // There is no such file yet, or no more: nothing is said.
      .catch(() => undefined)
      .finally(() => {
        looking = undefined;
      });
    return looking;
  };
  const timer = setInterval(() => void look(), interval);
  return {
    look,
    end: async () => {
      clearInterval(timer);
      await looking;
      await look();
    },
  };
}
