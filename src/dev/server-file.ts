import { execFileSync } from 'node:child_process';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isProcessAlive } from './lock-file.js';

/** A server that Dagwright started, as `server.json` in the state folder tells later processes. */
export interface KnownServer {
  readonly address: string;
  readonly uiUrl: string | undefined;
  readonly pid: number;
  readonly dbFile: string;
}

/** Writes `server.json`. */
export function rememberServer(stateFolder: string, server: KnownServer): void {
  const draft = `${fileOf(stateFolder)}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(server, null, 2));
  renameSync(draft, fileOf(stateFolder));
}

/** Reads `server.json`; undefined where there is none that can be read. */
export function readServer(stateFolder: string): KnownServer | undefined {
  try {
    const { address, uiUrl, pid, dbFile } = JSON.parse(
      readFileSync(fileOf(stateFolder), 'utf8'),
    ) as Partial<KnownServer>;
    if (typeof address !== 'string' || typeof pid !== 'number' || typeof dbFile !== 'string') return undefined;
    return { address, uiUrl: typeof uiUrl === 'string' ? uiUrl : undefined, pid, dbFile };
  } catch {
    return undefined;
  }
}

/** Removes `server.json`. */
export function forgetServer(stateFolder: string): void {
  rmSync(fileOf(stateFolder), { force: true });
}

/** Whether the process is still this very server: the system may have given its pid to another. */
export function isServerProcess(server: KnownServer): boolean {
  return isProcessAlive(server.pid) && (commandOf(server.pid)?.includes(server.dbFile) ?? false);
}

function commandOf(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    // No /proc: macOS, for one.
  }
  try {
    return execFileSync('ps', ['-ww', '-o', 'args=', '-p', String(pid)], { encoding: 'utf8' });
  } catch {
    return undefined;
  }
}

function fileOf(stateFolder: string): string {
  return join(stateFolder, 'server.json');
}
