import { spell, type Finding } from './issues.js';
import type { Path } from './source.js';

/** The same finding at another place: its sentence, which begins with the path, names that one. */
export function movedTo(found: Finding, path: Path): Finding {
  const { message } = found.problem;
  const before = found.path.length === 0 ? 'The dag' : `\`${spell(found.path)}\``;
  const after = path.length === 0 ? 'The dag' : `\`${spell(path)}\``;
  const isNamed = message.startsWith(`${before} `);
  const moved = isNamed ? after + message.slice(before.length) : message;
  return { ...found, path, problem: { ...found.problem, message: moved } };
}
