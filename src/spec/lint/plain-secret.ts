import type { Json, JsonObject } from '../../dag/json.js';
import { hasExpression } from '../../expression/template.js';
import type { LintedDag, Warning } from './linted-dag.js';

/** Names of variables and params that hold secrets; not of files that do: `TOKEN_FILE`. */
const SECRET_NAME =
  /(?:^|[_-])(?:token|passw(?:or)?d|secret|api[_-]?key|private[_-]?key|access[_-]?key|secret[_-]?key|credentials?)$/i;
const SECRET_HEADER = /^(?:proxy-)?authorization$|^cookie$|(?:^|-)(?:token|api-?key|secret|password)$/i;
/** What is no secret though its name says so: a path, a name of a variable, a switch, a number. */
const HARMLESS = /^(?:\.{0,2}\/.*|\$\w+|true|false|yes|no|none|\d{1,3}|)$/i;
const URL_WITH_PASSWORD = /^https?:\/\/[^/?#@:\s]*:[^/?#@\s]+@/i;

/** Secrets that stand in the file. No message holds one. */
export function* plainSecrets({ dag }: LintedDag): Iterable<Warning> {
  for (const [name, param] of Object.entries(dag.params)) {
    if (!SECRET_NAME.test(name) || !isPlain(param.default)) continue;
    const message = `The default of the param \`${name}\` looks like a secret in plain text.`;
    yield warning(
      undefined,
      ['params', name, 'default'],
      message,
      `Take it from the worker where it is used: \`\${{ secrets.NAME }}\`.`,
    );
  }
  yield* variables(undefined, ['defaults', 'env'], dag.defaults?.env);
  for (const [index, task] of dag.tasks.entries()) {
    yield* variables(index, ['env'], task.env);
    yield* request(index, ['with'], task.uses, task.with);
    if (task.compensate === undefined) continue;
    yield* variables(index, ['compensate', 'env'], task.compensate.env);
    yield* request(index, ['compensate', 'with'], task.compensate.uses, task.compensate.with);
  }
}

function* variables(
  task: number | undefined,
  path: readonly string[],
  env: Readonly<Record<string, string>> | undefined,
): Iterable<Warning> {
  for (const [name, text] of Object.entries(env ?? {})) {
    if (!SECRET_NAME.test(name) || !isPlain(text)) continue;
    const message = `The variable \`${name}\` looks like a secret in plain text.`;
    yield warning(task, [...path, name], message, `Write \`${name}: \${{ secrets.${name} }}\`.`);
  }
}

function* request(task: number, path: readonly string[], uses: string, settings: JsonObject): Iterable<Warning> {
  if (uses !== 'http') return;
  const headers = settings['headers'] as JsonObject | undefined;
  for (const [name, text] of Object.entries(headers ?? {})) {
    if (!SECRET_HEADER.test(name) || !isPlain(text)) continue;
    const message = `The header \`${name}\` looks like a secret in plain text.`;
    yield warning(task, [...path, 'headers', name], message, `Write \`${name}: "\${{ secrets.NAME }}"\`.`);
  }
  const { url } = settings;
  if (typeof url !== 'string' || !URL_WITH_PASSWORD.test(url) || hasExpression(url)) return;
  yield warning(
    task,
    [...path, 'url'],
    'The URL holds a password in plain text.',
    'Write `${{ secrets.NAME }}` in its place.',
  );
}

function isPlain(value: Json | undefined): boolean {
  return typeof value === 'string' && !hasExpression(value) && !HARMLESS.test(value.trim());
}

function warning(task: number | undefined, path: readonly string[], message: string, hint: string): Warning {
  return { code: 'SECRET_IN_PLAIN', path, message, hint, ...(task === undefined ? {} : { task }) };
}
