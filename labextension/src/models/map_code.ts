/** Python code that shows a collection, a job or a process on a map. */
import { isRecord, type JsonRecord, listOf, recordOf, textOf, textsOf } from '../reading';
import type { ISelection } from '../host';
import { dayOf, nextDay } from './extents';

export interface IMapRequest {
  /** Metadata of a collection, or as much of it as is known. */
  readonly collection?: JsonRecord;
  readonly selection?: ISelection;
  /** The id of a finished job. */
  readonly job?: string;
  readonly process?: JsonRecord;
  readonly title?: string;
  /** The address of the back-end; empty for the server of the notebook. */
  readonly url?: string;
  /** The address of a tile service, or empty. */
  readonly tiles?: string;
  /** What the map shows where nothing else says it. */
  readonly home?: readonly number[] | null;
}

/** Longer calls take several lines. */
const LINE = 88;

/** The code of a cell, whose last line is the map. */
export function mapCode(request: IMapRequest): string {
  const id = request.selection?.collection ?? textOf(request.collection, 'id');
  const name = [request.title, textOf(request.collection, 'title'), id, request.job].find(Boolean) ?? 'Result';
  const layer = layerOf(request, id);
  const needsConnection = id !== '' || request.job !== undefined || Boolean(request.url);
  const connection = `con = gdc.connect(${request.url ? pythonOf(request.url) : ''})`;
  const named = [
    ...(id ? [`collection=con.describe_collection(${pythonOf(id)})`] : []),
    ...(request.selection?.bbox ? [`bbox=${pythonTuple(request.selection.bbox)}`] : []),
    ...(request.url ? ['connection=con'] : []),
    ...(request.tiles ? [`tiles=${pythonOf(request.tiles)}`] : [])
  ];
  const isAnywhere = id === '' && layer === null && request.home;
  return [
    'import gdc_jupyter as gdc',
    '',
    ...(needsConnection ? [connection] : []),
    `area = gdc.BBoxMap(${named.join(', ')})`,
    ...(isAnywhere ? [`area.fit(${pythonTuple(request.home)})`] : []),
    ...(layer ? [layerCall(request, layer, name)] : []),
    'area'
  ].join('\n');
}

function layerCall(request: IMapRequest, layer: string, name: string): string {
  const shown = request.selection?.bands ?? (request.collection ? bandsToShow(request.collection) : []);
  const parts = [
    layer,
    pythonOf(name),
    ...(shown.length === 1 ? ['colormap="viridis"'] : []),
    ...(request.url && request.process ? ['connection=con'] : [])
  ];
  const line = `area.add_layer(${parts.join(', ')})`;
  return line.length <= LINE ? line : `area.add_layer(\n${parts.map(part => `    ${part},\n`).join('')})`;
}

function layerOf({ process, job, collection, selection }: IMapRequest, id: string): string | null {
  if (process) {
    return pythonOf(recordOf(process, 'process_graph'));
  }
  if (job !== undefined) {
    return `con.job(${pythonOf(job)})`;
  }
  return id === '' || (collection && !isRaster(collection)) ? null : loadOf(id, collection, selection);
}

function loadOf(id: string, collection: JsonRecord | undefined, selection: ISelection | undefined): string {
  const bands = selection?.bands ?? (collection ? bandsToShow(collection) : []);
  const dates = selection?.datetime ?? (collection ? lastDay(collection) : null);
  const [west, south, east, north] = selection?.bbox ?? [];
  const box = selection?.bbox ? { west, south, east, north } : null;
  const named = [
    ...(box ? [`spatial_extent=${pythonOf(box)}`] : []),
    ...(dates ? [`temporal_extent=${pythonOf(dates)}`] : []),
    ...(bands.length ? [`bands=${pythonOf(bands)}`] : [])
  ];
  return `con.load_collection(${[pythonOf(id), ...named].join(', ')})`;
}

function isRaster(collection: JsonRecord): boolean {
  const dimensions = Object.values(recordOf(collection, 'cube:dimensions'));
  return !dimensions.some(dimension => textOf(dimension, 'type') === 'geometry');
}

/** Red, green and blue where the collection has them, else its first band. */
export function bandsToShow(collection: JsonRecord): string[] {
  const dimension = Object.values(recordOf(collection, 'cube:dimensions')).find(each => textOf(each, 'type') === 'bands');
  const names = textsOf(dimension, 'values');
  const summaries = recordOf(collection, 'summaries');
  const described = [...listOf(summaries, 'eo:bands'), ...listOf(summaries, 'bands'), ...listOf(collection, 'bands')];
  const commonly = new Map(
    described.map(band => [textOf(band, 'eo:common_name') || textOf(band, 'common_name'), textOf(band, 'name')])
  );
  const colours = ['red', 'green', 'blue'].map(colour => commonly.get(colour) ?? '');
  if (colours.every(name => name !== '' && (names.length === 0 || names.includes(name)))) {
    return colours;
  }
  return names.slice(0, 1);
}

/** The last day on which there are data, as an interval without its end; null where no such day is told. */
export function lastDay(collection: JsonRecord): [string, string] | null {
  const dimension = Object.values(recordOf(collection, 'cube:dimensions')).find(
    each => textOf(each, 'type') === 'temporal'
  );
  const last = textsOf(dimension, 'values').at(-1) ?? listOf(dimension, 'extent')[1];
  const day = typeof last === 'string' ? dayOf(last.slice(0, 10)) : '';
  return day ? [day, nextDay(day)] : null;
}

function pythonTuple(numbers: readonly number[] | null | undefined): string {
  return `(${(numbers ?? []).join(', ')})`;
}

/** A JSON value as Python. */
export function pythonOf(value: unknown): string {
  if (value === null || value === undefined) {
    return 'None';
  }
  if (typeof value === 'boolean') {
    return value ? 'True' : 'False';
  }
  if (Array.isArray(value)) {
    return `[${(value as unknown[]).map(pythonOf).join(', ')}]`;
  }
  if (isRecord(value)) {
    return `{${Object.entries(value)
      .map(([key, member]) => `${pythonOf(key)}: ${pythonOf(member)}`)
      .join(', ')}}`;
  }
  return JSON.stringify(value);
}
