/** Writes a line to stdout. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Writes a line to stderr: news and errors that are not the command's answer. */
export function printError(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** Writes a value to stdout, for programs. */
export function printJson(value: unknown): void {
  print(JSON.stringify(value, null, 2));
}

/** Columns of stdout's terminal, one left free; 100 where it is none. */
export function outputWidth(): number {
  return process.stdout.isTTY ? Math.max(20, process.stdout.columns - 1) : 100;
}

/** Whether stdout shows colours; NO_COLOR, FORCE_COLOR and TERM are heeded by Node itself. */
export function outputHasColors(): boolean {
  return process.stdout.isTTY && process.stdout.hasColors();
}

/** Ends the process once everything written has left it. */
export function exitWhenWritten(code: number): void {
  process.stdout.write('', () => process.stderr.write('', () => process.exit(code)));
}
