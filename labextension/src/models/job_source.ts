/** Where the table of jobs gets its jobs from, and what it does with them: by the kernel in widgets, by the page in panels. */
import type { BackendError } from '../backend/backend';
import { type IJob, isEnded, nameOf } from './job';
import type { JobRequests } from './job_requests';

/** The jobs as they are known now; another object when anything has changed. */
export interface IJobsState {
  /** In no certain order. */
  readonly jobs: readonly IJob[];
  /** Whether the back-end has ever answered. */
  readonly loaded: boolean;
  /** Why it did not answer at last. */
  readonly problem: BackendError | null;
}

export interface IJobSource {
  /** What people call the back-end. */
  readonly server: string;
  /** The id of the back-end, where its user can sign in to it. */
  readonly backend: string;
  readonly requests: JobRequests;
  state(): IJobsState;
  /** Be told of changes; what is returned ends it. */
  subscribe(listener: () => void): () => void;
  /** Ask the back-end now. */
  refresh(): void;
}

/** What became of a job while one looked: it began to run, or it ended. */
export interface IJobChange {
  readonly job: IJob;
  readonly before: string;
}

/** The jobs whose status is another one than before; those that are new are not among them. */
export function changesOf(before: readonly IJob[], after: readonly IJob[]): IJobChange[] {
  const statuses = new Map(before.map(job => [job.id, job.status]));
  return after.flatMap(job => {
    const old = statuses.get(job.id);
    return old !== undefined && old !== job.status ? [{ job, before: old }] : [];
  });
}

/** The changes by which a job that waited or ran has ended by itself. */
export function endingsOf(changes: readonly IJobChange[]): IJob[] {
  return changes
    .filter(({ job, before }) => isEnded(job) && job.status !== 'canceled' && (before === 'running' || before === 'queued'))
    .map(({ job }) => job);
}

/** What has come of an action on several jobs. */
export interface IOutcome {
  readonly done: readonly IJob[];
  readonly failed: readonly { job: IJob; reason: string }[];
}

/** Requests that are on their way at a time. */
const AT_ONCE = 4;

/** Do something with several jobs; one that fails does not hold up the others. */
export async function forEach(jobs: readonly IJob[], act: (job: IJob) => Promise<void>): Promise<IOutcome> {
  const waiting = [...jobs];
  const done: IJob[] = [];
  const failed: { job: IJob; reason: string }[] = [];
  const work = async (): Promise<void> => {
    for (let job = waiting.shift(); job; job = waiting.shift()) {
      try {
        await act(job);
        done.push(job);
      } catch (error) {
        failed.push({ job, reason: error instanceof Error ? error.message : String(error) });
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return { done, failed };
}

/** What failed, as text: `Name: reason`. */
export function failuresOf({ failed }: IOutcome): string {
  return failed.map(({ job, reason }) => `${nameOf(job)}: ${reason}`).join('\n');
}
