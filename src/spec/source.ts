import { isAlias, isMap, isScalar, isSeq, LineCounter, type Document, type Node, type Pair, type YAMLMap } from 'yaml';
import type { Diagnostic, DiagnosticCode } from './diagnostic.js';
import { checkJson } from './json-syntax.js';
import { LIMITS } from './limits.js';
import { quote } from './problem.js';
import { readYaml } from './yaml-document.js';

/** The way to a value: keys and indexes. */
export type Path = readonly PropertyKey[];

/** A file that has been read: its plain value, and where each part of it stands. */
export interface Source {
  /** Undefined where the text cannot be understood at all. */
  readonly value: unknown;
  /** Problems of the text itself: syntax, duplicate keys, aliases... */
  readonly diagnostics: readonly Diagnostic[];
  /** A diagnostic at the value of a path, within its text, or at its key; where there is none, at the nearest place around it. */
  report(
    at: { path: Path; key?: boolean; within?: number },
    problem: Omit<Diagnostic, 'file' | 'line' | 'column'>,
  ): Diagnostic;
  /** The text of the value at a path, as it is written. Undefined where it is no plain text, number or boolean. */
  written(path: Path): string | undefined;
}

/** Reads YAML, or strict JSON, into plain values. Never throws. */
export function readSource(text: string, format: 'yaml' | 'json', file: string | undefined): Source {
  const lines = new LineCounter();
  const reader = new Reader(lines, file, text);
  if (Buffer.byteLength(text) > LIMITS.file) {
    reader.fail(
      0,
      'FILE_TOO_LARGE',
      `The file is over ${LIMITS.file / 1024 ** 2} MiB.`,
      'Split the dag, or build it with the TypeScript builder.',
    );
    return reader.source(undefined, undefined);
  }
  if (format === 'json') {
    const problem = checkJson(text);
    if (problem !== undefined) {
      addLines(lines, text);
      if (text.trim() === '') reader.fail(0, 'FILE_EMPTY', 'The file is empty.', EMPTY_HINT);
      else reader.fail(problem.offset, 'SYNTAX', problem.message, problem.hint);
      return reader.source(undefined, undefined);
    }
  }
  const yaml = readYaml(text, lines);
  if ('tooDeep' in yaml) {
    reader.fail(yaml.tooDeep, 'TOO_DEEP', `Values are nested over ${LIMITS.depth} levels deep.`);
    return reader.source(undefined, undefined);
  }
  const { document, second } = yaml;
  if (second !== undefined) {
    reader.fail(
      second,
      'MULTIPLE_DOCUMENTS',
      'A second YAML document begins here.',
      'Keep one dag per file, and remove the `---`.',
    );
  }
  for (const error of document.errors) reader.syntaxError(error.code, error.message, error.pos[0]);
  if (reader.diagnostics.length > 0) return reader.source(undefined, undefined);
  if (document.contents === null || (isScalar(document.contents) && document.contents.value === null)) {
    reader.fail(0, 'FILE_EMPTY', 'The file is empty.', EMPTY_HINT);
    return reader.source(undefined, undefined);
  }
  return reader.source(reader.read(document), document);
}

/** Where a character of a text stands; where the text is not written as it is, where it begins. */
function placeWithin(node: unknown, within: number, text: string): number {
  const from = start(node);
  if (within === 0 || !isScalar(node) || typeof node.value !== 'string' || !node.range) return from;
  const { value, range, type } = node;
  if (type === 'BLOCK_LITERAL') {
    const before = value.slice(0, within).split('\n');
    let line = text.indexOf('\n', from) + 1;
    for (let i = 1; i < before.length; i++) line = text.indexOf('\n', line) + 1;
    const lineEnd = value.indexOf('\n', within);
    const column = before.at(-1)!.length;
    const length = column + (lineEnd < 0 ? value.length : lineEnd) - within;
    const written = text.slice(line, range[1]).split('\n', 1)[0]!.replace(/\r$/, '');
    return line + Math.max(0, written.length - length) + column;
  }
  const length = range[1] - range[0];
  if (length === value.length) return from + within;
  return length === value.length + 2 ? from + within + 1 : from;
}

/** By the YAML reader's code, where its sentence leaves people at a loss. */
const SYNTAX_HINTS: Readonly<Record<string, string>> = {
  BLOCK_AS_IMPLICIT_KEY: 'A text with `: ` in it must be quoted, or stand as a block after `|`.',
};

const EMPTY_HINT = 'Begin with `name: my-dag` and `tasks:`.';

function addLines(lines: LineCounter, text: string): void {
  lines.addNewLine(0);
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines.addNewLine(at + 1);
}

/** A value that an anchor names, and how many values it holds. */
interface Anchored {
  readonly value: unknown;
  readonly size: number;
}

class Reader {
  readonly diagnostics: Diagnostic[] = [];
  private readonly lines: LineCounter;
  private readonly file: string | undefined;
  private readonly text: string;
  private readonly anchors = new Map<string, Anchored | 'open'>();
  private readonly pairs = new WeakMap<YAMLMap, Map<string, Pair>>();
  private readonly anchorNodes = new Map<string, Node>();
  /** Values read so far, those that aliases repeat included. */
  private size = 0;
  private repeated = 0;
  private depth = 0;

  constructor(lines: LineCounter, file: string | undefined, text: string) {
    this.lines = lines;
    this.file = file;
    this.text = text;
  }

  fail(offset: number, code: DiagnosticCode, message: string, hint?: string): void {
    this.diagnostics.push(this.at(offset, { severity: 'error', code, message, ...(hint ? { hint } : {}) }));
  }

  syntaxError(code: string, message: string, offset: number): void {
    // One mistake makes the reader stumble several times; the first on a line is the one that helps.
    const { line } = this.lines.linePos(offset);
    if (
      this.diagnostics.some((diagnostic) => diagnostic.line === line) ||
      this.diagnostics.length >= MOST_SYNTAX_ERRORS
    )
      return;
    if (code === 'TAB_AS_INDENT') {
      this.fail(
        offset,
        'TAB_INDENT',
        'A tab indents this line; YAML allows spaces only.',
        'Replace the tab by spaces.',
      );
    } else {
      const sentence = `${message.split('\n')[0] ?? message}.`.replace(/\.\.$/, '.');
      this.fail(offset, 'SYNTAX', sentence, SYNTAX_HINTS[code]);
    }
  }

  read(document: Document.Parsed): unknown {
    return this.value(document.contents);
  }

  source(value: unknown, document: Document.Parsed | undefined): Source {
    const root = document?.contents ?? undefined;
    return {
      value,
      diagnostics: this.diagnostics,
      report: ({ path, key, within }, problem) =>
        this.at(root === undefined ? 0 : this.offset(root, path, key === true, within ?? 0), problem),
      written: (path) => {
        const node = root === undefined ? undefined : this.find(root, path).node;
        return isScalar(node) ? node.source : undefined;
      },
    };
  }

  private at(offset: number, problem: Omit<Diagnostic, 'file' | 'line' | 'column'>): Diagnostic {
    const { line, col } = this.lines.linePos(offset);
    const { code, severity, message, hint } = problem;
    return {
      code,
      severity,
      message,
      ...(this.file === undefined ? {} : { file: this.file }),
      line: Math.max(1, line),
      column: Math.max(1, col),
      ...(hint === undefined ? {} : { hint }),
    };
  }

  private value(node: unknown): unknown {
    const before = this.size;
    // Long text counts more: an alias repeats all of it.
    this.size += 1 + (isScalar(node) ? (node.source?.length ?? 0) >> 7 : 0);
    if (node === null || node === undefined) return null;
    if (isAlias(node)) return this.alias(node.source, start(node)).value;
    const anchor = (node as Node & { anchor?: string }).anchor;
    if (anchor === undefined) return this.plain(node);
    this.anchors.set(anchor, 'open');
    this.anchorNodes.set(anchor, node as Node);
    const value = this.plain(node);
    this.anchors.set(anchor, { value, size: this.size - before });
    return value;
  }

  private plain(node: unknown): unknown {
    const tag = (node as Node & { tag?: string }).tag;
    if (tag !== undefined && !KNOWN_TAGS.has(tag)) {
      this.fail(
        start(node),
        'TAG_UNSUPPORTED',
        `The tag ${quote(tag)} is not supported.`,
        'Remove it; write a plain value.',
      );
      return null;
    }
    if (isScalar(node)) return this.scalar(node.value, node.source, start(node));
    if (this.depth >= LIMITS.depth) {
      this.fail(start(node), 'TOO_DEEP', `Values are nested over ${LIMITS.depth} levels deep.`);
      return null;
    }
    this.depth += 1;
    const value = isSeq(node) ? node.items.map((item) => this.value(item)) : isMap(node) ? this.map(node) : null;
    this.depth -= 1;
    return value;
  }

  private scalar(value: unknown, source: string | undefined, offset: number): unknown {
    if (typeof value === 'number') {
      const exact = !Number.isInteger(value) || Number.isSafeInteger(value) || /[.eE]/.test(source ?? '');
      if (Number.isFinite(value) && exact) return value;
      this.fail(
        offset,
        'NUMBER_INVALID',
        `The number ${quote(source ?? value)} cannot be kept exactly.`,
        'Put it in quotes to keep it as text.',
      );
      return 0;
    }
    if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
    return String(value);
  }

  private alias(name: string, offset: number): Anchored {
    const target = this.anchors.get(name);
    if (target === undefined || target === 'open') {
      this.fail(
        offset,
        'ALIAS_INVALID',
        target === 'open'
          ? `The alias \`*${name}\` stands inside its own anchor.`
          : `No anchor \`&${name}\` comes before this alias.`,
      );
      return { value: null, size: 1 };
    }
    this.size += target.size;
    this.repeated += target.size;
    if (this.repeated <= LIMITS.aliased) return target;
    if (this.repeated - target.size <= LIMITS.aliased) {
      this.fail(
        offset,
        'ALIAS_BOMB',
        `The aliases of this file stand for over ${LIMITS.aliased.toLocaleString('en')} values.`,
        'Write the values out, or use fewer aliases.',
      );
    }
    return { value: null, size: 1 };
  }

  private map(node: YAMLMap): Record<string, unknown> {
    const entries = new Map<string, unknown>();
    const merged = new Map<string, unknown>();
    const seen = new Map<string, Pair>();
    for (const pair of node.items) {
      const key = this.key(pair);
      if (key === undefined) continue;
      if (seen.has(key)) {
        const first = this.lines.linePos(start(seen.get(key)?.key));
        this.fail(
          start(pair.key),
          'DUPLICATE_KEY',
          `The key ${quote(key)} is here twice; line ${first.line} has it too.`,
          'Remove or rename one of them.',
        );
        this.value(pair.value);
        continue;
      }
      seen.set(key, pair);
      if (key === '<<') this.merge(pair.value, merged);
      else entries.set(key, this.value(pair.value));
    }
    this.pairs.set(node, seen);
    return Object.fromEntries([...[...merged].filter(([key]) => !entries.has(key)), ...entries]);
  }

  private key(pair: Pair): string | undefined {
    const offset = start(pair.key ?? pair.value);
    const key = isScalar(pair.key) ? pair.key.value : pair.key;
    if (typeof key !== 'string') {
      const what = isScalar(pair.key) ? quote(pair.key.source ?? key) : quote(key);
      this.fail(offset, 'KEY_INVALID', `A key must be text, not ${what}.`, 'Put it in quotes.');
      this.value(pair.value);
      return undefined;
    }
    if (key === '__proto__') {
      this.fail(offset, 'KEY_INVALID', 'The key `__proto__` is not allowed.', 'Choose another name.');
      return undefined;
    }
    return key;
  }

  private merge(node: unknown, into: Map<string, unknown>): void {
    const offset = start(node);
    const value = this.value(node);
    for (const one of Array.isArray(value) ? (value as unknown[]) : [value]) {
      if (typeof one !== 'object' || one === null || Array.isArray(one)) {
        this.fail(offset, 'ALIAS_INVALID', 'The merge key `<<` takes a mapping, or a list of mappings.');
        return;
      }
      // The first of a list wins, as YAML's merge key has it.
      for (const [key, item] of Object.entries(one)) if (!into.has(key)) into.set(key, item);
    }
  }

  private offset(root: Node, path: Path, key: boolean, within: number): number {
    const { node, keyNode } = this.find(root, path);
    if (key && keyNode !== undefined) return start(keyNode);
    return placeWithin(node, within, this.text);
  }

  /** The node at a path; where the path goes on but the file does not, the key of the nearest node around it. */
  private find(root: Node, path: Path): { node: unknown; keyNode: unknown } {
    let node: unknown = root;
    let keyNode: unknown;
    for (const part of path) {
      const inner = this.resolve(node);
      let pair: Pair | undefined;
      if (isMap(inner)) pair = this.pair(inner, String(part));
      else if (isSeq(inner) && inner.items[Number(part)] !== undefined) {
        node = inner.items[Number(part)];
        keyNode = undefined;
        continue;
      }
      if (pair === undefined) return { node: keyNode ?? node, keyNode };
      keyNode = pair.key;
      node = pair.value ?? pair.key;
      if (isScalar(node) && node.value === null && node.source === '') node = pair.key;
    }
    return { node, keyNode };
  }

  private resolve(node: unknown): unknown {
    return isAlias(node) ? this.anchorNodes.get(node.source) : node;
  }

  private pair(map: YAMLMap, key: string): Pair | undefined {
    const pairs = this.pairs.get(map);
    const own = pairs?.get(key);
    if (own !== undefined) return own;
    const source = this.resolve(pairs?.get('<<')?.value);
    for (const one of isSeq(source) ? source.items : [source]) {
      const inner = this.resolve(one);
      const found = isMap(inner) && inner !== map ? this.pair(inner, key) : undefined;
      if (found !== undefined) return found;
    }
    return undefined;
  }
}

const MOST_SYNTAX_ERRORS = 20;

const KNOWN_TAGS = new Set(
  ['str', 'int', 'float', 'bool', 'null', 'map', 'seq'].map((name) => `tag:yaml.org,2002:${name}`),
);

function start(node: unknown): number {
  return (node as { range?: readonly number[] | null } | null | undefined)?.range?.[0] ?? 0;
}
