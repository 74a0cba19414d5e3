/** A small client of the data-cube service at `<base_url>gdc/`. */
import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

import type { JobChange } from './jobs';
import { isRecord, textOf } from './reading';
import { type IJob, JOB_STATUSES, type JobStatus } from './tokens';

/** An answer of the service that is not a success. */
export class ApiError extends Error {
  constructor(
    message: string,
    readonly status: number,
    readonly code: string
  ) {
    super(message);
    this.name = 'ApiError';
  }
}

/** Requests to the service with the page's own credentials. */
export class Api {
  constructor(private readonly settings: ServerConnection.ISettings = ServerConnection.makeSettings()) {}

  /** The user's newest jobs. */
  async jobs(limit = 50): Promise<IJob[]> {
    return parseJobs(await this.request(`jobs?limit=${limit}`));
  }

  /** Stop a job that is queued or running. */
  async cancel(id: string): Promise<void> {
    await this.request(`jobs/${encodeURIComponent(id)}/results`, { method: 'DELETE' });
  }

  private async request(path: string, init: RequestInit = {}): Promise<unknown> {
    const url = URLExt.join(this.settings.baseUrl, 'gdc', path);
    const response = await ServerConnection.makeRequest(url, init, this.settings);
    const text = await response.text();
    const body = parseBody(text);
    if (!response.ok) {
      throw new ApiError(
        textOf(body, 'message') || response.statusText || `HTTP ${response.status}`,
        response.status,
        textOf(body, 'code')
      );
    }
    return body;
  }
}

/** Read the answer of `GET /jobs`; entries that are no jobs are left out. */
export function parseJobs(body: unknown): IJob[] {
  const jobs = isRecord(body) && Array.isArray(body.jobs) ? (body.jobs as unknown[]) : [];
  return jobs.flatMap(job => {
    const id = textOf(job, 'id');
    const status = textOf(job, 'status');
    if (!isRecord(job) || !id || !isStatus(status)) {
      return [];
    }
    const title = textOf(job, 'title') || id.slice(0, 8);
    const updated = textOf(job, 'updated') || textOf(job, 'created');
    const progress = typeof job.progress === 'number' ? Math.min(100, Math.max(0, job.progress)) : null;
    return [{ id, title, status, progress, updated }];
  });
}

/** The schema of the event that a changed job emits. */
const JOB_EVENT = 'urn:gdc-jupyter:job:1';

/** Read a pushed event; null where it is not about a job. */
export function parseEvent(event: unknown): JobChange | null {
  const status = textOf(event, 'status');
  if (!isRecord(event) || textOf(event, 'schema_id') !== JOB_EVENT || !isStatus(status)) {
    return null;
  }
  return { id: textOf(event, 'id'), status, progress: typeof event.progress === 'number' ? event.progress : null };
}

function parseBody(text: string): unknown {
  try {
    return text ? (JSON.parse(text) as unknown) : null;
  } catch {
    return null;
  }
}

function isStatus(value: string): value is JobStatus {
  return (JOB_STATUSES as readonly string[]).includes(value);
}
