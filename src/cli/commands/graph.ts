import { EXIT } from '../exit-code.js';
import { loadDag } from '../load-dag.js';
import { outputHasColors, outputWidth, print } from '../output.js';

export interface GraphOptions {
  readonly format: 'terminal' | 'mermaid' | 'dot';
}

/** `dagwright graph FILE` */
export async function graph(file: string, options: GraphOptions): Promise<number> {
  const { dag } = await loadDag(file);
  switch (options.format) {
    case 'mermaid': {
      const { toMermaid } = await import('../../spec/render/mermaid.js');
      print(toMermaid(dag).trimEnd());
      break;
    }
    case 'dot': {
      const { toDot } = await import('../../spec/render/dot.js');
      print(toDot(dag).trimEnd());
      break;
    }
    case 'terminal': {
      const { toTerminal } = await import('../../spec/render/terminal.js');
      print(toTerminal(dag, { width: outputWidth(), color: outputHasColors() }).trimEnd());
      break;
    }
  }
  return EXIT.succeeded;
}
