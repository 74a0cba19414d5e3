/** Paths to the nodes of a process graph and of the callbacks inside it, and references between nodes. */
import { isRecord, type JsonRecord } from '../reading';

/**
 * Where something is: ids of nodes and arguments, one after the other.
 *
 * `['reduce1', 'reducer', 'mean1']` is a node, `['reduce1', 'reducer']` the graph that it is in, `[]` the outermost graph.
 * An argument is a JSON pointer without its first slash: `data`, `properties/eo:cloud_cover`, `data/0`.
 */
export type NodePath = readonly string[];
export type GraphPath = readonly string[];

/** What a path is called as a key. */
export function keyOf(path: readonly string[]): string {
  return path.map(escaped).join('/');
}

export function pathOfKey(key: string): string[] {
  return key === '' ? [] : key.split('/').map(unescaped);
}

/** The path of the graph that a node is in. */
export function graphOf(path: NodePath): GraphPath {
  return path.slice(0, -1);
}

export function idOf(path: NodePath): string {
  return path[path.length - 1] ?? '';
}

export function samePath(one: readonly string[] | null, other: readonly string[] | null): boolean {
  return one === other || (one !== null && other !== null && keyOf(one) === keyOf(other));
}

/** Whether a path is, or is below, another. */
export function isWithin(path: readonly string[], outer: readonly string[]): boolean {
  return outer.every((step, index) => path[index] === step);
}

/** An argument, and what is inside it, as a pointer. */
export function pointerTo(...parts: (string | number)[]): string {
  return parts.map(part => escaped(String(part))).join('/');
}

export function partsOf(pointer: string): string[] {
  return pointer.split('/').map(unescaped);
}

/** The value at a pointer, or undefined. */
export function valueAt(value: unknown, parts: readonly string[]): unknown {
  let found = value;
  for (const part of parts) {
    if (Array.isArray(found)) {
      found = (found as unknown[])[Number(part)];
    } else if (isRecord(found) && Object.hasOwn(found, part)) {
      found = found[part];
    } else {
      return undefined;
    }
  }
  return found;
}

/** A value with the part at a pointer replaced, or removed where it is undefined; everything else is shared. */
export function withValueAt(value: unknown, parts: readonly string[], part: unknown): unknown {
  const [first, ...rest] = parts;
  if (first === undefined) {
    return part;
  }
  if (Array.isArray(value)) {
    const list = [...(value as unknown[])];
    const index = Number(first);
    const next = withValueAt(list[index], rest, part);
    list.splice(index, 1, ...(next === undefined ? [] : [next]));
    return list;
  }
  const record: JsonRecord = isRecord(value) ? value : {};
  const next = withValueAt(Object.hasOwn(record, first) ? record[first] : undefined, rest, part);
  if (next !== undefined) {
    return { ...record, [first]: next };
  }
  return Object.fromEntries(Object.entries(record).filter(([name]) => name !== first));
}

/** A reference in the arguments of a node. */
export interface IReference {
  /** A pointer. */
  readonly argument: string;
  readonly kind: 'node' | 'parameter';
  readonly name: string;
}

/** The id or name that a value refers to, where it is a reference. */
export function referenceOf(value: unknown): { kind: 'node' | 'parameter'; name: string } | null {
  if (!isRecord(value)) {
    return null;
  }
  const keys = Object.keys(value);
  const name = keys.length === 1 ? value[keys[0] ?? ''] : undefined;
  if (typeof name !== 'string') {
    return null;
  }
  if (keys[0] === 'from_node') {
    return { kind: 'node', name };
  }
  return keys[0] === 'from_parameter' || keys[0] === 'from_argument' ? { kind: 'parameter', name } : null;
}

/** Whether a value is a callback. */
export function isCallback(value: unknown): value is JsonRecord & { process_graph: JsonRecord } {
  return isRecord(value) && isRecord(value.process_graph);
}

const seen = new WeakMap<JsonRecord, { references: readonly IReference[]; callbacks: readonly string[] }>();

/** The references in arguments, but not those inside callbacks, and the pointers of the callbacks. */
export function linksOf(argumentsOfNode: JsonRecord): { references: readonly IReference[]; callbacks: readonly string[] } {
  const known = seen.get(argumentsOfNode);
  if (known) {
    return known;
  }
  const references: IReference[] = [];
  const callbacks: string[] = [];
  const look = (value: unknown, pointer: string): void => {
    if (typeof value !== 'object' || value === null) {
      return;
    }
    const reference = referenceOf(value);
    if (reference) {
      references.push({ argument: pointer, ...reference });
    } else if (isCallback(value)) {
      callbacks.push(pointer);
    } else {
      for (const [name, member] of Object.entries(value)) {
        look(member, `${pointer}/${escaped(name)}`);
      }
    }
  };
  for (const [name, value] of Object.entries(argumentsOfNode)) {
    look(value, escaped(name));
  }
  const links = { references, callbacks };
  seen.set(argumentsOfNode, links);
  return links;
}

function escaped(part: string): string {
  return part.replaceAll('~', '~0').replaceAll('/', '~1');
}

function unescaped(part: string): string {
  return part.replaceAll('~1', '/').replaceAll('~0', '~');
}
