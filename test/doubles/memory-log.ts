import type { TaskLog } from '../../src/activities/handler.js';

/** A log in memory, for tests. */
export interface MemoryLog extends TaskLog {
  text(): string;
  /** Waits until the log has the text. */
  until(text: string): Promise<void>;
}

export function memoryLog(): MemoryLog {
  let all = '';
  let listeners: (() => void)[] = [];
  const add = (text: string): void => {
    all += text;
    for (const listener of listeners) listener();
  };
  return {
    path: '/dev/null',
    write: (line) => add(`${line}\n`),
    append: async (bytes) => add(Buffer.from(bytes).toString()),
    text: () => all,
    until: (text) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (!all.includes(text)) return;
          listeners = listeners.filter((listener) => listener !== look);
          resolve();
        };
        listeners.push(look);
        look();
      }),
  };
}
