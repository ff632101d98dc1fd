import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { DIAGNOSTIC_CODES } from '../diagnostic.js';
import { parseDag } from '../parse.js';
import { unquotedVariables } from './unquoted-variables.js';

/** The warnings of a dag of these tasks: line and column, code. */
function warnings(tasks: string, more = ''): string[] {
  const { dag, diagnostics } = parseDag(
    `name: d\nparams: { p: x, n: { type: integer, default: 1 } }\n${more}tasks:\n${tasks}\n`,
  );
  const shown = diagnostics.map(({ line, column, severity, code, message }) =>
    severity === 'error' ? `${line}:${column} ${code} ${message}` : `${line}:${column} ${code}`,
  );
  // Whatever is warned of, the dag is one that runs.
  if (dag === undefined) expect(shown).toEqual('a dag without errors');
  expect(diagnostics.every(({ hint, message }) => hint !== undefined && /[.]$/.test(message))).toBe(true);
  return shown;
}

const A = '  a: { run: x }\n';

describe('WHEN_DEAD', () => {
  it.each([
    ['b: { run: x, when: "false" }', ['5:22 WHEN_DEAD']],
    ['b: { run: x, when: 1 > 2 }', ['5:22 WHEN_DEAD']],
    ['b: { run: x, when: params.p == "y" && false }', ['5:22 WHEN_DEAD']],
    ["b: { run: x, when: tasks.a.status == 'failed' }", ['5:40 WHEN_DEAD']],
    ["b: { run: x, when: tasks.a.status == 'running', triggerRule: all_done }", ['5:40 WHEN_DEAD']],
    ["b: { run: x, when: \"tasks.a.status in ['failed', 'skipped']\" }", ['5:42 WHEN_DEAD', '5:52 WHEN_DEAD']],
    ["b: { run: x, when: tasks.a.status == 'succeeded', triggerRule: all_failed }", ['5:40 WHEN_DEAD']],
    ["b: { run: x, when: tasks.a.status == 'skipped', triggerRule: none_skipped }", ['5:40 WHEN_DEAD']],
    ["b: { run: x, when: tasks.a.status == 'failed', triggerRule: none_failed }", ['5:40 WHEN_DEAD']],
    ["b: { run: x, when: tasks.a.status == 'failed', triggerRule: all_done }", []],
    ["b: { run: x, when: tasks.a.status == 'running', triggerRule: one_done, needs: [a] }", []],
    ["b: { run: x, when: tasks.a.status == 'skipped', triggerRule: none_failed }", []],
    ["b: { run: x, when: tasks.a.status == 'succeeded' }", []],
    ["b: { run: x, when: \"tasks.a.status in ['failed', 'succeeded']\", triggerRule: all_done }", []],
    ['b: { run: x, when: params.n > 2 }', []],
    ['b: { run: x, when: "true" }', []],
  ])('%s', (task, expected) => {
    expect(warnings(`${A}  ${task}`)).toEqual(expected);
  });

  it('not where a failure is forgiven, or the task is further up', () => {
    expect(
      warnings("  a: { run: x, continueOnError: true }\n  b: { run: x, when: tasks.a.status == 'failed' }"),
    ).toEqual([]);
    const far =
      "  b: { run: x, needs: a, triggerRule: all_done }\n  c: { run: x, needs: b, when: tasks.a.status == 'failed' }";
    expect(warnings(A + far)).toEqual([]);
  });
});

describe('TRIGGER_RULE_DEAD', () => {
  it.each([
    ['b: { run: x, needs: a, triggerRule: all_skipped }', ['5:39 TRIGGER_RULE_DEAD']],
    ['b: { run: x, needs: w, triggerRule: one_failed }\n  w: { wait: 1m }', ['5:39 TRIGGER_RULE_DEAD']],
    ['b: { run: x, needs: [a, w], triggerRule: all_failed }\n  w: { wait: 1m }', ['5:44 TRIGGER_RULE_DEAD']],
    ['b: { run: x, needs: [a, w], triggerRule: one_failed }\n  w: { wait: 1m }', []],
    ['b: { run: x, needs: w, triggerRule: one_failed }\n  w: { wait: "${{ params.p }}" }', []],
    ['b: { run: x, needs: c, triggerRule: all_skipped }\n  c: { run: x, when: params.n > 1 }', []],
    ['b: { run: x, needs: c, triggerRule: all_failed }\n  c: { run: x, continueOnError: true }', []],
    [
      'b: { run: x, needs: c, triggerRule: all_skipped }\n  c: { run: x, needs: e }\n  e: { run: x, when: params.n > 1 }',
      [],
    ],
    [
      'b: { run: x, needs: c, triggerRule: all_skipped }\n  c: { run: x, retry: { rules: [{ exitCode: 3, then: skip }] } }',
      [],
    ],
    ['b: { run: x, needs: a, triggerRule: one_failed }\n  c: { run: x, needs: b, triggerRule: all_skipped }', []],
    ['b: { run: x, needs: a, triggerRule: all_done_min_one_success }', []],
  ])('%s', (task, expected) => {
    expect(warnings(`${A}  ${task}`)).toEqual(expected);
  });
});

describe('BRANCH_JOIN', () => {
  const SWITCH =
    '  s: { switch: params.p, cases: { x: b, y: [c, e] }, default: f }\n  b: { run: x }\n  c: { run: x }\n  e: { run: x }\n  f: { run: x }\n';

  it.each([
    ['j: { run: x, needs: [b, c] }', ['9:23 BRANCH_JOIN']],
    ['j: { run: x, needs: [b, f], triggerRule: all_success }', ['9:23 BRANCH_JOIN']],
    ['j: { run: x, needs: [b2, c] }\n  b2: { run: x, needs: b }', ['9:23 BRANCH_JOIN']],
    ['j: { run: x, needs: [a, b] }\n  a: { run: x }', ['9:23 BRANCH_JOIN']],
    ['j: { run: x, needs: [a, b], triggerRule: all_success }\n  a: { run: x }', []],
    ['j: { run: x, needs: [b, c], triggerRule: none_failed_min_one_success }', []],
    ['j: { run: x, needs: [c, e] }', []],
    ['j: { run: x, needs: b }', []],
  ])('%s', (task, expected) => {
    expect(warnings(`${SWITCH}  ${task}`)).toEqual(expected);
  });

  it('not where all branches of an inner switch are in one of an outer', () => {
    const inner =
      '  o: { switch: params.p, cases: { x: [i, k] } }\n  i: { switch: params.n, cases: { "1": b }, default: c }\n  k: { run: x }\n' +
      '  b: { run: x }\n  c: { run: x }\n  j: { run: x, needs: [b, c], triggerRule: none_failed_min_one_success }\n';
    expect(warnings(`${inner}  z: { run: x, needs: [j, k] }`)).toEqual([]);
    expect(warnings(`${inner}  z: { run: x, needs: [j, a] }\n  a: { run: x }`)).toEqual(['10:23 BRANCH_JOIN']);
  });

  it.each([
    ['b: { run: x, when: params.n > 1 }\n  j: { run: x, needs: [a, b] }', ['6:23 BRANCH_JOIN']],
    ['b: { run: x, when: params.n > 1 }\n  j: { run: x, needs: b }', []],
    ['b: { run: x, when: params.n > 1 }\n  j: { run: x, needs: [a, b], when: params.n > 1 }', []],
    ['b: { run: x, when: params.n > 1 }\n  c: { run: x, when: params.n > 1 }\n  j: { run: x, needs: [b, c] }', []],
    [
      'b: { run: x, when: params.n > 1 }\n  c: { run: x, needs: [b], triggerRule: all_done }\n  j: { run: x, needs: [a, c] }',
      [],
    ],
  ])('of conditions: %s', (task, expected) => {
    expect(warnings(`${A}  ${task}`)).toEqual(expected);
  });
});

describe('OUTPUT_MAYBE_MISSING', () => {
  const USE = 'env: { A: "${{ tasks.a.output.x }}" }';
  it.each([
    [`b: { run: x, ${USE} }`, []],
    [`b: { run: x, triggerRule: all_done, ${USE} }`, ['5:54 OUTPUT_MAYBE_MISSING']],
    [`b: { run: x, triggerRule: none_failed_min_one_success, ${USE} }`, []],
    [`b: { run: x, triggerRule: all_done, env: { A: "\${{ tasks.a.?output.orValue('') }}" } }`, []],
    [`b: { run: x, triggerRule: all_done, env: { A: "\${{ has(tasks.a.output.x) ? tasks.a.output.x : 1 }}" } }`, []],
    [`b: { run: x, triggerRule: all_done, env: { A: "\${{ tasks.a.status == 'failed' ? 1 : tasks.a.output }}" } }`, []],
    [`b: { run: x, triggerRule: all_done, when: tasks.a.status == 'succeeded', ${USE} }`, []],
    [`b: { run: x, triggerRule: all_done, env: { A: "\${{ tasks.a.status }}" } }`, []],
    [`b: { run: x, needs: a }\n  c: { run: x, needs: b, ${USE} }`, []],
    [
      `b: { run: x, needs: a, triggerRule: all_done }\n  c: { run: x, needs: b, ${USE} }`,
      ['6:41 OUTPUT_MAYBE_MISSING'],
    ],
  ])('%s', (task, expected) => {
    expect(warnings(`${A}  ${task}`)).toEqual(expected);
  });

  it('of a forgiven failure, and at the end of a run', () => {
    expect(warnings(`  a: { run: x, continueOnError: true }\n  b: { run: x, ${USE} }`)).toEqual([
      '5:31 OUTPUT_MAYBE_MISSING',
    ]);
    expect(warnings(`${A}finally:\n  b: { run: x, ${USE} }`)).toEqual(['6:31 OUTPUT_MAYBE_MISSING']);
  });
});

describe('RETRY_UNBOUNDED and POLL_UNBOUNDED', () => {
  it.each([
    ['b: { run: x, retry: { maximumAttempts: 1000 } }', '', ['4:42 RETRY_UNBOUNDED']],
    ['b: { run: x, retry: { rules: [{ exitCode: 1, maximumAttempts: 5000 }] } }', '', ['4:65 RETRY_UNBOUNDED']],
    ['b: { run: x, retry: { maximumAttempts: 1000 }, timeout: { scheduleToClose: 1h } }', '', []],
    ['b: { run: x, retry: { maximumAttempts: 1000 } }', 'timeout: 1h\n', []],
    ['b: { run: x, retry: { maximumAttempts: 999 } }', '', []],
    ['b: { run: x }', 'defaults: { retry: { maximumAttempts: 2000 } }\n', ['3:39 RETRY_UNBOUNDED']],
    ['b: { uses: poll, with: { run: x, until: output.ok, interval: 1s } }', '', ['4:43 POLL_UNBOUNDED']],
    ['b: { uses: poll, with: { run: x, until: output.ok, interval: 1s, timeout: 1h } }', '', []],
  ])('%s %s', (task, more, expected) => {
    expect(warnings(`  ${task}`, more)).toEqual(expected);
  });
});

describe('SECRET_IN_PLAIN', () => {
  it.each([
    ['b: { run: x, env: { API_TOKEN: hunter2 } }', ['4:34 SECRET_IN_PLAIN']],
    ['b: { run: x, env: { DB_PASSWORD: hunter2 } }', ['4:36 SECRET_IN_PLAIN']],
    ['b: { run: x, env: { APIKEY: hunter2 } }', ['4:31 SECRET_IN_PLAIN']],
    [
      'b: { uses: http, with: { url: "https://x", headers: { authorization: "Bearer hunter2" } } }',
      ['4:72 SECRET_IN_PLAIN'],
    ],
    ['b: { uses: http, with: { url: "https://x", headers: { X-Api-Key: hunter2 } } }', ['4:68 SECRET_IN_PLAIN']],
    ['b: { uses: http, with: { url: "https://me:hunter2@x" } }', ['4:33 SECRET_IN_PLAIN']],
    ['b: { run: x, compensate: { run: y, env: { MY_SECRET: hunter2 } } }', ['4:56 SECRET_IN_PLAIN']],
    ['b: { run: x, env: { API_TOKEN: "${{ secrets.API_TOKEN }}" } }', []],
    [
      'b: { run: x, env: { API_TOKEN_FILE: /run/secrets/token, TOKEN: /run/x, KEYBOARD: de, TOKENS: "3", SECRET: "" } }',
      [],
    ],
    ['b: { uses: http, with: { url: "https://x:8080/a@b", headers: { Accept: text/plain } } }', []],
  ])('%s', (task, expected) => {
    expect(warnings(`  ${task}`)).toEqual(expected);
  });

  it('of defaults and params, and never tells the value', () => {
    const text =
      'name: d\nparams: { password: hunter2 }\ndefaults: { env: { A_TOKEN: hunter2 } }\ntasks: { a: { run: x, env: { PASSWORD: hunter2 } } }\n';
    const { diagnostics } = parseDag(text);
    expect(diagnostics.map(({ line, code }) => `${line} ${code}`)).toEqual(
      [2, 3, 4].map((line) => `${line} SECRET_IN_PLAIN`),
    );
    expect(JSON.stringify(diagnostics)).not.toContain('hunter2');
  });
});

describe('SCRIPT_UNQUOTED', () => {
  it.each([
    ['b: { run: "ls $A", env: { A: "${{ params.p }}" } }', ['4:17 SCRIPT_UNQUOTED']],
    [`b: { run: 'ls "$A"', env: { A: "\${{ params.p }}" } }`, []],
    ['b: { run: "ls $A", env: { A: plain } }', []],
    ['b: { run: "ls $A", env: { A: "${{ params.n }}" } }', []],
    ['b: { uses: shell, with: { run: "ls $A" }, env: { A: "${{ params.p }}" } }', ['4:38 SCRIPT_UNQUOTED']],
  ])('%s', (task, expected) => {
    expect(warnings(`  ${task}`)).toEqual(expected);
  });

  it('stands at its place in a block', () => {
    const block = '  b:\n    env: { A: "${{ params.p }}" }\n    run: |\n      echo "$A"\n      rm -r $A\n';
    expect(warnings(block)).toEqual(['8:13 SCRIPT_UNQUOTED']);
  });

  it.each<[string, number[]]>([
    ['echo $A', [5]],
    ['echo ${A}', [5]],
    ['echo ${A:-x} $B', [5]],
    ['echo "$A" \'$A\' \\$A', []],
    ['echo "$(cat $A)"', [12]],
    ['echo "$(cat "$A")" $A', [19]],
    ['X=$A; export Y=$A', []],
    ['cmd --x=$A', [8]],
    ['[[ $A == x ]] && [ $A = x ]', [19]],
    ['case $A in x) echo $A;; esac', [19]],
    ['echo $(( $A + 1 )) ${#A}', []],
    ['# not $A\necho $A', [14]],
    ['cat <<EOF\n$A\nEOF', []],
    ['echo $AB $1 $$ $', []],
    ['echo "unclosed $A', []],
  ])('%j', (script, places) => {
    expect(unquotedVariables(script, new Set(['A'])).map(({ from }) => from)).toEqual(places);
  });
});

describe('SRTF_STOPS_NOTHING and PREEMPTIBLE_UNUSED', () => {
  const plain = '  b: { run: x }';
  const stoppable = '  b: { run: x, preemptible: true }';

  it.each([
    ['policy: srtf', plain, ['3:9 SRTF_STOPS_NOTHING']],
    ['policy: [priority, srtf]', plain, ['3:9 SRTF_STOPS_NOTHING']],
    ['policy: srtf', stoppable, []],
    ['policy: [srtf, priority]', stoppable, []],
    ['policy: [priority, srtf]', stoppable, ['5:29 PREEMPTIBLE_UNUSED']],
    ['policy: sjf', stoppable, ['5:29 PREEMPTIBLE_UNUSED']],
    ['aging: 1m', stoppable, ['5:29 PREEMPTIBLE_UNUSED']],
    ['policy: sjf', '  b: { run: x, preemptible: false }', []],
  ])('%s, %s', (policy, task, expected) => {
    expect(warnings(task, `${policy}\n`)).toEqual(expected);
  });
});

describe('AFFINITY_UNUSED', () => {
  it.each([
    ['aging: 1m', ['5:26 AFFINITY_UNUSED']],
    ['placement: heft', ['5:26 AFFINITY_UNUSED']],
    ['placement: consistent-hash', []],
  ])('%s', (placement, expected) => {
    expect(warnings('  b: { run: x, affinity: k }', `${placement}\n`)).toEqual(expected);
  });
});

describe('docs/lint.md', () => {
  const page = readFileSync(new URL('../../../docs/lint.md', import.meta.url), 'utf8');
  const headings = [...page.matchAll(/^## (\w+)$/gm)].map(([, code]) => code);

  it('has every code of a warning, and no other', () => {
    const tested = [...readFileSync(new URL(import.meta.url), 'utf8').matchAll(/^describe\('([\w ]+)'/gm)];
    expect(headings).toEqual(
      tested.flatMap(([, codes = '']) => codes.split(' and ')).filter((code) => /^[A-Z_]+$/.test(code)),
    );
    for (const code of headings) expect(DIAGNOSTIC_CODES).toHaveProperty(code ?? '');
  });

  it('shows dags that are not warned of', () => {
    const blocks = [...page.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, block]) => block);
    expect(blocks.length).toBeGreaterThan(3);
    for (const block of blocks) expect(parseDag(`name: d\n${block}`).diagnostics).toEqual([]);
  });
});

describe('many warnings', () => {
  const file = (count: number, more = ''): string =>
    `name: d\ntasks:\n${Array.from({ length: count }, (_, i) => `  t${i}: { run: x, when: "false" }\n`).join('')}${more}`;

  it('leave a dag valid', () => {
    const { dag, diagnostics } = parseDag(file(1_500));
    expect(dag?.tasks).toHaveLength(1_500);
    expect(diagnostics).toHaveLength(1_001);
    expect(diagnostics.at(-1)).toMatchObject({ code: 'MORE_PROBLEMS', severity: 'warning' });
  });
});
