import { Option, type Command } from 'commander';
import type { GraphOptions } from '../commands/graph.js';
import type { TestOptions } from '../commands/test.js';
import type { ValidateOptions } from '../commands/validate.js';
import type { Done } from './options.js';

/** The commands that look at dag files, and need no server. */
export function addFileCommands(program: Command, done: Done): void {
  program
    .command('validate')
    .description('check dag files: every problem, with its place and its fix')
    .argument('<file...>', 'dag files')
    .option('--json', 'print { "diagnostics": [...] }')
    .action(async (files: string[], options: ValidateOptions) => {
      const { validate } = await import('../commands/validate.js');
      done(await validate(files, options));
    });

  program
    .command('test')
    .description('run dags with doubles for their tasks, in no time, and check what is expected')
    .argument('[file...]', 'files of tests (default: every *.test.yaml, *.test.yml and *.test.json here)')
    .option('--json', 'print { passed, failed, seconds, files }')
    .action(async (files: string[], options: TestOptions) => {
      const { test } = await import('../commands/test.js');
      done(await test(files, options));
    });

  program
    .command('schema')
    .description('print the JSON Schema of dag files, for editors')
    .action(async () => {
      const { schema } = await import('../commands/schema.js');
      done(schema());
    });

  program
    .command('graph')
    .description('draw the tasks of a dag and what they need')
    .argument('<file>', 'dag file')
    .addOption(new Option('-f, --format <format>', 'how').choices(['terminal', 'mermaid', 'dot']).default('terminal'))
    .action(async (file: string, options: GraphOptions) => {
      const { graph } = await import('../commands/graph.js');
      done(await graph(file, options));
    });
}
