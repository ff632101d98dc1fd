import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { dagJsonSchema } from './json-schema.js';
import { parseDag } from './parse.js';

const validate = new Ajv({ strict: false }).compile(dagJsonSchema());

const RIGHT = [
  'name: a\ntasks: { t: { run: ls } }',
  '$schema: ./dag.schema.json\nname: a\nx-mine: [1]\ntasks: { t: { run: ls, env: { A: 1, B: true } } }',
  'name: a\nparams: { d: x, n: 3, b: true, l: { type: json, default: [1], enum: [[1]] } }\ntasks: { t: { run: ls } }',
  'name: a\ndefaults: { retry: { maximumAttempts: 2 }, timeout: 1h30m, env: { A: b } }\ntasks: { t: { run: ls } }',
  'name: a\ntasks: { t: { uses: shell, with: { run: ls, shell: bash, cwd: x } }, u: { run: ls, needs: t } }',
  'name: a\ntasks: { t: { uses: function, with: { name: a.b, input: [1] } }, u: { run: ls, needs: { task: t, weight: 2 } } }',
  'name: a\ntasks: { t: { uses: http, with: { url: "http://a.b", expectStatus: [200, "300-399"] }, timeout: { heartbeat: 3s } } }',
  'name: a\ntasks: { t: { uses: activity, with: { type: A, args: [] } }, u: { run: ls, needs: [t] }, v: { run: x, needs: [{ task: t }] } }',
  'name: a\npolicy: priority\ntags: [nightly, sales]\ntasks: { t: { run: ls } }',
  'name: a\npolicy: [fcfs]\ntags: []\ntasks: { t: { run: ls } }',
  'name: a\npolicy: [priority, fair]\naging: 5m\nquantum: 2\ngroups: { g: 2 }\ntasks: { t: { run: ls, group: g, deadline: 1h } }',
  'name: a\ntasks: { t: { run: ls, forEach: [1], tolerate: 10%, compensate: x, cache: true } }\nfinally: { u: { wait: 1m } }',
  'name: a\ntasks: { t: { uses: dag, with: { dag: { name: b, tasks: { u: { run: ls } } } } }, v: { switch: "1", cases: { a: t } } }',
  'name: a\npolicy: srtf\nplacement: consistent-hash\nmaxRuns: 2\ntasks: { t: { run: ls, preemptible: true, affinity: x, size: "1 + 2" } }',
  'name: a\npools: { a: 1, b: 20/m, c: { slots: 1, rate: 5/10s, scope: global }, d: { scope: global } }\ntasks: { t: { run: ls, pool: b } }',
  'name: a\ntasks: { t: { run: ls, requires: gpu }, u: { run: ls, requires: [a, b] }, v: { run: ls, requires: { labels: a, cpu: 500m, memory: 4Gi } } }',
  'name: a\ntasks: { t: { run: ls, requires: { cpu: 2, memory: 4000 }, size: 3 } }',
];

const WRONG = [
  'tasks: { t: { run: ls } }',
  'name: a',
  'name: a\ntasks: {}',
  'name: 1a\ntasks: { t: { run: ls } }',
  'name: a\ntasks: { "a b": { run: ls } }',
  'name: a\ntasks: { t: {} }',
  'name: a\ntasks: { t: { run: ls, uses: shell } }',
  'name: a\ntasks: { t: { run: "" } }',
  'name: a\ntasks: { t: { with: { run: ls } } }',
  'name: a\ntasks: { t: { uses: htp, with: {} } }',
  'name: a\ntasks: { t: { uses: http, with: { url: "http://a.b", method: post } } }',
  'name: a\ntasks: { t: { run: ls, retry: { maximumAttempts: 0 } } }',
  'name: a\ntasks: { t: { run: ls, timeout: 90 } }',
  'name: a\ntasks: { t: { run: ls, timeout: 5 minutes } }',
  'name: a\ntasks: { t: { run: ls, needs: [1] } }',
  'name: a\ntasks: { t: { run: ls, env: { "A-B": x } } }',
  'name: a\ntasks: { t: { run: ls, env: { A: [x] } } }',
  'name: a\nconcurrency: 1501\ntasks: { t: { run: ls } }',
  'name: a\npolicy: lifo\ntasks: { t: { run: ls } }',
  'name: a\npolicy: [priority, priority]\ntasks: { t: { run: ls } }',
  'name: a\ntags: [x, x]\ntasks: { t: { run: ls } }',
  'name: a\ntags: [""]\ntasks: { t: { run: ls } }',
  'name: a\nparams: { p: { type: date } }\ntasks: { t: { run: ls } }',
  'name: a\ntasks: { t: { run: ls, wait: 1m } }',
  'name: a\ntasks: { t: { run: ls, cache: false } }',
  'name: a\ntasks: { t: { uses: wait, with: { for: 1m }, retry: {} } }',
  'name: a\ntasks: { t: { uses: dag, with: { dag: { name: b, tasks: { u: {} } } } } }',
  'name: a\nplacement: nearest\ntasks: { t: { run: ls } }',
  'name: a\nmaxRuns: 0\ntasks: { t: { run: ls } }',
  'name: a\npools: { a: 20/min }\ntasks: { t: { run: ls } }',
  'name: a\npools: { a: { slots: 0 } }\ntasks: { t: { run: ls } }',
  'name: a\npools: { a: { slots: 1, scope: all } }\ntasks: { t: { run: ls } }',
  'name: a\ntasks: { t: { run: ls, requires: { gpu: 1 } } }',
  'name: a\ntasks: { t: { run: ls, requires: { memory: 4GB } } }',
  'name: a\ntasks: { t: { run: ls, requires: { cpu: 0 } } }',
  'name: a\ntasks: { t: { run: ls, preemptible: 1 } }',
  'name: a\ntasks: { t: { run: ls, size: [1] } }',
  'name: a\ntasks: { t: { uses: wait, with: { for: 1m }, requires: gpu } }',
  'name: a\nunknown: 1\ntasks: { t: { run: ls } }',
];

describe('dagJsonSchema', () => {
  it('is what schema/dag.schema.json holds (else: tsx scripts/generate-schema.ts)', () => {
    const committed = JSON.parse(readFileSync(new URL('../../schema/dag.schema.json', import.meta.url), 'utf8'));
    expect(committed).toEqual(dagJsonSchema());
  });

  it.each(RIGHT)('takes, as the reader does: %j', (text) => {
    expect({ schema: validate(parse(text)), reader: parseDag(text).diagnostics }).toEqual({ schema: true, reader: [] });
  });

  it.each(WRONG)('refuses, as the reader does: %j', (text) => {
    expect(parseDag(text).dag).toBeUndefined();
    expect(validate(parse(text))).toBe(false);
  });

  it('describes every field of a dag and of a task', () => {
    const missing: string[] = [];
    const visit = (schema: unknown, path: string): void => {
      if (typeof schema !== 'object' || schema === null) return;
      for (const [key, value] of Object.entries(schema)) {
        if (key === 'properties') {
          for (const [field, inner] of Object.entries(value as Record<string, { description?: string }>)) {
            if (inner.description === undefined) missing.push(`${path}.${field}`);
            visit(inner, `${path}.${field}`);
          }
        } else visit(value, path);
      }
    };
    visit(dagJsonSchema(), '');
    expect(missing).toEqual([]);
  });
});
