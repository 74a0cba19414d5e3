/** Which jobs of a list are shown, and in which order. */
import { type IJob, isActive, nameOf } from './job';

export const JOB_ORDERS = ['newest', 'changed', 'name', 'status'] as const;

export type JobOrder = (typeof JOB_ORDERS)[number];

export const JOB_GROUPS = ['all', 'active', 'created', 'finished', 'error', 'canceled'] as const;

export type JobGroup = (typeof JOB_GROUPS)[number];

export interface IJobFilter {
  /** Words that must be in the name, the id or the status. */
  text: string;
  group: JobGroup;
}

export function filterJobs(jobs: readonly IJob[], { text, group }: IJobFilter): IJob[] {
  const words = text.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  return jobs.filter(job => inGroup(job, group) && hasWords(job, words));
}

/** Sort jobs; those that are equal in it are sorted by their age, the newest first, and by their id. */
export function sortJobs(jobs: readonly IJob[], order: JobOrder): IJob[] {
  const first = COMPARISONS[order];
  return [...jobs].sort((a, b) => first(a, b) || descending(a.created, b.created) || descending(a.id, b.id));
}

/** How many jobs are in each group. */
export function countJobs(jobs: readonly IJob[]): Record<JobGroup, number> {
  const counts = Object.fromEntries(JOB_GROUPS.map(group => [group, 0])) as Record<JobGroup, number>;
  for (const job of jobs) {
    for (const group of JOB_GROUPS) {
      counts[group] += Number(inGroup(job, group));
    }
  }
  return counts;
}

/** The jobs from one to another as they are shown, for a selection with the shift key. */
export function spanOf(jobs: readonly IJob[], from: string, to: string): string[] {
  const start = jobs.findIndex(job => job.id === from);
  const end = jobs.findIndex(job => job.id === to);
  if (start < 0 || end < 0) {
    return [to];
  }
  return jobs.slice(Math.min(start, end), Math.max(start, end) + 1).map(job => job.id);
}

const RANKS: Readonly<Record<string, number>> = { running: 0, queued: 1, created: 2, error: 3, canceled: 4, finished: 5 };

const COMPARISONS: Readonly<Record<JobOrder, (a: IJob, b: IJob) => number>> = {
  newest: () => 0,
  changed: (a, b) => descending(a.updated, b.updated),
  name: (a, b) => nameOf(a).localeCompare(nameOf(b), undefined, { numeric: true }),
  status: (a, b) => (RANKS[a.status] ?? 6) - (RANKS[b.status] ?? 6)
};

function descending(a: string, b: string): number {
  return a === b ? 0 : a < b ? 1 : -1;
}

function inGroup(job: IJob, group: JobGroup): boolean {
  return group === 'all' || (group === 'active' ? isActive(job) : job.status === group);
}

function hasWords(job: IJob, words: readonly string[]): boolean {
  const text = `${job.title} ${job.id} ${job.status}`.toLocaleLowerCase();
  return words.every(word => text.includes(word));
}
