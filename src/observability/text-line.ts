/** Fields that every line has, or that the text shows in its own way. */
const SHOWN: ReadonlySet<string> = new Set([
  'level',
  'time',
  'pid',
  'hostname',
  'msg',
  'run',
  'task',
  'attempt',
  'dag',
]);

/**
 * A JSON log line as a person reads it: `12:30:05 info run/task #attempt message key=value`. The time is the machine's.
 */
export function textLine(json: string): string {
  const entry = JSON.parse(json) as Record<string, unknown>;
  const { level, time, run, task, attempt, msg } = entry;
  const names = [run, task].filter((name) => name !== undefined).join('/');
  const rest = Object.entries(entry).filter(([key]) => !SHOWN.has(key));
  const parts = [
    clock(new Date(String(time))),
    String(level).padEnd(5),
    names,
    attempt === undefined ? '' : `#${String(attempt)}`,
    String(msg),
    ...rest.map(([key, value]) => `${key}=${Array.isArray(value) ? value.join(' < ') : String(value)}`),
  ];
  return `${printable(parts.filter((part) => part !== '').join(' '))}\n`;
}

function clock(time: Date): string {
  return [time.getHours(), time.getMinutes(), time.getSeconds()].map((n) => String(n).padStart(2, '0')).join(':');
}

/** A run's id may come from a stranger: it must not steer the terminal. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, '?');
}
