/** What a graph editor knows of its back-end: processes, collections, formats, and what the back-end says of the graph. */
import { asBackendError, BackendError, type IBackend, pathOf } from '../backend/backend';
import { isRecord, type JsonRecord, listOf, recordOf, textOf } from '../reading';
import type { GraphModel } from './graph';
import { pagesOf } from './paging';
import { type IProcess, ProcessCatalog, readProcess } from './processes';
import { Store } from './store';
import { readServerFaults } from './validation';

/** Pages that are asked for at most: a back-end whose last page names a next one never ends. */
const MOST_PAGES = 60;
const VALIDATION_DELAY = 600;

export interface IServicesState {
  readonly loading: boolean;
  /** Why the processes are not known. */
  readonly problem: BackendError | null;
  readonly collections: readonly string[];
  readonly formats: readonly string[];
  readonly runtimes: readonly string[];
  /** Whether the back-end checks graphs: not known yet, yes, no, or not at the moment. */
  readonly validation: 'unknown' | 'yes' | 'no' | 'away';
}

const UNKNOWN: IServicesState = {
  loading: true,
  problem: null,
  collections: [],
  formats: [],
  runtimes: [],
  validation: 'unknown'
};

/** Loads what one editor needs, and has its graph checked while it is edited. */
export class GraphServices {
  constructor(
    readonly backend: IBackend,
    private readonly model: GraphModel
  ) {}

  readonly store = new Store<IServicesState>(UNKNOWN);

  /** Start to load and to check; the function that is returned ends it. */
  start(): () => void {
    this.abort = new AbortController();
    const stop = this.model.versions.subscribe(() => {
      this.checkLater();
    });
    void this.load();
    return () => {
      stop();
      this.abort.abort();
      clearTimeout(this.timer);
    };
  }

  /** Ask again for what could not be had. */
  async load(): Promise<void> {
    this.set({ loading: true, problem: null });
    const { signal } = this.abort;
    const others = [this.loadCollections(), this.loadFormats(), this.loadRuntimes()];
    try {
      const predefined = (await this.pages('processes', 'processes')).flatMap(raw => readProcess(raw) ?? []);
      if (predefined.length === 0) {
        throw new BackendError('rubbish', 'The list of processes cannot be read.');
      }
      this.model.processes = new ProcessCatalog(predefined);
      this.set({ loading: false });
      await this.loadStored();
      this.checkLater();
    } catch (error) {
      if (!signal.aborted) {
        this.set({ loading: false, problem: asBackendError(error) });
      }
    }
    await Promise.all(others);
  }

  /** Read the user's stored processes again. */
  async loadStored(): Promise<void> {
    try {
      const stored = await this.pages('process_graphs', 'processes');
      const user = stored.flatMap(raw => readProcess(raw, 'user') ?? []);
      const predefined = this.model.processes.all.filter(({ namespace }) => namespace === null);
      if (!this.abort.signal.aborted && !sameProcesses(user, this.model.processes.all)) {
        this.model.processes = new ProcessCatalog([...predefined, ...user]);
      }
    } catch {
      // Who is not signed in has none, and neither has a back-end without this.
    }
  }

  /** All metadata of a collection, asked for once. */
  async describe(collection: string): Promise<JsonRecord> {
    let described = this.descriptions.get(collection);
    if (!described) {
      described = this.get(pathOf('collections', collection)).then(body => (isRecord(body) ? body : {}));
      this.descriptions.set(collection, described);
      described.catch(() => this.descriptions.delete(collection));
    }
    return described;
  }

  private checkLater(): void {
    clearTimeout(this.timer);
    const { document } = this.model;
    if (this.store.get().validation === 'no' || document === this.checked || Object.keys(document.process_graph).length === 0) {
      return;
    }
    this.timer = setTimeout(() => void this.check(), VALIDATION_DELAY);
  }

  private async check(): Promise<void> {
    const { document, process } = this.model;
    const { signal } = this.abort;
    this.checked = document;
    try {
      const { body } = await this.backend.request('validation', { method: 'POST', body: process, signal });
      this.set({ validation: 'yes' });
      this.model.setServerFaults(document, readServerFaults(body));
    } catch (error) {
      const { kind, message } = asBackendError(error);
      if (signal.aborted) {
        return;
      }
      if (kind === 'refused' && message) {
        // Some answer a graph that they cannot read with an error instead of a list of faults.
        const code = error instanceof BackendError ? error.code : '';
        this.model.setServerFaults(document, [{ path: [], code, message, severity: 'error', source: 'server' }]);
      }
      this.set({ validation: ABSENT.includes(kind) ? 'no' : kind === 'refused' ? 'yes' : 'away' });
      this.checked = kind === 'refused' ? document : null;
    }
  }

  private async loadCollections(): Promise<void> {
    try {
      const found = await this.pages('collections', 'collections');
      this.set({ collections: found.flatMap(one => textOf(one, 'id') || []) });
    } catch {
      // A collection can be typed.
    }
  }

  private async loadFormats(): Promise<void> {
    try {
      this.set({ formats: Object.keys(recordOf(await this.get('file_formats'), 'output')) });
    } catch {
      // A format can be typed.
    }
  }

  private async loadRuntimes(): Promise<void> {
    try {
      this.set({ runtimes: Object.keys((await this.get('udf_runtimes')) as JsonRecord) });
    } catch {
      // A runtime can be typed.
    }
  }

  private async pages(path: string, name: string): Promise<unknown[]> {
    const found: unknown[] = [];
    for await (const page of pagesOf(this.backend, { path }, { most: MOST_PAGES, signal: this.abort.signal })) {
      found.push(...listOf(page, name));
    }
    return found;
  }

  private async get(path: string): Promise<unknown> {
    return (await this.backend.request(path, { signal: this.abort.signal })).body;
  }

  private set(change: Partial<IServicesState>): void {
    this.store.set({ ...this.store.get(), ...change });
  }

  private abort = new AbortController();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private checked: unknown = null;
  private readonly descriptions = new Map<string, Promise<JsonRecord>>();
}

const ABSENT = ['missing', 'unsupported'];

function sameProcesses(stored: readonly IProcess[], all: readonly IProcess[]): boolean {
  const before = all.filter(({ namespace }) => namespace === 'user');
  return JSON.stringify(stored) === JSON.stringify(before);
}
