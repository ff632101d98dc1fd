import { describe, expect, it } from 'vitest';
import type { DetailedResult } from '../../simulator/results.js';
import { renderResults } from './render-results.js';

function result(file: string, policy: string, more: Partial<DetailedResult> = {}): DetailedResult {
  return {
    file,
    policy,
    placement: null,
    workers: 4,
    makespan: 12_345,
    lowerBound: 12_000,
    meanFlowTime: 6_000,
    utilisation: 0.99,
    meanWaiting: 3_000,
    state: 'succeeded',
    ...more,
  };
}

function render(results: readonly DetailedResult[], width: number): string[] {
  const files = [...new Set(results.map(({ file }) => file))];
  const figures = { executionTime: 8, transferTime: 2, failureProbability: 0.5, load: 4 };
  const named = files.map((file) => ({ file, figures }));
  return renderResults(results, named, { width, color: false }).split('\n');
}

const POLICIES = ['critical-path', 'priority,critical-path'];

describe('renderResults', () => {
  it.each([60, 80, 100])('has no line that is wider than %d columns', (width) => {
    const one = POLICIES.map((policy) => result('dag.yaml', policy));
    const placed = one.map((row) => ({ ...row, placement: 'weighted-round-robin' as const }));
    const several = ['a', 'b'].flatMap((file) => POLICIES.map((policy) => result(file.repeat(90), policy)));
    for (const results of [one, placed, several]) {
      const table = render(results, width);
      // The name of a file above its figures may be as long as it is.
      for (const line of table.filter((text) => !/^[ab]+$/.test(text))) expect(line.length).toBeLessThanOrEqual(width);
    }
  });

  it('leaves out the waiting first, then the use, and never the makespan', () => {
    const results = POLICIES.map((policy) => result('dag.yaml', policy, { placement: 'weighted-round-robin' }));
    const heads = (width: number): string[] => render(results, width)[0]!.split(/ +/);
    expect(heads(100)).toEqual(['POLICY', 'PLACEMENT', 'MAKESPAN', 'ABOVE', 'FLOW', 'WAIT', 'USED']);
    expect(heads(84)).toEqual(['POLICY', 'PLACEMENT', 'MAKESPAN', 'ABOVE', 'FLOW', 'USED']);
    expect(heads(74)).toEqual(['POLICY', 'PLACEMENT', 'MAKESPAN', 'ABOVE', 'FLOW']);
    expect(heads(20)).toEqual(['POLICY', 'PLACEMENT', 'MAKESPAN', 'ABOVE']);
  });

  it('names files, placements and states only where they tell something', () => {
    expect(render([result('a', 'fcfs')], 100)[0]!.split(/ +/)[0]).toBe('POLICY');
    const several = render([result('a', 'fcfs'), result('b', 'fcfs', { state: 'failed', makespan: 60 })], 100);
    expect(several[0]).toMatch(/^FILE +POLICY/);
    expect(several[2]).toMatch(/failed$/);
    expect(several).toContain('ALL 2 FILES  END AFTER  ONE ON AVERAGE');
    expect(several.join('\n')).toMatch(/^fcfs +3 h 25 m +1 h 43 m$/m);
  });

  it('gives each figure its name, its formula and its unit', () => {
    const text = render([result('a', 'fcfs')], 80).join('\n');
    expect(text).toMatch(/execution time +T = C \/ P +8\.0 s\n/);
    expect(text).toMatch(/transfer time +R = D \/ S +2\.0 s\n/);
    expect(text).toMatch(/probability of failure +P\(f\) = 1 - prod\(1 - P_i\) +0\.5000\n/);
    expect(text).toMatch(/load of a slot +L = sum T \/ sum P +4\.0 s$/);
  });
});
