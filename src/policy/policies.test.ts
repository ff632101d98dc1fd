import { describe, expect, it } from 'vitest';
import { policyFacts } from '../../test/support/policy-facts.js';
import { DEFAULT_POLICY, isPolicyName, POLICY_NAMES, readPolicy } from '../dag/policy.js';
import { createPolicy } from './policies.js';

describe('createPolicy', () => {
  it('refuses a name that no policy has', () => {
    expect(isPolicyName('lifo')).toBe(false);
    expect(isPolicyName('toString')).toBe(false);
    expect(isPolicyName(DEFAULT_POLICY)).toBe(true);
    const names = POLICY_NAMES.join(', ');
    expect(() => createPolicy('lifo', policyFacts())).toThrow(`There is no policy "lifo"; there are ${names}.`);
  });

  it('reads several, with blanks or without, and calls them by one name', () => {
    expect(createPolicy('priority, sjf', policyFacts()).name).toBe('priority,sjf');
    expect(readPolicy(' edf,fair ')).toEqual({ names: ['edf', 'fair'] });
  });

  it.each([
    ['priority,priority', 'The policy priority is there twice.'],
    ['fcfs,sjf', 'The policy fcfs leaves nothing open: it comes last.'],
    ['fair,round-robin', 'Of fair and round-robin only one can share the slots among the groups.'],
    ['', 'There is no policy "";'],
    ['priority,', 'There is no policy "";'],
  ])('refuses %s, and says why', (text, why) => {
    expect(readPolicy(text)).toEqual({ problem: expect.stringContaining(why) as string });
  });
});
