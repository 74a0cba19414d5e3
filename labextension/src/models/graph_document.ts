/** A process as JSON: what it holds, and edits that leave it as it was and give a new one. */
import { isRecord, type JsonRecord, recordOf, textOf } from '../reading';
import { englishWords } from '../translation';
import {
  type GraphPath,
  graphOf,
  idOf,
  type IReference,
  keyOf,
  linksOf,
  type NodePath,
  partsOf,
  pathOfKey,
  valueAt,
  withValueAt
} from './graph_paths';

/** The key of a process under which the places of its nodes in a picture are kept; back-ends do not read it. */
export const LAYOUT = 'gdc:layout';

/** A process: its graph, and whatever else is known of it, all of which is kept. */
export type IGraphDocument = JsonRecord & { readonly process_graph: JsonRecord };

export interface IPosition {
  readonly x: number;
  readonly y: number;
}

/** A connection from a node to an argument of another one of the same graph. */
export interface IEdge {
  readonly from: string;
  readonly to: string;
  /** A pointer. */
  readonly argument: string;
}

/** An edit that cannot be made, with the reason for people. */
export class EditRefused extends Error {
  readonly values: readonly string[];

  constructor(
    readonly text: string,
    ...values: string[]
  ) {
    super(englishWords.__(text, ...values));
    this.name = 'EditRefused';
    this.values = values;
  }
}

export const EMPTY_DOCUMENT: IGraphDocument = { process_graph: {} };

export function graphAt(document: IGraphDocument, path: GraphPath): JsonRecord {
  let graph = document.process_graph;
  for (let step = 0; step + 1 < path.length; step += 2) {
    const node = recordOf(graph, path[step] ?? '');
    graph = recordOf(valueAt(argumentsOf(node), partsOf(path[step + 1] ?? '')), 'process_graph');
  }
  return graph;
}

export function nodeAt(document: IGraphDocument, path: NodePath): JsonRecord | null {
  const graph = graphAt(document, graphOf(path));
  const id = idOf(path);
  const node = Object.hasOwn(graph, id) ? graph[id] : null;
  return path.length % 2 && isRecord(node) ? node : null;
}

export function argumentsOf(node: unknown): JsonRecord {
  return recordOf(node, 'arguments');
}

export function processOf(node: unknown): string {
  return textOf(node, 'process_id');
}

export function isResult(node: unknown): boolean {
  return isRecord(node) && node.result === true;
}

/** The id of the result node of a graph, or null where there is none. */
export function resultOf(graph: JsonRecord): string | null {
  return Object.keys(graph).find(id => isResult(graph[id])) ?? null;
}

/** The references of a node to nodes and parameters. */
export function referencesOf(node: unknown): readonly IReference[] {
  return linksOf(argumentsOf(node)).references;
}

/** The pointers of the callbacks among the arguments of a node. */
export function callbacksOf(node: unknown): readonly string[] {
  return linksOf(argumentsOf(node)).callbacks;
}

/** The connections in a graph; those to nodes that are not there are left out. */
export function edgesOf(graph: JsonRecord): IEdge[] {
  return Object.entries(graph).flatMap(([to, node]) =>
    referencesOf(node)
      .filter(({ kind, name }) => kind === 'node' && Object.hasOwn(graph, name))
      .map(({ name, argument }) => ({ from: name, to, argument }))
  );
}

/** The ids of a graph, each after those that it refers to and otherwise as they are written; circles are cut anywhere. */
export function orderOf(graph: JsonRecord): string[] {
  const order = new Set<string>();
  const around = new Set<string>();
  const needs = (id: string): Iterator<IReference> => referencesOf(graph[id])[Symbol.iterator]();
  for (const first of Object.keys(graph)) {
    const stack: [string, Iterator<IReference>][] = order.has(first) ? [] : [[first, needs(first)]];
    around.add(first);
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const next = top[1].next();
      if (next.done) {
        order.add(top[0]);
        around.delete(top[0]);
        stack.pop();
      } else if (next.value.kind === 'node' && Object.hasOwn(graph, next.value.name)) {
        const { name } = next.value;
        if (!order.has(name) && !around.has(name)) {
          around.add(name);
          stack.push([name, needs(name)]);
        }
      }
    }
  }
  return [...order];
}

/** Whether a node needs the result of another one of its graph, directly or through others. */
export function dependsOn(graph: JsonRecord, id: string, other: string): boolean {
  const seen = new Set<string>();
  const open = [id];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (next === other) {
      return true;
    }
    if (!seen.has(next)) {
      seen.add(next);
      open.push(...referencesOf(graph[next]).flatMap(({ kind, name }) => (kind === 'node' ? [name] : [])));
    }
  }
  return false;
}

/** An id that no node of a graph has: the name of a process and a number. */
export function freeId(graph: JsonRecord, process: string): string {
  const base = process.replace(/[^\w-]/g, '') || 'node';
  let number = 1;
  while (Object.hasOwn(graph, `${base}${number}`)) {
    number += 1;
  }
  return `${base}${number}`;
}

export function withGraph(
  document: IGraphDocument,
  path: GraphPath,
  change: (graph: JsonRecord) => JsonRecord
): IGraphDocument {
  return { ...document, process_graph: changedGraph(document.process_graph, path, change) };
}

function changedGraph(graph: JsonRecord, path: GraphPath, change: (graph: JsonRecord) => JsonRecord): JsonRecord {
  const [id, argument, ...rest] = path;
  if (id === undefined || argument === undefined) {
    return change(graph);
  }
  const node = recordOf(graph, id);
  const parts = partsOf(argument);
  const callback = valueAt(argumentsOf(node), parts);
  const inner = changedGraph(recordOf(callback, 'process_graph'), rest, change);
  const changed = { ...(isRecord(callback) ? callback : {}), process_graph: inner };
  return { ...graph, [id]: { ...node, arguments: withValueAt(argumentsOf(node), parts, changed) } };
}

export function withNode(document: IGraphDocument, path: NodePath, change: (node: JsonRecord) => JsonRecord): IGraphDocument {
  const node = nodeAt(document, path);
  if (!node) {
    throw new EditRefused("There is no node '%1' here any more.", idOf(path));
  }
  return withGraph(document, graphOf(path), graph => ({ ...graph, [idOf(path)]: change(node) }));
}

/** Set an argument, or the part of it at a pointer; undefined removes it. */
export function withArgument(document: IGraphDocument, path: NodePath, argument: string, value: unknown): IGraphDocument {
  return withNode(document, path, node => ({
    ...node,
    arguments: withValueAt(argumentsOf(node), partsOf(argument), value)
  }));
}

/** Set a member of a node itself, such as its description; undefined removes it. */
export function withMember(document: IGraphDocument, path: NodePath, name: string, value: unknown): IGraphDocument {
  return withNode(document, path, node => withValueAt(node, [name], value) as JsonRecord);
}

/** Make one node the result of its graph, or none. */
export function withResult(graph: JsonRecord, result: string | null): JsonRecord {
  return mapped(graph, (id, node) => {
    if (id === result) {
      return isResult(node) ? node : { ...(node as JsonRecord), result: true };
    }
    return isRecord(node) && Object.hasOwn(node, 'result') ? withValueAt(node, ['result'], undefined) : node;
  });
}

/** Remove a node; the arguments that referred to it are removed as well, and told. */
export function withoutNode(document: IGraphDocument, path: NodePath): { document: IGraphDocument; emptied: IEdge[] } {
  const graph = graphAt(document, graphOf(path));
  const id = idOf(path);
  const emptied = edgesOf(graph).filter(({ from, to }) => from === id && to !== id);
  // The node that came before the result is the result again.
  const before = isResult(graph[id]) ? referencesOf(graph[id]).find(({ kind }) => kind === 'node')?.name : undefined;
  let without = Object.fromEntries(Object.entries(graph).filter(([key]) => key !== id));
  // From the back: what is removed from a list moves what follows it.
  for (const { to, argument } of [...emptied].reverse()) {
    const node = recordOf(without, to);
    without = { ...without, [to]: { ...node, arguments: withValueAt(argumentsOf(node), partsOf(argument), undefined) } };
  }
  const isHeir = before !== undefined && before !== id && isRecord(without[before]);
  const result = isHeir && resultOf(without) === null ? withResult(without, before) : without;
  const changed = withGraph(document, graphOf(path), () => result);
  return { document: withLayout(changed, key => (isWithinKey(key, path) ? null : key)), emptied };
}

/** Rename a node, in the references to it too. */
export function withRenamed(document: IGraphDocument, path: NodePath, id: string): IGraphDocument {
  const old = idOf(path);
  const graph = graphAt(document, graphOf(path));
  if (id === '' || (id !== old && Object.hasOwn(graph, id))) {
    throw new EditRefused(id === '' ? 'A node has a name.' : "There is a node '%1' already.", id);
  }
  const renamed = Object.fromEntries(
    Object.entries(graph).map(([key, node]) => [key === old ? id : key, referring(node, old, id)])
  );
  const target = [...graphOf(path), id];
  return withLayout(
    withGraph(document, graphOf(path), () => renamed),
    key => (isWithinKey(key, path) ? keyOf([...target, ...pathOfKey(key).slice(path.length)]) : key)
  );
}

function referring(node: unknown, old: string, id: string): unknown {
  if (!isRecord(node)) {
    return node;
  }
  const found = referencesOf(node).filter(({ kind, name }) => kind === 'node' && name === old);
  return found.reduce(
    (changed, { argument }) => ({
      ...changed,
      arguments: withValueAt(argumentsOf(changed), partsOf(argument), { from_node: id })
    }),
    node
  );
}

/** Put entries of a graph into another order. */
export function inOrder(graph: JsonRecord, order: readonly string[]): JsonRecord {
  return Object.fromEntries(order.map(id => [id, graph[id]]));
}

export function positionsOf(document: IGraphDocument): ReadonlyMap<string, IPosition> {
  const places = Object.entries(recordOf(document, LAYOUT)).flatMap(([key, place]): [string, IPosition][] => {
    const [x, y] = Array.isArray(place) ? (place as unknown[]) : [];
    return typeof x === 'number' && typeof y === 'number' ? [[key, { x, y }]] : [];
  });
  return new Map(places);
}

/** Set the places of nodes, by the keys of their paths. */
export function withPositions(document: IGraphDocument, places: ReadonlyMap<string, IPosition>): IGraphDocument {
  const entries = [...places].map(([key, { x, y }]) => [key, [Math.round(x), Math.round(y)]]);
  return { ...document, [LAYOUT]: { ...recordOf(document, LAYOUT), ...(Object.fromEntries(entries) as JsonRecord) } };
}

function withLayout(document: IGraphDocument, keyNow: (key: string) => string | null): IGraphDocument {
  if (!isRecord(document[LAYOUT])) {
    return document;
  }
  const entries = Object.entries(document[LAYOUT]).flatMap(([key, place]) => {
    const now = keyNow(key);
    return now === null ? [] : [[now, place] as const];
  });
  return { ...document, [LAYOUT]: Object.fromEntries(entries) };
}

/** The process without what only editors read. */
export function withoutLayout(document: IGraphDocument): IGraphDocument {
  return Object.fromEntries(Object.entries(document).filter(([key]) => key !== LAYOUT)) as IGraphDocument;
}

function isWithinKey(key: string, path: NodePath): boolean {
  const outer = keyOf(path);
  return key === outer || key.startsWith(`${outer}/`);
}

function mapped(graph: JsonRecord, change: (id: string, node: unknown) => unknown): JsonRecord {
  return Object.fromEntries(Object.entries(graph).map(([id, node]) => [id, change(id, node)]));
}
