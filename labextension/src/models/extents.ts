/** Where and when a collection has data: boxes and intervals, read from metadata that may hold anything. */
import { isRecord, listOf, recordOf, textOf } from '../reading';

/** West, south, east, north in degrees; east is beyond 180 where the box crosses the antimeridian. */
export type Box = readonly [number, number, number, number];
/** Start and end as RFC 3339 texts; null for an open side. */
export type Interval = readonly [string | null, string | null];

export interface ISpatialExtent {
  /** The whole extent, or null where none is told. */
  readonly whole: Box | null;
  /** The areas that it consists of: the whole alone where no others are told. */
  readonly parts: readonly Box[];
}

/** The spatial extent of a STAC or OGC API collection, or what its dimensions tell in degrees. */
export function readSpatialExtent(collection: unknown): ISpatialExtent {
  const told = listOf(recordOf(recordOf(collection, 'extent'), 'spatial'), 'bbox').map(readBox);
  const boxes = told.filter(box => box !== null);
  const [whole, ...parts] = boxes.length ? boxes : dimensionBox(collection);
  return whole ? { whole, parts: parts.length ? parts : [whole] } : { whole: null, parts: [] };
}

/** Four or six numbers as a box; null where they are no box on the Earth. */
export function readBox(value: unknown): Box | null {
  if (!Array.isArray(value) || !value.every((edge): edge is number => typeof edge === 'number' && Number.isFinite(edge))) {
    return null;
  }
  const [west, south, east, north] = value.length === 6 ? [value[0], value[1], value[3], value[4]] : value;
  if (west === undefined || south === undefined || east === undefined || north === undefined) {
    return null;
  }
  const within = south <= north && south >= -90 && north <= 90 && Math.abs(west) <= 360 && Math.abs(east) <= 360;
  return within ? [west, south, east < west ? east + 360 : east, north] : null;
}

function dimensionBox(collection: unknown): Box[] {
  const dimensions = Object.values(recordOf(collection, 'cube:dimensions'));
  const along = (axis: string): unknown[] => {
    const isInDegrees = (one: unknown): boolean => !isRecord(one) || [undefined, null, 4326].includes(one.reference_system as number);
    return listOf(dimensions.find(one => textOf(one, 'axis') === axis && isInDegrees(one)), 'extent');
  };
  const [west, east] = along('x');
  const [south, north] = along('y');
  const box = readBox([west, south, east, north]);
  return box ? [box] : [];
}

/** The temporal extent of a collection, or what its dimensions tell; null where neither tells any date. */
export function readTemporalExtent(collection: unknown): Interval | null {
  const told = listOf(recordOf(recordOf(collection, 'extent'), 'temporal'), 'interval')[0];
  return readInterval(told) ?? readInterval(listOf(temporalDimension(collection), 'extent'));
}

/** The dates that a collection has data of, where its dimensions list them. */
export function readTimes(collection: unknown): string[] {
  return listOf(temporalDimension(collection), 'values').flatMap(value => readMoment(value) ?? []);
}

function temporalDimension(collection: unknown): unknown {
  return Object.values(recordOf(collection, 'cube:dimensions')).find(one => textOf(one, 'type') === 'temporal');
}

function readInterval(value: unknown): Interval | null {
  if (!Array.isArray(value)) {
    return null;
  }
  const interval: Interval = [readMoment(value[0]), readMoment(value[1])];
  return interval[0] === null && interval[1] === null ? null : interval;
}

function readMoment(value: unknown): string | null {
  return typeof value === 'string' && !Number.isNaN(Date.parse(value)) ? value : null;
}

/** Whether two boxes have something in common, on whichever turn of the world they are told. */
export function boxesMeet(one: Box, other: Box): boolean {
  const alongside = [-360, 0, 360].some(turn => one[0] + turn <= other[2] && other[0] <= one[2] + turn);
  return alongside && one[1] <= other[3] && other[1] <= one[3];
}

/** The day of a moment, `2022-06-01`, in UTC. */
export function dayOf(moment: string): string {
  const date = new Date(moment);
  return Number.isNaN(date.getTime()) ? '' : date.toISOString().slice(0, 10);
}

/** The day after a day, `2022-06-02`. */
export function nextDay(day: string): string {
  return new Date(Date.parse(day) + 86_400_000).toISOString().slice(0, 10);
}

/** The horizontal extent of an item, from its bbox or its geometry. */
export function readItemBox(item: unknown): Box | null {
  const told = isRecord(item) ? readBox(item.bbox) : null;
  return told ?? boxOfPoints(positionsOf(recordOf(item, 'geometry').coordinates));
}

function positionsOf(coordinates: unknown): [number, number][] {
  if (!Array.isArray(coordinates)) {
    return [];
  }
  const [x, y] = coordinates as unknown[];
  return typeof x === 'number' && typeof y === 'number' ? [[x, y]] : coordinates.flatMap(positionsOf);
}

function boxOfPoints(points: readonly [number, number][]): Box | null {
  if (!points.length) {
    return null;
  }
  const xs = points.map(([x]) => x);
  const ys = points.map(([, y]) => y);
  return readBox([Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)]);
}

/** A box with an east of at most 180, less than west over the antimeridian, as GeoJSON and STAC have it. */
export function wrappedBox([west, south, east, north]: Box): Box {
  return east - west === 360 ? [-180, south, 180, north] : [west, south, east > 180 ? east - 360 : east, north];
}

/** The closed interval that STAC and OGC use for a half-open one. */
export function closedInterval([start, end]: Interval): string {
  const first = start ? `${new Date(start).toISOString().slice(0, 19)}Z` : '..';
  return `${first}/${end ? lastBefore(end) : '..'}`;
}

function lastBefore(end: string): string {
  const text = new Date(Date.parse(end) - 1).toISOString();
  return text.endsWith('T00:00:00.000Z') ? text.slice(0, 10) : text.replace('.000Z', 'Z');
}
