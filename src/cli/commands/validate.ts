import { hasErrors, formatDiagnostic, type Diagnostic } from '../../spec/diagnostic.js';
import { EXIT } from '../exit-code.js';
import { readDagFile } from '../load-dag.js';
import { print, printJson } from '../output.js';

export interface ValidateOptions {
  readonly json?: true;
}

/** `dagwright validate FILE...` */
export async function validate(files: readonly string[], options: ValidateOptions): Promise<number> {
  const diagnostics: Diagnostic[] = [];
  for (const file of files) {
    const loaded = await readDagFile(file);
    diagnostics.push(...loaded.diagnostics);
    if (options.json) continue;
    for (const diagnostic of loaded.diagnostics) print(formatDiagnostic(diagnostic));
    if (loaded.dag !== undefined) print(`${file}: ok, ${count(loaded.dag.tasks.length, 'task')}`);
    else print(`${file}: ${summaryOf(loaded.diagnostics)}`);
  }
  if (options.json) printJson({ diagnostics });
  return hasErrors(diagnostics) ? EXIT.failed : EXIT.succeeded;
}

function summaryOf(diagnostics: readonly Diagnostic[]): string {
  const errors = diagnostics.filter(({ severity }) => severity === 'error').length;
  const warnings = diagnostics.length - errors;
  return warnings === 0 ? count(errors, 'error') : `${count(errors, 'error')}, ${count(warnings, 'warning')}`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
