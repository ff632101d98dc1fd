import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { PoolChange } from '../../pool/pool-message.js';
import { SharedPool } from '../../pool/shared-pool.js';
import { runCli } from '../program.js';

const set: { readonly name: string; readonly change: PoolChange }[] = [];
let pools: readonly string[];

// In the place of a server: who notes what was set.
vi.mock('../server.js', () => ({
  withClient: (_flags: object, work: (connected: object) => unknown): unknown => {
    const client = {
      pools: async () => pools.map((name) => new SharedPool(name).describe(0)),
      pool: async (name: string) => new SharedPool(name).describe(0),
      setPool: async (name: string, change: PoolChange) => void set.push({ name, change }),
    };
    return work({ client });
  },
}));

let stdout: string;
let stderr: string;

beforeEach(() => {
  set.length = 0;
  pools = ['db', 'gpu'];
  stdout = '';
  stderr = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    stdout += String(text);
    return true;
  });
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    stderr += String(text);
    return true;
  });
});

afterEach(() => {
  vi.restoreAllMocks();
});

describe('dagwright pools', () => {
  it('lists them', async () => {
    expect(await runCli(['pools'])).toBe(0);
    expect(stdout).toMatch(/^POOL .*\ndb +1 +0 +- +0 +fcfs\ngpu /);
    stdout = '';
    expect(await runCli(['pools', '--json'])).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ pools: [{ name: 'db', slots: 1 }, { name: 'gpu' }] });
  });

  it('says where there are none', async () => {
    pools = [];
    expect(await runCli(['pools'])).toBe(0);
    expect([stdout, stderr]).toEqual(['', 'No pools that runs share.\n']);
  });
});

describe('dagwright pool', () => {
  it('shows one', async () => {
    expect(await runCli(['pool', 'gpu'])).toBe(0);
    expect(stdout).toBe('gpu  0 of 1 taken · policy fcfs\n');
    stdout = '';
    expect(await runCli(['pool', 'gpu', '--json'])).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ name: 'gpu', slots: 1, taken: 0 });
    expect(set).toEqual([]);
  });

  it.each<[line: string, change: PoolChange, says: string]>([
    ['--slots 4', { slots: 4 }, '4 slots'],
    ['--slots 1 --policy fair', { slots: 1, policy: 'fair' }, '1 slot, policy fair'],
    ['--slots none --rate 20/m', { slots: null, rate: { count: 20, per: 60_000 } }, 'no limit of slots, rate 20/m'],
    ['--rate none', { rate: null }, 'no rate'],
  ])('sets one: %s', async (line, change, says) => {
    expect(await runCli(['pool', 'gpu', ...line.split(' ')])).toBe(0);
    expect([set, stdout]).toEqual([[{ name: 'gpu', change }], `The pool gpu is set: ${says}.\n`]);
    stdout = '';
    await runCli(['pool', 'gpu', ...line.split(' '), '--json']);
    expect(JSON.parse(stdout)).toEqual({ pool: 'gpu', set: change });
  });

  it.each(['', 'gpu --slots 0', 'gpu --slots 1000001', 'gpu --slots many', 'gpu --rate 20', 'gpu --policy sjf'])(
    'asks for nothing where it makes no sense, and exits with 2: %s',
    async (line) => {
      expect(await runCli(['pool', ...line.split(' ').filter((word) => word !== ''), '--json'])).toBe(2);
      expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'USAGE' } });
      expect(set).toEqual([]);
    },
  );
});
