/** Batch jobs, read from what any back-end tells of them. */
import { isRecord, numberOf, recordOf, textOf } from '../reading';

/** The states that openEO knows; a back-end may say something else. */
export const JOB_STATUSES = ['created', 'queued', 'running', 'canceled', 'finished', 'error'] as const;

export type JobStatus = (typeof JOB_STATUSES)[number];

/** A batch job, as the list of jobs tells of it. */
export interface IJob {
  readonly id: string;
  /** The title that it was given; empty where it has none. */
  readonly title: string;
  /** One of `JOB_STATUSES`, or whatever else the back-end says. */
  readonly status: string;
  /** In percent; null where the back-end does not say. */
  readonly progress: number | null;
  /** When it was made, RFC 3339. */
  readonly created: string;
  /** When it was last changed, RFC 3339. */
  readonly updated: string;
  /** When it began to run, in milliseconds since 1970; null where that is not known. */
  readonly started: number | null;
  /** The seconds that it ran; null where that is not known. */
  readonly duration: number | null;
}

/** The states of OGC executions, which a list of jobs may hold as well. */
const OGC_STATES: Readonly<Record<string, JobStatus>> = {
  accepted: 'queued',
  successful: 'finished',
  failed: 'error',
  dismissed: 'canceled'
};

const SECONDS: Readonly<Record<string, number>> = { s: 1, seconds: 1, min: 60, minutes: 60, h: 3600, hours: 3600 };

/** What people call a job. */
export function nameOf({ title, id }: Pick<IJob, 'id' | 'title'>): string {
  return title || id;
}

/** Whether a job waits or works. */
export function isActive({ status }: Pick<IJob, 'status'>): boolean {
  return status === 'queued' || status === 'running';
}

/** Whether a job has come to an end that it will not leave by itself. */
export function isEnded({ status }: Pick<IJob, 'status'>): boolean {
  return status === 'finished' || status === 'error' || status === 'canceled';
}

export function isKnownStatus(status: string): status is JobStatus {
  return (JOB_STATUSES as readonly string[]).includes(status);
}

/** Read a job; null for what is none. */
export function readJob(value: unknown): IJob | null {
  const id = textOf(value, 'id') || textOf(value, 'jobID');
  if (!isRecord(value) || !id) {
    return null;
  }
  const told = textOf(value, 'status') || 'unknown';
  const status = OGC_STATES[told] ?? told;
  const created = textOf(value, 'created');
  return {
    id,
    title: textOf(value, 'title'),
    status,
    progress: progressOf(value, status),
    created,
    updated: textOf(value, 'updated') || created,
    started: momentOf(value, 'started'),
    duration: durationOf(value)
  };
}

/** The jobs of a list; entries that are none are left out, and the later of two with one id. */
export function readJobs(list: readonly unknown[]): IJob[] {
  const seen = new Map<string, IJob>();
  for (const entry of list) {
    const job = readJob(entry);
    if (job && !seen.has(job.id)) {
      seen.set(job.id, job);
    }
  }
  return [...seen.values()];
}

function progressOf(value: unknown, status: string): number | null {
  if (status === 'finished') {
    return 100;
  }
  const progress = numberOf(value, 'progress');
  return progress === null ? null : Math.min(100, Math.max(0, progress));
}

function durationOf(value: unknown): number | null {
  const duration = recordOf(recordOf(value, 'usage'), 'duration');
  const seconds = SECONDS[textOf(duration, 'unit') || 's'];
  const number = numberOf(duration, 'value');
  return seconds === undefined || number === null ? null : number * seconds;
}

/** The time under a key: RFC 3339, or seconds since 1970. */
function momentOf(value: unknown, key: string): number | null {
  const seconds = numberOf(value, key);
  const moment = seconds === null ? Date.parse(textOf(value, key)) : seconds * 1000;
  return Number.isNaN(moment) ? null : moment;
}
