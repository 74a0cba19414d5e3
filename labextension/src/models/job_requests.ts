/** What is asked of a back-end about its batch jobs. */
import { BackendError, type IBackend, pathOf } from '../backend/backend';
import { isRecord, isSafeAddress, type JsonRecord, listOf, numberOf, recordOf, textOf, textsOf } from '../reading';
import { type IJob, readJob, readJobs } from './job';
import { type ILogEntry, type LogLevel, readLog } from './job_log';
import { fetchPage, type IPageRequest, nextPage, pagesOf } from './paging';

/** The first page of the list of jobs. */
const FIRST_PAGE: IPageRequest = { path: 'jobs', query: { limit: 100 } };

/** A part of the list of jobs. */
export interface IJobPage {
  readonly jobs: IJob[];
  /** Whether these are all jobs that there are. */
  readonly whole: boolean;
}

/** A file of a result. */
export interface IAsset {
  readonly name: string;
  readonly title: string;
  readonly type: string;
  /** In bytes; null where that is not told. */
  readonly size: number | null;
  /** An address with http or https; empty where there is no such. */
  readonly href: string;
}

/** What a job would take, as far as the back-end says so. */
export interface IEstimate {
  readonly seconds: number | null;
  readonly bytes: number | null;
  readonly costs: number | null;
}

export class JobRequests {
  constructor(private readonly backend: IBackend) {}

  /** All jobs, page by page. */
  async all(): Promise<IJob[]> {
    const found: unknown[] = [];
    for await (const page of pagesOf(this.backend, FIRST_PAGE)) {
      found.push(...jobsOf(page));
    }
    return readJobs(found);
  }

  /** The first page of the list, which holds the newest jobs on most back-ends. */
  async first(): Promise<IJobPage> {
    const page = await fetchPage(this.backend, FIRST_PAGE);
    return { jobs: readJobs(jobsOf(page)), whole: nextPage(page, FIRST_PAGE) === null };
  }

  /** All that the back-end tells of a job. */
  async describe(id: string): Promise<JsonRecord> {
    const { body } = await this.backend.request(pathOf('jobs', id));
    if (!isRecord(body)) {
      throw new BackendError('rubbish', 'The answer is no job.');
    }
    return body;
  }

  async get(id: string): Promise<IJob> {
    const job = readJob({ ...(await this.describe(id)), id });
    if (!job) {
      throw new BackendError('rubbish', 'The answer is no job.');
    }
    return job;
  }

  async start(id: string): Promise<void> {
    await this.backend.request(pathOf('jobs', id, 'results'), { method: 'POST' });
  }

  async cancel(id: string): Promise<void> {
    await this.backend.request(pathOf('jobs', id, 'results'), { method: 'DELETE' });
  }

  async remove(id: string): Promise<void> {
    await this.backend.request(pathOf('jobs', id), { method: 'DELETE' });
  }

  async rename(id: string, title: string): Promise<void> {
    await this.backend.request(pathOf('jobs', id), { method: 'PATCH', body: { title: title || null } });
  }

  /** Make a job with the same process, and return its id; it waits until it is started. */
  async duplicate(id: string, title: string): Promise<string> {
    const job = await this.describe(id);
    const process = processOf(job);
    const kept = ['description', 'plan', 'budget', 'log_level'].filter(name => job[name] !== undefined && job[name] !== null);
    const fields = Object.fromEntries(kept.map(name => [name, job[name]]));
    const { headers, body } = await this.backend.request('jobs', { method: 'POST', body: { ...fields, title, process } });
    const location = headers.location?.split('?')[0]?.replace(/\/$/, '').split('/').pop() ?? '';
    return headers['openeo-identifier'] ?? (textOf(body, 'id') || decodeURIComponent(location));
  }

  /** The process of a job, to be opened in a graph editor. */
  async process(id: string): Promise<JsonRecord> {
    return processOf(await this.describe(id));
  }

  /** Entries of the log after that with the id `after`, of a severity; older back-ends send the others as well. */
  async logs(id: string, level: LogLevel, after = ''): Promise<ILogEntry[]> {
    const entries: ILogEntry[] = [];
    const first = { path: pathOf('jobs', id, 'logs'), query: { level, ...(after && { offset: after }) } };
    for await (const page of pagesOf(this.backend, first)) {
      entries.push(...readLog(listOf(page, 'logs'), level));
    }
    return entries;
  }

  /** The files that a finished job has made. */
  async results(id: string): Promise<IAsset[]> {
    const { body } = await this.backend.request(pathOf('jobs', id, 'results'));
    return Object.entries(recordOf(body, 'assets')).map(([name, asset]) => readAsset(name, asset));
  }

  /** What a job would take; null where the back-end makes no estimates. */
  async estimate(id: string): Promise<IEstimate | null> {
    try {
      const { body } = await this.backend.request(pathOf('jobs', id, 'estimate'));
      const seconds = secondsOf(textOf(body, 'duration'));
      return { seconds, bytes: numberOf(body, 'size'), costs: numberOf(body, 'costs') };
    } catch (error) {
      if (error instanceof BackendError && (error.kind === 'unsupported' || error.kind === 'missing')) {
        return null;
      }
      throw error;
    }
  }
}

/** The seconds of an ISO 8601 duration; null for what is none. */
export function secondsOf(duration: string): number | null {
  const match = /^P(?:(\d+)D)?(?:T(?:([\d.]+)H)?(?:([\d.]+)M)?(?:([\d.]+)S)?)?$/.exec(duration);
  if (!match || duration.length < 3) {
    return null;
  }
  const [days, hours, minutes, seconds] = match.slice(1).map(part => Number(part || 0));
  return (days ?? 0) * 86_400 + (hours ?? 0) * 3600 + (minutes ?? 0) * 60 + (seconds ?? 0);
}

function jobsOf(body: unknown): unknown[] {
  if (!isRecord(body) || !Array.isArray(body.jobs)) {
    throw new BackendError('rubbish', 'The answer is no list of jobs.');
  }
  return body.jobs as unknown[];
}

function processOf(job: JsonRecord): JsonRecord {
  const process = recordOf(job, 'process');
  if (!isRecord(process.process_graph)) {
    throw new BackendError('refused', 'This job has no process graph.');
  }
  return process;
}

function readAsset(name: string, asset: unknown): IAsset {
  const href = textOf(asset, 'href');
  return {
    name,
    title: textOf(asset, 'title') || name,
    type: textOf(asset, 'type') || textsOf(asset, 'roles').join(', '),
    size: numberOf(asset, 'file:size'),
    href: isSafeAddress(href) ? href : ''
  };
}
