/** The part of a collection that somebody chooses: an area, a time and bands, as they are typed. */
import type { ISelection } from '../host';
import { isRecord, listOf, textOf, textsOf } from '../reading';
import type { ITranslation } from '../translation';
import type { ICollection } from './collections';
import { type Box, boxesMeet, dayOf, type Interval, readBox } from './extents';

/** What is chosen; null where it is all there is. */
export interface IChoice {
  /** The back-end, by its id, and the collection there. */
  readonly source: string | null;
  readonly collection: string | null;
  readonly bbox: Box | null;
  readonly datetime: Interval | null;
  readonly bands: readonly string[] | null;
}

export const NO_CHOICE: IChoice = { source: null, collection: null, bbox: null, datetime: null, bands: null };

/** A choice that was kept somewhere; what cannot be meant is left out. */
export function readChoice(kept: unknown): IChoice {
  const edges = isRecord(kept) ? readBox(kept.bbox) : null;
  const [start, end] = listOf(kept, 'datetime').map(edge => (typeof edge === 'string' && dayOf(edge) ? edge : null));
  const bands = textsOf(kept, 'bands');
  return {
    source: textOf(kept, 'source') || null,
    collection: textOf(kept, 'collection') || null,
    bbox: edges,
    datetime: start || end ? [start ?? null, end ?? null] : null,
    bands: bands.length ? bands : null
  };
}

/** What stands in a field, or why it cannot be meant. */
export type Typed<T> = { readonly value: T | null; readonly fault: '' } | { readonly value: null; readonly fault: string };

export const EDGES = ['west', 'south', 'east', 'north'] as const;

/** The box of four typed numbers: null where all fields are empty. */
export function typedBox(texts: readonly string[], trans: ITranslation): Typed<Box> {
  const filled = texts.map(text => text.trim());
  if (filled.every(text => !text)) {
    return { value: null, fault: '' };
  }
  const fault = (text: string): Typed<Box> => ({ value: null, fault: text });
  const [west, south, east, north] = filled.map(text => (text ? Number(text.replace(',', '.').replace('\u2212', '-')) : null));
  if (west == null || south == null || east == null || north == null) {
    return fault(trans.__('Fill in all four edges, in degrees.'));
  }
  if (![west, south, east, north].every(Number.isFinite)) {
    return fault(trans.__('An edge is not a number. Write degrees, as 11.35.'));
  }
  if (south >= north) {
    return fault(trans.__('South must be less than north; they may be swapped.'));
  }
  if (south < -90 || north > 90) {
    return fault(trans.__('Latitudes lie between -90 and 90 degrees.'));
  }
  if (west >= east) {
    return fault(
      east + 360 - west <= 180
        ? trans.__('West must be less than east. For a box over the antimeridian write %1 for east.', east + 360)
        : trans.__('West must be less than east; they may be swapped.')
    );
  }
  if (east - west > 360) {
    return fault(trans.__('A box is at most 360 degrees wide.'));
  }
  const turns = Math.floor((west + 180) / 360) * 360;
  return { value: [west - turns, south, east - turns, north], fault: '' };
}

/** The interval of two typed dates, the second not included; null where both fields are empty. */
export function typedInterval(start: string, end: string, trans: ITranslation): Typed<Interval> {
  if (!start && !end) {
    return { value: null, fault: '' };
  }
  if ([start, end].some(text => text && !dayOf(text))) {
    return { value: null, fault: trans.__('Write dates as 2022-06-01.') };
  }
  if (start && end && Date.parse(start) >= Date.parse(end)) {
    return { value: null, fault: trans.__('The start must be before the end, which is not included.') };
  }
  return { value: [start || null, end || null], fault: '' };
}

/** Edges of a box as they stand in fields. */
export function boxTexts(box: Box | null): [string, string, string, string] {
  const [west, south, east, north] = (box ?? ['', '', '', '']).map(edge =>
    typeof edge === 'number' ? String(Math.round(edge * 1e6) / 1e6) : edge
  );
  return [west ?? '', south ?? '', east ?? '', north ?? ''];
}

export interface IPreset {
  readonly label: string;
  readonly datetime: Interval | null;
}

/** Times that are often wanted of a collection. */
export function timePresets({ interval, times }: Pick<ICollection, 'interval' | 'times'>, now: Date, trans: ITranslation): IPreset[] {
  const presets: IPreset[] = [{ label: trans.__('All dates'), datetime: null }];
  const told = times.at(-1) ?? interval?.[1] ?? null;
  const last = told && Date.parse(told) < now.getTime() ? new Date(told) : now;
  const end = shifted(last, 0, 1);
  presets.push({ label: trans.__('Last 30 days of data'), datetime: [shifted(last, 0, -29), end] });
  presets.push({ label: trans.__('Last 12 months of data'), datetime: [shifted(last, -12, 1), end] });
  const first = interval?.[0] ? new Date(interval[0]).getUTCFullYear() : null;
  const year = isYearsEnd(last) ? last.getUTCFullYear() : last.getUTCFullYear() - 1;
  if (first !== null && first <= year) {
    presets.push({ label: trans.__('The year %1', year), datetime: [`${year}-01-01`, `${year + 1}-01-01`] });
  }
  return presets;
}

function isYearsEnd(day: Date): boolean {
  return day.getUTCMonth() === 11 && day.getUTCDate() === 31;
}

function shifted(day: Date, months: number, days: number): string {
  return new Date(Date.UTC(day.getUTCFullYear(), day.getUTCMonth() + months, day.getUTCDate() + days)).toISOString().slice(0, 10);
}

/** The choice of another collection: what is still possible of the last one stays. */
export function chosenOf(collection: ICollection, before: IChoice): IChoice {
  const names = collection.bands.map(({ name }) => name);
  const bands = before.bands?.filter(name => names.includes(name)) ?? [];
  return { ...before, source: collection.sources[0] ?? null, collection: collection.id, bands: bands.length ? bands : null };
}

export function selectionOf(choice: IChoice): ISelection | null {
  const { collection, bbox, datetime, bands } = choice;
  return collection
    ? { collection, ...(bbox && { bbox }), ...(datetime && { datetime }), ...(bands?.length && { bands }) }
    : null;
}

/** What is doubtful about a choice: it may give no data. */
export function doubts(choice: IChoice, collection: ICollection, trans: ITranslation): string[] {
  const { bbox, datetime } = choice;
  const told: string[] = [];
  if (bbox && collection.area.whole && !collection.area.parts.some(part => boxesMeet(part, bbox))) {
    told.push(trans.__('The box lies outside the area of the collection.'));
  }
  const [start, end] = datetime ?? [null, null];
  const [first, last] = collection.interval ?? [null, null];
  if ((start && last && Date.parse(start) > Date.parse(last)) || (end && first && Date.parse(end) <= Date.parse(first))) {
    told.push(trans.__('The collection has no data of that time.'));
  }
  return told;
}
