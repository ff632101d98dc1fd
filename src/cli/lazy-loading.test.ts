import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const here = dirname(fileURLToPath(import.meta.url));

const IMPORT = /^(?:import|export)\s(?!type\s)(?:[^;'"]*?\sfrom\s)?\s*'([^']+)'/gm;
const LAZY_IMPORT = /\bimport\('([^']+)'\)/g;

/** The packages that a source file loads, by itself and through the files it imports. Types are not loaded. */
function packagesOf(file: string, pattern: 'static' | 'all'): Set<string> {
  const packages = new Set<string>();
  const seen = new Set<string>();
  const visit = (path: string): void => {
    if (seen.has(path)) return;
    seen.add(path);
    const text = readFileSync(path, 'utf8');
    const found = [...text.matchAll(IMPORT), ...(pattern === 'all' ? text.matchAll(LAZY_IMPORT) : [])];
    for (const [, specifier = ''] of found) {
      if (specifier.startsWith('.')) {
        visit(resolve(dirname(path), specifier).replace(/\.js$/, '.ts'));
      } else if (!specifier.startsWith('node:')) {
        packages.add(specifier);
      }
    }
  };
  visit(resolve(here, file));
  return packages;
}

describe('what a command loads', () => {
  it('is commander alone before the command is known', () => {
    expect([...packagesOf('main.ts', 'static')]).toEqual(['commander']);
  });

  it.each(['validate', 'test', 'graph', 'schema'])('is nothing of Temporal for %s', (command) => {
    expect(existsSync(resolve(here, `commands/${command}.ts`))).toBe(true);
    const packages = [...packagesOf(`commands/${command}.ts`, 'all')];
    expect(packages).toContain('zod');
    expect(packages.filter((name) => name.startsWith('@temporalio'))).toEqual([]);
  });

  it('is no client for a log that lies on this machine', () => {
    const packages = [...packagesOf('commands/logs.ts', 'static')];
    expect(packages.filter((name) => name.startsWith('@temporalio'))).toEqual(['@temporalio/envconfig']);
  });

  it.each(['list', 'status', 'watch', 'explain', 'history', 'gantt', 'logs'])('is no worker for %s', (command) => {
    const packages = [...packagesOf(`commands/${command}.ts`, 'all')];
    expect(packages).toContain('@temporalio/client');
    expect(packages).not.toContain('@temporalio/worker');
  });

  it('is no client and no worker for a local run', () => {
    const packages = [...packagesOf('commands/run.ts', 'static'), ...packagesOf('run-here.ts', 'static')];
    expect(packages.filter((name) => name.startsWith('@temporalio'))).toEqual(['@temporalio/envconfig']);
  });
});
