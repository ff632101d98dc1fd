import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { DagwrightError } from '../dag/errors.js';
import { addActCommands } from './definitions/acts.js';
import { addFileCommands } from './definitions/files.js';
import { addRunningCommands } from './definitions/running.js';
import { addSeeingCommands } from './definitions/seeing.js';
import { EXIT, EXIT_CODES_HELP } from './exit-code.js';
import { reportError } from './report-error.js';

/**
 * Runs one command line. Each command's code is loaded when it is called, so that `--help` and `validate` never pay for
 * Temporal.
 * @param args Without node and the script.
 * @returns the exit code.
 */
export async function runCli(args: readonly string[]): Promise<number> {
  const json = args.includes('--json');
  let code: number = EXIT.succeeded;
  const program = buildProgram((result) => {
    code = result;
  }, json);
  try {
    await program.parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    if (!(error instanceof CommanderError)) return reportError(error, { json });
    if (error.exitCode === 0) return EXIT.succeeded;
    // Commander has written its sentence to stderr itself, unless a program listens.
    if (!json) return EXIT.usage;
    const message = error.message.replace(/^error: /, '');
    return reportError(new DagwrightError('USAGE', message, { hint: 'See `dagwright --help`.' }), { json });
  }
}

function buildProgram(done: (code: number) => void, json: boolean): Command {
  const program = new Command('dagwright')
    .description('Runs DAGs of tasks durably, on Temporal.')
    .version(versionOf(), '-V, --version')
    .exitOverride()
    .configureHelp({ showGlobalOptions: false })
    .showSuggestionAfterError(true)
    .addHelpText('after', `\n${EXIT_CODES_HELP}\n\n\`dagwright <command> --help\` says more about a command.`);
  // Sub-commands copy these settings when they are added, so they come first.
  program.configureOutput({
    outputError: (text, write) => write(text.replace(/^error: /, 'error USAGE: ')),
    ...(json ? { writeErr: () => {} } : {}),
  });

  addRunningCommands(program.commandsGroup('Run tasks:'), done);
  addFileCommands(program.commandsGroup('Look at dag files:'), done);
  addSeeingCommands(program.commandsGroup('See runs:'), done);
  addActCommands(program.commandsGroup('Change runs:'), done);
  program.commandsGroup('More:').helpCommand('help [command]', 'say more about a command');
  return program;
}

function versionOf(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
