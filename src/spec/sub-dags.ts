import { dirname, resolve } from 'node:path';
import type { Dag, Task } from '../dag/dag.js';
import type { JsonObject } from '../dag/json.js';
import { hasExpression } from '../expression/template.js';
import { withoutExtensions, type Checked } from './check.js';
import { candidatesOf, type DagFile, type DagFiles } from './dag-files.js';
import type { Diagnostic } from './diagnostic.js';
import { finding, valueAt, type Finding } from './issues.js';
import { LIMITS } from './limits.js';
import { movedTo } from './moved-finding.js';
import { paramProblems } from './params.js';
import { quote } from './problem.js';
import { rawEntries, someTask, withTasks, type RawEntry } from './raw-entries.js';
import { isMapping } from './raw-task.js';
import type { Path, Source } from './source.js';

/** Where a dag stands that is being checked. */
export interface Surroundings {
  /** The files that it may include. Left out where the dag is of no file. */
  readonly files?: DagFiles;
  /** The folder of its file, as it is shown. */
  readonly folder?: string;
  /** The folder that its scripts run in: an absolute path. */
  readonly directory?: string;
  /** The files that include it, the outermost first, and its own. */
  readonly open: readonly DagFile[];
  /** How many dags it stands in. */
  readonly depth: number;
  /** A program made it: a sub-dag may be canonical. */
  readonly mayBeCanonical?: true;
  /** What became of files that were checked already. */
  readonly checked: Map<DagFile, Dag | undefined>;
}

/** A dag of no file. */
export function nowhere(options: { readonly mayBeCanonical?: true } = {}): Surroundings {
  return { open: [], depth: 0, checked: new Map(), ...options };
}

/** A dag of a file, which was read with all that it includes. */
export function inFile(files: DagFiles, file: DagFile): Surroundings {
  return {
    files,
    folder: dirname(file.path),
    directory: dirname(resolve(file.path)),
    open: [file],
    depth: 0,
    checked: new Map(),
  };
}

/** How a dag is checked, in each form that one comes in. */
export interface DagChecks {
  file(given: unknown, at: Surroundings): Checked<Dag>;
  canonical(given: unknown, at: Surroundings): Checked<Dag>;
  source(source: Source, at: Surroundings): { readonly value?: Dag; readonly diagnostics: readonly Diagnostic[] };
}

/** The sub-dags of a value that may be a dag. */
export interface SubDags {
  /** The value with each sub-dag as `with.dag`, canonical; `{}` stands for one with problems. */
  readonly value: unknown;
  readonly findings: readonly Finding[];
  /** Of other files. */
  readonly diagnostics: readonly Diagnostic[];
  /** The value with those tasks' settings as they were written. */
  restore(value: unknown): unknown;
  /** The tasks with their sub-dags; undefined where one has problems. */
  inline<T extends Task>(tasks: readonly T[]): T[] | undefined;
}

/** Reads and checks the dags that tasks of a dag are. */
export function readSubDags(value: unknown, at: Surroundings, checks: DagChecks): SubDags {
  if (!someTask(value, (task) => task['uses'] === 'dag')) {
    return { value, findings: [], diagnostics: [], restore: (same) => same, inline: (tasks) => [...tasks] };
  }
  const reader = new Reader(value, at, checks);
  const { dags, settings } = reader;
  const change = (found: unknown, name: string, given: unknown): unknown => ({
    ...(found as object),
    with: { ...(isMapping(given) ? { params: given['params'] } : {}), dag: dags.get(name) ?? {} },
  });
  return {
    value: withTasks(value, ({ name, task }) => (settings.has(name) ? change(task, name, settings.get(name)) : task)),
    findings: reader.findings,
    diagnostics: reader.diagnostics,
    restore: (changed) =>
      withTasks(changed, ({ name, task }) => {
        if (!settings.has(name)) return task;
        const given = settings.get(name);
        const isInline = isMapping(given) && given['dag'] !== undefined;
        return { ...(task as object), with: isInline ? { ...given, dag: {} } : given };
      }),
    inline: (tasks) => {
      if (tasks.some((task) => task.uses === 'dag' && dags.get(task.name) === undefined)) return undefined;
      return tasks.map((task) => {
        if (task.uses !== 'dag') return task;
        const { params } = task.with;
        const settled = { dag: dags.get(task.name), ...(params === undefined ? {} : { params }) };
        return { ...task, with: settled as unknown as JsonObject };
      });
    },
  };
}

class Reader {
  readonly findings: Finding[] = [];
  readonly diagnostics: Diagnostic[] = [];
  /** By the names of their tasks. */
  readonly dags = new Map<string, Dag | undefined>();
  readonly settings = new Map<string, unknown>();
  readonly #at: Surroundings;
  readonly #checks: DagChecks;
  #size = { tasks: 0, bytes: 0 };

  constructor(value: unknown, at: Surroundings, checks: DagChecks) {
    const directory = valueAt(value, ['directory']);
    this.#at = typeof directory === 'string' ? { ...at, directory } : at;
    this.#checks = checks;
    const isCanonical = Array.isArray(valueAt(value, ['tasks']));
    for (const entry of rawEntries(value)) {
      if (valueAt(entry.task, ['uses']) !== 'dag' || this.settings.has(entry.name)) continue;
      const settings = valueAt(entry.task, ['with']);
      this.settings.set(entry.name, settings);
      this.dags.set(entry.name, this.#read(entry, settings, isCanonical));
    }
  }

  #report(...given: Parameters<typeof finding>): undefined {
    this.findings.push(finding(...given));
  }

  #read({ path }: RawEntry, settings: unknown, isCanonical: boolean): Dag | undefined {
    const at = [...path, 'with'];
    const inline = valueAt(settings, ['dag']);
    const reference = { file: valueAt(settings, ['file']), name: valueAt(settings, ['name']) };
    // What names none, or several, is refused by the schema.
    if ([inline, reference.file, reference.name].filter((one) => one !== undefined).length !== 1) return undefined;
    const place = [...at, inline === undefined ? (reference.file === undefined ? 'name' : 'file') : 'dag'];
    if (this.#at.depth >= LIMITS.subDags) return this.#tooDeep(place);
    const inner = { ...this.#at, depth: this.#at.depth + 1 };
    const dag =
      inline === undefined
        ? this.#file(candidatesOf(reference, this.#at.folder ?? ''), place, inner)
        : this.#inline(inline, place, isCanonical, inner);
    if (dag === undefined) return undefined;
    const { tasks, bytes, levels } = sizeOf(dag);
    if (this.#at.depth + levels > LIMITS.subDags) return this.#tooDeep(place);
    this.#size = { tasks: this.#size.tasks + tasks, bytes: this.#size.bytes + bytes };
    const hint = 'Split it into dags that are run one by one.';
    if (this.#size.tasks > LIMITS.tasks) {
      const text = `makes it over ${LIMITS.tasks.toLocaleString('en')} tasks, those of sub-dags included.`;
      return this.#report(place, 'TOO_MANY_TASKS', text, hint);
    }
    if (this.#size.bytes > LIMITS.file) {
      const text = `makes it over ${LIMITS.file / 1024 ** 2} MiB, sub-dags included.`;
      return this.#report(place, 'TOO_LARGE', text, hint);
    }
    for (const { param, text, hint: fix } of paramProblems(dag, valueAt(settings, ['params']))) {
      const isGiven = param !== undefined;
      this.#report(isGiven ? [...at, 'params', param] : at, 'SUBDAG_PARAM', text, fix, !isGiven);
    }
    return dag;
  }

  #tooDeep(place: Path): undefined {
    return this.#report(
      place,
      'SUBDAG_TOO_DEEP',
      `nests sub-dags over ${LIMITS.subDags} levels deep.`,
      'Flatten the dag.',
    );
  }

  #inline(given: unknown, place: Path, isCanonical: boolean, at: Surroundings): Dag | undefined {
    const isList = at.mayBeCanonical === true && Array.isArray(valueAt(given, ['tasks']));
    const { value, findings, diagnostics } =
      isCanonical || isList ? this.#checks.canonical(given, at) : this.#checks.file(withoutExtensions(given), at);
    this.findings.push(...findings.map((found) => movedTo(found, [...place, ...found.path])));
    this.diagnostics.push(...(diagnostics ?? []));
    if (value === undefined || findings.some(({ problem }) => problem.severity === 'error')) return undefined;
    return value.directory !== undefined || at.directory === undefined ? value : { ...value, directory: at.directory };
  }

  #file(candidates: readonly string[], place: Path, at: Surroundings): Dag | undefined {
    const { files } = at;
    if (files === undefined) {
      const hint = 'Load the dag from its file, or write the sub-dag here as `dag:`.';
      return this.#report(
        place,
        'FILE_UNREADABLE',
        'is looked for beside the file of the dag, and this dag is of none.',
        hint,
      );
    }
    const [first] = candidates;
    if (first === undefined) return undefined;
    if (hasExpression(first)) {
      const hint = 'A sub-dag is read before the run. Name its file, or choose between tasks by `when`.';
      return this.#report(place, 'EXPRESSION_PLACE', 'takes no `${{ }}` expressions.', hint);
    }
    const known = candidates.map((path) => files.get(resolve(path)));
    const file = known.find((one) => one !== undefined && one.isMissing !== true) ?? known[0];
    if (file === undefined) {
      const text = `is one file too many: a dag may include ${LIMITS.files.toLocaleString('en')}.`;
      return this.#report(place, 'TOO_LARGE', text, 'Split the dag into several.');
    }
    if (file.problem !== undefined) {
      const { code, message, hint } = file.problem;
      return this.#report(place, code, `names ${quote(file.path)}. ${message}`, hint);
    }
    const index = at.open.indexOf(file);
    if (index >= 0) {
      const names = [...at.open.slice(index), file].map(({ path }) => path).join(' -> ');
      const hint = 'Each includes the next. Remove one of these tasks.';
      return this.#report(place, 'SUBDAG_CYCLE', `includes itself in a circle: ${names}.`, hint);
    }
    if (at.checked.has(file)) return at.checked.get(file);
    const { value, diagnostics } = this.#checks.source(file.source!, {
      ...at,
      folder: dirname(file.path),
      directory: dirname(resolve(file.path)),
      open: [...at.open, file],
    });
    this.diagnostics.push(...diagnostics);
    const dag = value === undefined ? undefined : { ...value, directory: dirname(resolve(file.path)) };
    at.checked.set(file, dag);
    return dag;
  }
}

interface Size {
  /** Of the dag and all within it. */
  readonly tasks: number;
  /** As JSON. */
  readonly bytes: number;
  /** 1, and more where it has sub-dags itself. */
  readonly levels: number;
}

const sizes = new WeakMap<Dag, Size>();

function sizeOf(dag: Dag): Size {
  const known = sizes.get(dag);
  if (known !== undefined) return known;
  const inner = dag.tasks.flatMap((task) => (task.uses === 'dag' ? [sizeOf(task.with['dag'] as unknown as Dag)] : []));
  const own = { ...dag, tasks: dag.tasks.map((task) => (task.uses === 'dag' ? { ...task, with: {} } : task)) };
  const size = {
    tasks: inner.reduce((sum, { tasks }) => sum + tasks, dag.tasks.length),
    bytes: inner.reduce((sum, { bytes }) => sum + bytes, Buffer.byteLength(JSON.stringify(own))),
    levels: 1 + inner.reduce((most, { levels }) => Math.max(most, levels), 0),
  };
  sizes.set(dag, size);
  return size;
}
