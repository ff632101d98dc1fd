import { describe, expect, it } from 'vitest';
import { parseDag } from '../parse.js';
import { toDot } from './dot.js';
import { toMermaid } from './mermaid.js';
import { toTerminal } from './terminal.js';

const { dag, diagnostics } = parseDag(`name: shown
tasks:
  list: { run: ls }
  convert: { forEach: "\${{ tasks.list.output }}", run: x }
  clean: { uses: dag, with: { dag: { name: inner, tasks: { t: { run: x } } } }, needs: convert }
  both: { uses: dag, with: { dag: { name: inner, tasks: { t: { run: x } } } }, forEach: [1], needs: convert }
finally:
  tidy: { run: rm, needs: mail }
  mail: { run: mail }
`);

describe('a drawn dag', () => {
  it('shows inferred needs, marks fan-outs and sub-dags, and puts finally tasks below a rule', () => {
    expect(diagnostics).toEqual([]);
    expect(toTerminal(dag!)).toBe(
      `list ── convert [*] ─┬── clean [dag]
                     ╰── both [dag *]
── finally ──
mail ── tidy
`,
    );
    expect(toTerminal(dag!, { width: 20 })).toContain('  convert [*] <- list\n');
  });

  it('shows the same in DOT and Mermaid', () => {
    const dot = toDot(dag!);
    expect(dot).toContain('  "convert" [label="convert [*]"];\n');
    expect(dot).toContain('  "clean" [label="clean [dag]", peripheries=2];\n');
    expect(dot).toContain('  subgraph cluster_finally {\n    label="finally";\n    style=dashed;\n    "tidy";\n');
    expect(dot).toContain('"list" -> "convert"');
    const mermaid = toMermaid(dag!);
    expect(mermaid).toContain('  t1["convert #91;#42;#93;"]\n');
    expect(mermaid).toContain('  t2[["clean #91;dag#93;"]]\n');
    expect(mermaid).toContain('  subgraph finally\n    t4["tidy"]\n    t5["mail"]\n  end\n');
  });
});
