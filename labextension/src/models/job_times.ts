/** How long jobs have run, and how long they will, for back-ends that tell neither. */
import { type IJob, isEnded } from './job';

/** How fast an old rate is forgotten: after so many seconds a third of it is left. */
const MEMORY = 15;
/** What must be seen of a job before anything is said of its end: percent, and seconds. */
const LEAST_PROGRESS = 1;
const LEAST_SECONDS = 2;

/** Remembers when each job was first seen to run. */
export class Stopwatch {
  /** The jobs of a whole list, each with its beginning; a job that runs in a later list has only just begun. */
  note(jobs: readonly IJob[], now: number): IJob[] {
    const noted = jobs.map(job => ({ ...job, started: this.startOf(job, now) }));
    this.first = false;
    return noted;
  }

  private startOf(job: IJob, now: number): number | null {
    if (job.status === 'created' || job.status === 'queued') {
      this.since.delete(job.id);
      return null;
    }
    const known = this.since.get(job.id);
    if (job.started !== null || known !== undefined || job.status !== 'running') {
      return job.started ?? known ?? null;
    }
    const changed = Date.parse(job.updated);
    const start = this.first && !Number.isNaN(changed) ? Math.min(changed, now) : now;
    this.since.set(job.id, start);
    return start;
  }

  private readonly since = new Map<string, number>();
  private first = true;
}

/** The seconds that a job has run by a time in milliseconds since 1970; null where it has not, or nobody knows. */
export function elapsedOf(job: IJob, now: number): number | null {
  if (job.status === 'running') {
    return job.started === null ? job.duration : Math.max(0, (now - job.started) / 1000);
  }
  if (!isEnded(job)) {
    return null;
  }
  if (job.duration !== null) {
    return job.duration;
  }
  const seconds = (Date.parse(job.updated) - (job.started ?? Date.parse(job.created))) / 1000;
  return Number.isNaN(seconds) ? null : Math.max(0, seconds);
}

interface IPace {
  readonly progress: number;
  /** When that was seen, in milliseconds since 1970. */
  readonly seen: number;
  /** Percent a second. */
  readonly rate: number | null;
}

/** Learns from the progress of jobs how fast they go. */
export class ProgressRates {
  note(jobs: readonly IJob[], now: number): void {
    const running = jobs.filter(job => job.status === 'running' && job.progress !== null);
    const ids = new Set(running.map(job => job.id));
    for (const id of this.paces.keys()) {
      if (!ids.has(id)) {
        this.paces.delete(id);
      }
    }
    for (const job of running) {
      this.paces.set(job.id, this.paceOf(job, now));
    }
  }

  /** About how many seconds a job still needs; null where nothing can be said yet. */
  remaining(job: IJob, now: number): number | null {
    const pace = this.paces.get(job.id);
    const elapsed = elapsedOf(job, now);
    if (!pace?.rate || elapsed === null || elapsed < LEAST_SECONDS || pace.progress < LEAST_PROGRESS) {
      return null;
    }
    return Math.max(1, (100 - pace.progress) / pace.rate - (now - pace.seen) / 1000);
  }

  private paceOf(job: IJob, now: number): IPace {
    const progress = job.progress ?? 0;
    const before = this.paces.get(job.id);
    const whole = wholeRate(job, progress, now);
    if (!before || progress < before.progress) {
      return { progress, seen: now, rate: whole };
    }
    const seconds = (now - before.seen) / 1000;
    if (progress === before.progress || seconds <= 0) {
      return before;
    }
    const rate = (progress - before.progress) / seconds;
    const kept = Math.exp(-seconds / MEMORY);
    const old = before.rate ?? whole ?? rate;
    return { progress, seen: now, rate: old * kept + rate * (1 - kept) };
  }

  private readonly paces = new Map<string, IPace>();
}

/** The mean rate since the beginning, where that is known. */
function wholeRate(job: IJob, progress: number, now: number): number | null {
  const elapsed = elapsedOf(job, now);
  return elapsed !== null && elapsed >= LEAST_SECONDS && progress > 0 ? progress / elapsed : null;
}
