/** What the metadata of collections suggests for arguments: bands, dimensions, extents. */
import { isRecord, type JsonRecord, listOf, recordOf, textOf, textsOf } from '../reading';
import { argumentsOf, graphAt, type IGraphDocument, referencesOf } from './graph_document';
import { graphOf, idOf, type NodePath } from './graph_paths';

export interface ICollectionHints {
  readonly bands: readonly string[];
  readonly dimensions: readonly string[];
  readonly bbox: readonly [number, number, number, number] | null;
  readonly interval: readonly [string | null, string | null] | null;
}

export const NO_HINTS: ICollectionHints = { bands: [], dimensions: [], bbox: null, interval: null };

export function readHints(collection: JsonRecord): ICollectionHints {
  const dimensions = recordOf(collection, 'cube:dimensions');
  const ofBands = Object.values(dimensions).find(each => textOf(each, 'type') === 'bands');
  const summaries = recordOf(collection, 'summaries');
  const named = [...listOf(summaries, 'eo:bands'), ...listOf(summaries, 'bands'), ...listOf(collection, 'bands')];
  const bands = textsOf(ofBands, 'values');
  const [box] = listOf(recordOf(recordOf(collection, 'extent'), 'spatial'), 'bbox');
  const [interval] = listOf(recordOf(recordOf(collection, 'extent'), 'temporal'), 'interval');
  return {
    bands: bands.length ? bands : [...new Set(named.flatMap(each => textOf(each, 'name') || []))],
    dimensions: Object.keys(dimensions),
    bbox: readBox(box),
    interval: Array.isArray(interval) ? [textOrNull(interval[0]), textOrNull(interval[1])] : null
  };
}

function readBox(box: unknown): ICollectionHints['bbox'] {
  if (!Array.isArray(box) || !box.every(edge => typeof edge === 'number')) {
    return null;
  }
  const edges = box;
  const [west, south, east, north] = edges.length === 6 ? [edges[0], edges[1], edges[3], edges[4]] : edges;
  return west === undefined || south === undefined || east === undefined || north === undefined
    ? null
    : [west, south, east, north];
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

/** The ids of the collections that a node takes data from, through others and from around its callback. */
export function collectionsBehind(document: IGraphDocument, path: NodePath): string[] {
  const found = new Set<string>();
  for (let inner = path; inner.length > 0; inner = inner.slice(0, -2)) {
    collect(graphAt(document, graphOf(inner)), idOf(inner), found);
  }
  return [...found];
}

function collect(graph: JsonRecord, first: string, found: Set<string>): void {
  const seen = new Set<string>();
  const open = [first];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    const node = graph[id];
    if (seen.has(id) || !isRecord(node)) {
      continue;
    }
    seen.add(id);
    const collection = argumentsOf(node).id;
    if (typeof collection === 'string' && textOf(node, 'process_id').startsWith('load_collection')) {
      found.add(collection);
    }
    open.push(...referencesOf(node).flatMap(({ kind, name }) => (kind === 'node' ? [name] : [])));
  }
}
