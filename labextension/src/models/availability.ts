/** When a collection has data: counted per month where that can be known, else from its temporal extent. */
import { type IBackend, pathOf } from '../backend/backend';
import { listOf, recordOf, textOf } from '../reading';
import type { ICollection } from './collections';
import { closedInterval, dayOf, type Interval } from './extents';
import { matchedOf } from './items';
import { fetchPage, type IPageRequest, nextPage } from './paging';

/** Pages of items that are read, so long as the back-end does not tell how many items a time has. */
const MOST_PAGES = 5;
const ON_A_PAGE = 200;
/** Times that a back-end is asked about one by one. */
const MOST_PERIODS = 36;
const AT_ONCE = 4;

export interface IPeriod {
  /** The first day, and the first day after. */
  readonly start: string;
  readonly end: string;
  readonly label: string;
  readonly count: number;
}

export interface IAvailability {
  /** What the counts are of; `extent` where nothing is counted. */
  readonly of: 'items' | 'dates' | 'extent';
  readonly periods: readonly IPeriod[];
  /** Whether there is more than was counted. */
  readonly partial: boolean;
}

type Unit = 1 | 12 | 120;

/** What the description of a collection tells, without asking anybody. */
export function toldAvailability({ times, interval }: Pick<ICollection, 'times' | 'interval'>, now: Date): IAvailability | null {
  if (times.length) {
    return { of: 'dates', periods: countedPeriods(times), partial: false };
  }
  const periods = interval ? periodsBetween(startOf(interval), endOf(interval, now)) : [];
  return periods.length ? { of: 'extent', periods: periods.map(period => ({ ...period, count: 1 })), partial: false } : null;
}

/** Count the items of a collection over time. */
export async function countItems(
  backend: IBackend,
  { id, interval }: Pick<ICollection, 'id' | 'interval'>,
  options: { fields: boolean; now: Date; signal: AbortSignal }
): Promise<IAvailability> {
  const path = pathOf('collections', id, 'items');
  const fields = options.fields && { fields: 'id,properties.datetime,properties.start_datetime,-geometry,-assets,-links' };
  let asked: IPageRequest | null = { path, query: { limit: ON_A_PAGE, ...fields } };
  const dates: string[] = [];
  for (let page = 0; asked && page < MOST_PAGES; page += 1) {
    const answer = await fetchPage(backend, asked, options.signal);
    if (page === 0 && interval && (matchedOf(answer) ?? 0) > MOST_PAGES * ON_A_PAGE) {
      return countPeriods(backend, path, interval, options);
    }
    dates.push(...listOf(answer, 'features').flatMap(item => dateOfItem(item) || []));
    asked = nextPage(answer, asked);
  }
  return { of: 'items', periods: countedPeriods(dates), partial: asked !== null };
}

function dateOfItem(item: unknown): string {
  const properties = recordOf(item, 'properties');
  return dayOf(textOf(properties, 'datetime') || textOf(properties, 'start_datetime'));
}

async function countPeriods(
  backend: IBackend,
  path: string,
  interval: Interval,
  { now, signal }: { now: Date; signal: AbortSignal }
): Promise<IAvailability> {
  const periods = periodsBetween(startOf(interval), endOf(interval, now), MOST_PERIODS);
  const counted: IPeriod[] = [];
  for (let first = 0; first < periods.length; first += AT_ONCE) {
    const asked = periods.slice(first, first + AT_ONCE).map(async period => {
      const query = { limit: 1, datetime: closedInterval([period.start, period.end]) };
      const page = await fetchPage(backend, { path, query }, signal);
      return { ...period, count: matchedOf(page) ?? listOf(page, 'features').length };
    });
    counted.push(...(await Promise.all(asked)));
  }
  return { of: 'items', periods: counted, partial: false };
}

function startOf([start, end]: Interval): string {
  return dayOf(start ?? end ?? '');
}

function endOf([, end]: Interval, now: Date): string {
  const last = end ? dayOf(end) : '';
  const today = now.toISOString().slice(0, 10);
  return last || today;
}

/** The periods of a time, each a month, a year or a decade long, so that there are not too many to look at. */
export function periodsBetween(first: string, last: string, most = 240): Omit<IPeriod, 'count'>[] {
  const from = monthOf(first);
  const until = monthOf(last);
  if (!first || !last || until < from) {
    return [];
  }
  const units: readonly Unit[] = [1, 12, 120];
  const unit = units.find(months => (until - from) / months + 1 <= most) ?? 120;
  const periods: Omit<IPeriod, 'count'>[] = [];
  for (let month = Math.floor(from / unit) * unit; month <= until && periods.length < most; month += unit) {
    periods.push({ start: firstDay(month), end: firstDay(month + unit), label: labelOf(month, unit) });
  }
  return periods;
}

/** Dates, counted. */
export function countedPeriods(dates: readonly string[]): IPeriod[] {
  const days = dates.map(dayOf).filter(Boolean).sort();
  const periods = periodsBetween(days[0] ?? '', days.at(-1) ?? '').map(period => ({ ...period, count: 0 }));
  let position = 0;
  for (const day of days) {
    while (position < periods.length - 1 && day >= (periods[position]?.end ?? '')) {
      position += 1;
    }
    const period = periods[position];
    if (period) {
      period.count += 1;
    }
  }
  return periods;
}

/** Months since the year 0. */
function monthOf(day: string): number {
  return Number(day.slice(0, 4)) * 12 + Number(day.slice(5, 7)) - 1;
}

function firstDay(month: number): string {
  return `${String(Math.floor(month / 12)).padStart(4, '0')}-${String((month % 12) + 1).padStart(2, '0')}-01`;
}

function labelOf(month: number, unit: Unit): string {
  const year = Math.floor(month / 12);
  return unit === 1 ? firstDay(month).slice(0, 7) : unit === 12 ? String(year) : `${year}–${year + 9}`;
}
