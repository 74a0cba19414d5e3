/** The items of a collection, page by page, within the chosen area and time. */
import { asBackendError, BackendError, type IBackend, pathOf } from '../backend/backend';
import { isRecord, type JsonRecord, listOf, numberOf, recordOf, textOf, textsOf } from '../reading';
import type { IChoice } from './choice';
import { type Box, closedInterval, dayOf, readItemBox, wrappedBox } from './extents';
import { fetchPage, type IPageRequest, nextPage } from './paging';
import { Store } from './store';

const ON_A_PAGE = 20;

export interface IItem {
  readonly id: string;
  readonly title: string;
  /** A day, or two with a dash between. */
  readonly date: string;
  readonly box: Box | null;
  /** The address of a small picture, or nothing. */
  readonly thumbnail: string;
  /** In percent. */
  readonly cloudCover: number | null;
  /** The item as GeoJSON with the little that a map needs. */
  readonly feature: JsonRecord;
}

export interface IItemList {
  readonly items: readonly IItem[];
  readonly state: 'loading' | 'ready' | 'failed';
  readonly problem: BackendError | null;
  /** How many there are, where the back-end tells. */
  readonly matched: number | null;
  readonly more: boolean;
}

export function readItem(json: unknown): IItem | null {
  const id = textOf(json, 'id');
  if (!isRecord(json) || !id) {
    return null;
  }
  const properties = recordOf(json, 'properties');
  const assets = Object.values(recordOf(json, 'assets'));
  const picture =
    assets.find(asset => textsOf(asset, 'roles').includes('thumbnail')) ??
    assets.find(asset => textsOf(asset, 'roles').includes('overview') && /png|jpe?g|webp/.test(textOf(asset, 'type')));
  const date = dateOf(properties);
  const geometry = isRecord(json.geometry) ? json.geometry : null;
  const box = readItemBox(json);
  const title = textOf(properties, 'title');
  return {
    id,
    title,
    date,
    box,
    thumbnail: textOf(picture, 'href') || textOf(listOf(json, 'links').find(link => textOf(link, 'rel') === 'thumbnail'), 'href'),
    cloudCover: numberOf(properties, 'eo:cloud_cover'),
    feature: {
      type: 'Feature',
      id,
      geometry,
      ...(box && { bbox: wrappedBox(box) }),
      properties: { datetime: textOf(properties, 'datetime') || null, date, title }
    }
  };
}

function dateOf(properties: JsonRecord): string {
  const single = dayOf(textOf(properties, 'datetime'));
  const start = dayOf(textOf(properties, 'start_datetime'));
  const end = dayOf(textOf(properties, 'end_datetime'));
  return single || (start && end ? `${start} – ${end}` : start || end);
}

/** The request for the first items of a collection. */
export function itemsRequest(collection: string, { bbox, datetime }: Pick<IChoice, 'bbox' | 'datetime'>, limit = ON_A_PAGE): IPageRequest {
  return {
    path: pathOf('collections', collection, 'items'),
    query: {
      limit,
      ...(bbox && { bbox: wrappedBox(bbox).join(',') }),
      ...(datetime && { datetime: closedInterval(datetime) })
    }
  };
}

/** How many items a page tells that there are, or null. */
export function matchedOf(page: unknown): number | null {
  return numberOf(page, 'numberMatched') ?? numberOf(recordOf(page, 'context'), 'matched');
}

export class ItemList {
  constructor(
    private readonly backend: IBackend,
    first: IPageRequest
  ) {
    this.next = first;
  }

  readonly store = new Store<IItemList>({ items: [], state: 'loading', problem: null, matched: null, more: true });

  /** Ask for the next page, unless one is on its way. */
  async more(): Promise<void> {
    const asked = this.next;
    if (!asked || this.isAsking) {
      return;
    }
    this.isAsking = true;
    this.tell({ state: 'loading', problem: null });
    try {
      const page = await fetchPage(this.backend, asked, this.abort.signal);
      if (!isRecord(page) || !Array.isArray(page.features)) {
        throw new BackendError('rubbish', 'The server gave no list of items.');
      }
      this.next = nextPage(page, asked);
      const known = new Set(this.store.get().items.map(item => item.id));
      const items = listOf(page, 'features').flatMap(json => readItem(json) ?? []);
      this.tell({
        items: [...this.store.get().items, ...items.filter(item => !known.has(item.id))],
        state: 'ready',
        matched: matchedOf(page),
        more: this.next !== null
      });
    } catch (error) {
      this.tell({ state: 'failed', problem: asBackendError(error) });
    } finally {
      this.isAsking = false;
    }
  }

  dispose(): void {
    this.abort.abort();
  }

  private tell(change: Partial<IItemList>): void {
    if (!this.abort.signal.aborted) {
      this.store.set({ ...this.store.get(), ...change });
    }
  }

  private next: IPageRequest | null;
  private isAsking = false;
  private readonly abort = new AbortController();
}
