/** The collections of several back-ends as one list that fills page by page. */
import { asBackendError, BackendError, type IBackend, pathOf } from '../backend/backend';
import { isRecord, listOf } from '../reading';
import { type ICapabilities, readCapabilities, tellsConformance, UNKNOWN } from './capabilities';
import { type ICollection, merged, readCollection } from './collections';
import { fetchPage, type IPageRequest, nextPage } from './paging';
import { Store } from './store';

/** How many collections of one back-end are listed. */
export const MOST_COLLECTIONS = 10_000;
const ON_A_PAGE = 100;

export interface ISourceState {
  readonly id: string;
  readonly title: string;
  readonly state: 'loading' | 'ready' | 'failed';
  readonly problem: BackendError | null;
  /** How many collections have come so far. */
  readonly loaded: number;
  /** Whether there are more than are listed. */
  readonly cut: boolean;
  readonly capabilities: ICapabilities;
}

export interface ICollectionList {
  readonly rows: readonly ICollection[];
  readonly sources: readonly ISourceState[];
}

interface IProgress {
  state: ISourceState;
  rows: ICollection[];
  /** What is asked next; where it failed, with this it goes on. */
  next: IPageRequest | null;
}

/** Loads the collections of back-ends, all of them at once, and keeps what came when one of them fails. */
export class CollectionList {
  /**
   * @param before - a list of partly the same back-ends, whose collections stay until the new answers are there
   */
  constructor(
    private readonly backends: readonly IBackend[],
    before?: CollectionList
  ) {
    this.progress = new Map(backends.map(backend => [backend.id, before?.progressOf(backend) ?? begun(backend)]));
    this.store = new Store<ICollectionList>(this.summary());
  }

  readonly store: Store<ICollectionList>;

  /** Ask every back-end from its first page on; what was listed stays until its answer is there. */
  load(): void {
    this.abort.abort();
    this.abort = new AbortController();
    for (const backend of this.backends) {
      void this.run(backend, true);
    }
  }

  /** Go on with a back-end that failed. */
  retry(id: string): void {
    const backend = this.backends.find(one => one.id === id);
    if (backend && this.progress.get(id)?.state.state === 'failed') {
      void this.run(backend, false);
    }
  }

  /** All the metadata of one collection: the lists of some back-ends leave things out. */
  async describe(row: ICollection, signal?: AbortSignal): Promise<ICollection> {
    const told = await Promise.allSettled(
      this.backends
        .filter(backend => row.sources.includes(backend.id))
        .map(async backend => {
          const { body } = await backend.request(pathOf('collections', row.id), { signal });
          return readCollection(body, backend, this.capabilitiesOf(backend.id));
        })
    );
    const described = told.flatMap(one => (one.status === 'fulfilled' && one.value ? [one.value] : []));
    if (!described.length) {
      const failed = told.find(one => one.status === 'rejected');
      throw failed ? asBackendError(failed.reason) : new BackendError('rubbish', 'The description cannot be read.');
    }
    return merged(described.reduce(merged), row);
  }

  capabilitiesOf(id: string): ICapabilities {
    return this.progress.get(id)?.state.capabilities ?? UNKNOWN;
  }

  dispose(): void {
    this.abort.abort();
  }

  private progressOf(backend: IBackend): IProgress | undefined {
    return this.backends.includes(backend) ? this.progress.get(backend.id) : undefined;
  }

  private async run(backend: IBackend, anew: boolean): Promise<void> {
    const { signal } = this.abort;
    const before = this.progress.get(backend.id) ?? begun(backend);
    const progress: IProgress = anew ? { ...begun(backend), rows: [] } : before;
    progress.state = { ...progress.state, state: 'loading', problem: null };
    this.tell(backend.id, anew && before.rows.length ? { ...progress, rows: before.rows } : progress);
    try {
      if (progress.state.capabilities === UNKNOWN) {
        progress.state = { ...progress.state, capabilities: await this.capabilities(backend, signal) };
        progress.next = firstPage(progress.state.capabilities);
      }
      while (progress.next && progress.rows.length < MOST_COLLECTIONS) {
        await this.page(backend, progress, signal);
        this.tell(backend.id, progress);
      }
      progress.state = { ...progress.state, state: 'ready', cut: progress.next !== null };
    } catch (error) {
      progress.rows = progress.rows.length ? progress.rows : before.rows;
      progress.state = { ...progress.state, state: 'failed', problem: asBackendError(error), loaded: progress.rows.length };
    }
    if (!signal.aborted) {
      this.tell(backend.id, progress);
    }
  }

  private async page(backend: IBackend, progress: IProgress, signal: AbortSignal): Promise<void> {
    const asked = progress.next ?? { path: 'collections' };
    const body = await fetchPage(backend, asked, signal);
    if (!isRecord(body) || !Array.isArray(body.collections)) {
      throw new BackendError('rubbish', 'The server gave no list of collections.');
    }
    const { capabilities } = progress.state;
    const rows = listOf(body, 'collections').flatMap(json => readCollection(json, backend, capabilities) ?? []);
    progress.rows = [...progress.rows, ...rows].slice(0, MOST_COLLECTIONS);
    progress.next = nextPage(body, asked);
    progress.state = { ...progress.state, loaded: progress.rows.length };
  }

  private async capabilities(backend: IBackend, signal: AbortSignal): Promise<ICapabilities> {
    const landing = (await backend.request('', { signal })).body;
    if (tellsConformance(landing)) {
      return readCapabilities(landing);
    }
    try {
      return readCapabilities(landing, (await backend.request('conformance', { signal })).body);
    } catch {
      // Old back-ends have no such page.
      return readCapabilities(landing);
    }
  }

  private tell(id: string, progress: IProgress): void {
    if (!this.abort.signal.aborted) {
      this.progress.set(id, progress);
      this.store.set(this.summary());
    }
  }

  private summary(): ICollectionList {
    const all = this.backends.map(backend => this.progress.get(backend.id) ?? begun(backend));
    return { rows: mergedRows(all.map(one => one.rows)), sources: all.map(one => one.state) };
  }

  private readonly progress: Map<string, IProgress>;
  private abort = new AbortController();
}

function begun(backend: IBackend): IProgress {
  const { id, title } = backend;
  return {
    state: { id, title, state: 'loading', problem: null, loaded: 0, cut: false, capabilities: UNKNOWN },
    rows: [],
    next: null
  };
}

function firstPage(can: ICapabilities): IPageRequest {
  // openEO gives all of them where no limit is asked for; STAC APIs give ten or so.
  return can.openeo ? { path: 'collections' } : { path: 'collections', query: { limit: ON_A_PAGE } };
}

function mergedRows(lists: readonly (readonly ICollection[])[]): ICollection[] {
  const rows = new Map<string, ICollection>();
  for (const row of lists.flat()) {
    const known = rows.get(row.key);
    rows.set(row.key, known ? merged(known, row) : row);
  }
  return [...rows.values()];
}
