import type { Json, JsonObject } from '../dag/json.js';
import { TYPE_NAMES } from './check.js';
import { ExpressionError, Failure, LimitFailure } from './expression-error.js';
import { FUNCTIONS, METHODS, formFor, misfit } from './functions.js';
import { EXPRESSION_LIMITS } from './limits.js';
import { Meter } from './meter.js';
import { storedFailure, TYPE_WORDS, binary, negate } from './operators.js';
import type { Root } from './scope.js';
import type { Node } from './syntax.js';
import {
  Double,
  Optional,
  StoredOutput,
  TypeName,
  entry,
  isList,
  mapKey,
  mapKeys,
  read,
  toJson,
  typeOf,
  type List,
  type MapKey,
  type Stored,
  type Value,
  type ValueMap,
} from './value.js';

/** What the roots stand for in one evaluation. Only what the expression refers to need be there. */
export type ExpressionValues = { readonly [R in Root]?: Json };

/** The outcome of one evaluation. */
export interface Evaluation {
  readonly value: Json;
  /** Steps it took, of {@link EXPRESSION_LIMITS.steps}. */
  readonly steps: number;
  /** About the bytes of the value as JSON. */
  readonly bytes: number;
}

/**
 * Evaluates a part tree. Nothing but the tree and the values counts: no clock, no locale, no order of objects in memory.
 * @throws ExpressionError
 */
export function evaluateNode(
  source: string,
  root: Node,
  values: ExpressionValues,
  resultBytes: number = EXPRESSION_LIMITS.result,
): Evaluation {
  const evaluator = new Evaluator(source, values);
  try {
    const { json, bytes } = toJson(evaluator.run(root, undefined), resultBytes);
    return { value: json, steps: evaluator.meter.spent, bytes };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const { from, to } = error.place ?? root;
    throw new ExpressionError(error.message, error.hint, source, from, to);
  }
}

/** The variables of the macros around a part, the innermost first. */
interface Variables {
  readonly name: string;
  readonly value: Value;
  readonly outer: Variables | undefined;
}

class Evaluator {
  readonly meter = new Meter();
  readonly #source: string;
  readonly #values: ExpressionValues;

  constructor(source: string, values: ExpressionValues) {
    this.#source = source;
    this.#values = values;
  }

  run(node: Node, variables: Variables | undefined): Value {
    try {
      this.meter.spend(1);
      return this.#run(node, variables);
    } catch (error) {
      if (error instanceof Failure) error.place ??= node;
      throw error;
    }
  }

  #run(node: Node, variables: Variables | undefined): Value {
    switch (node.op) {
      case 'literal':
        return node.value;
      case 'name':
        return this.#name(node.name, variables);
      case 'field':
        return this.#member(node.of, this.run(node.of, variables), node.name, node.optional);
      case 'index':
        return this.#member(node.of, this.run(node.of, variables), this.run(node.index, variables), node.optional);
      case 'has':
        return this.#has(node, variables);
      case 'list':
        return node.items.map((item) => this.run(item, variables));
      case 'map':
        return this.#map(node, variables);
      case 'if':
        return this.run(this.#bool('`?`', node.test, variables) ? node.yes : node.no, variables);
      case 'and':
      case 'or':
        return this.#logical(node, variables);
      case 'not':
        return !this.#bool('`!`', node.of, variables);
      case 'negate':
        return negate(this.run(node.of, variables));
      case 'or-value': {
        const optional = this.run(node.of, variables);
        if (!(optional instanceof Optional))
          throw new Failure(`${this.#text(node.of)} is no optional value.`, OPTIONAL_HINT);
        if (optional.value === undefined) return this.run(node.other, variables);
        return node.optional ? optional : optional.value;
      }
      case 'macro':
        return this.#macro(node, variables);
      case 'call':
        return this.#call(node, variables);
      case 'binary': {
        const left = this.run(node.left, variables);
        return binary(node.operator, left, this.run(node.right, variables), this.meter);
      }
    }
  }

  #name(name: string, variables: Variables | undefined): Value {
    for (let scope = variables; scope !== undefined; scope = scope.outer) {
      if (scope.name === name) return scope.value;
    }
    const type = TYPE_NAMES.get(name);
    if (type !== undefined) return new TypeName(type);
    const value = Object.hasOwn(this.#values, name) ? this.#values[name as Root] : undefined;
    if (value === undefined) throw new Failure(`There is no \`${name}\` here.`);
    return read(value);
  }

  #member(of: Node, value: Value, key: Value, optional: boolean): Value {
    if (value instanceof Optional) {
      if (value.value === undefined) return Optional.none;
      return new Optional(memberOf(value.value, key));
    }
    const held = memberOf(value, key);
    if (optional) return new Optional(held);
    if (held !== undefined) return held;
    throw this.#missing(of, value, key);
  }

  #missing(of: Node, value: Value, key: Value): Failure {
    const text = this.#text(of);
    if (isList(value)) {
      const index = mapKey(key);
      if (typeof index !== 'bigint') return new Failure('The index of a list is a whole number.');
      return new Failure(`${text} has ${value.length} items, so none at ${index}.`, 'Items are counted from 0.');
    }
    const name = typeof key === 'string' ? key.slice(0, 100) : String(mapKey(key) ?? 'such key');
    if (typeOf(value) !== 'map') {
      return new Failure(`${text} is ${TYPE_WORDS[typeOf(value)]}, so it has no \`${name}\`.`);
    }
    const keys = this.#keys(value as ValueMap)
      .slice(0, 8)
      .map((known) => `\`${String(known as MapKey).slice(0, 40)}\``);
    const optional = `Where it may be missing, write \`.?${/^\w+$/.test(name) ? name : 'name'}.orValue(…)\`.`;
    const hint = keys.length === 0 ? optional : `It has ${keys.join(', ')}. ${optional}`;
    return new Failure(`${text} has no \`${name}\`.`, hint);
  }

  #has(node: Node & { op: 'has' }, variables: Variables | undefined): boolean {
    const value = this.run(node.of, variables);
    const of = value instanceof Optional ? value.value : value;
    return of !== undefined && memberOf(of, node.name) !== undefined;
  }

  #map(node: Node & { op: 'map' }, variables: Variables | undefined): Value {
    const map = new Map<MapKey, Value>();
    for (const [keyNode, valueNode] of node.entries) {
      const given = this.run(keyNode, variables);
      const key = given instanceof Double ? undefined : mapKey(given);
      if (key === undefined) throw new Failure(`${upper(TYPE_WORDS[typeOf(given)])} cannot be a key.`);
      if (map.has(key)) throw new Failure(`The key \`${String(key).slice(0, 100)}\` comes twice.`);
      map.set(key, this.run(valueNode, variables));
    }
    return map;
  }

  #bool(what: string, node: Node, variables: Variables | undefined): boolean {
    const value = this.run(node, variables);
    if (typeof value === 'boolean') return value;
    const failure = new Failure(`${what} takes true or false, not ${TYPE_WORDS[typeOf(value)]}.`);
    failure.place = node;
    throw failure;
  }

  /** As CEL has it: where one side decides, a failure of the other does not matter, in whatever order they stand. */
  #logical(node: Node & { op: 'and' | 'or' }, variables: Variables | undefined): boolean {
    const what = node.op === 'and' ? '`&&`' : '`||`';
    const decisive = node.op === 'or';
    let failure: Failure | undefined;
    try {
      if (this.#bool(what, node.left, variables) === decisive) return decisive;
    } catch (error) {
      if (!(error instanceof Failure) || error instanceof LimitFailure) throw error;
      this.meter.spend(SWALLOWED);
      failure = error;
    }
    const right = this.#bool(what, node.right, variables);
    if (right !== decisive && failure !== undefined) throw failure;
    return right;
  }

  #macro(node: Node & { op: 'macro' }, variables: Variables | undefined): Value {
    const list = this.#items(node, variables);
    const [first, second] = node.bodies;
    const bind = (item: Stored): Variables => {
      this.meter.spend(1);
      return { name: node.variable, value: read(item), outer: variables };
    };
    const what = `\`${node.name}\``;
    switch (node.name) {
      case 'map': {
        if (second === undefined) return list.map((item) => this.run(first, bind(item)));
        const kept: Value[] = [];
        for (const item of list) {
          const inner = bind(item);
          if (this.#bool(what, first, inner)) kept.push(this.run(second, inner));
        }
        return kept;
      }
      case 'filter':
        return list.filter((item) => this.#bool(what, first, bind(item)));
      case 'exists_one':
        return list.filter((item) => this.#bool(what, first, bind(item))).length === 1;
      default:
        return this.#quantified(node, list, (item) => this.#bool(what, first, bind(item)));
    }
  }

  /** `all` and `exists`: like `&&` and `||` over the items. */
  #quantified(node: Node & { op: 'macro' }, list: List, holds: (item: Stored) => boolean): boolean {
    const decisive = node.name === 'exists';
    let failure: Failure | undefined;
    for (const item of list) {
      try {
        if (holds(item) === decisive) return decisive;
      } catch (error) {
        if (!(error instanceof Failure) || error instanceof LimitFailure) throw error;
        this.meter.spend(SWALLOWED);
        failure ??= error;
      }
    }
    if (failure !== undefined) throw failure;
    return !decisive;
  }

  #items(node: Node & { op: 'macro' }, variables: Variables | undefined): List {
    const over = this.run(node.over, variables);
    if (isList(over)) return over;
    if (typeOf(over) === 'map') return this.#keys(over as JsonObject | ValueMap);
    throw new Failure(`\`${node.name}\` takes a list or an object, not ${TYPE_WORDS[typeOf(over)]}.`);
  }

  #keys(map: JsonObject | ValueMap): List {
    const keys = mapKeys(map);
    this.meter.spend(keys.length);
    return keys;
  }

  #call(node: Node & { op: 'call' }, variables: Variables | undefined): Value {
    const args = node.args.map((arg) => this.run(arg, variables));
    const form = formFor((node.method ? METHODS : FUNCTIONS).get(node.name) ?? [], args);
    if (form !== undefined) return form.run(args, this.meter);
    throw new Failure(misfit(node.name, node.method, args.map(typeOf)));
  }

  /** A part as it is written, for a sentence. */
  #text(node: Node): string {
    const text = this.#source.slice(node.from, node.to).replace(/\s+/g, ' ');
    return text.length > 80 ? 'This' : `\`${text}\``;
  }
}

/** Steps of a failure that nobody sees: making an error is slow. */
const SWALLOWED = 50;
const OPTIONAL_HINT = 'Make it one: `x.?field.orValue(0)`.';

/** What a list or map holds at a key, or undefined. */
function memberOf(value: Value, key: Value): Value | undefined {
  if (value instanceof StoredOutput) throw storedFailure(value);
  if (isList(value)) {
    const index = mapKey(key);
    const item = typeof index === 'bigint' ? value[Number(index)] : undefined;
    return item === undefined ? undefined : read(item);
  }
  return typeOf(value) === 'map' ? entry(value as JsonObject | ValueMap, mapKey(key)) : undefined;
}

function upper(words: string): string {
  return words.slice(0, 1).toUpperCase() + words.slice(1);
}
