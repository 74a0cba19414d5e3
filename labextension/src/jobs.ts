/** The jobs of the user, asked for often while something runs and seldom while nothing does. */
import { type IDisposable } from '@lumino/disposable';
import { Poll } from '@lumino/polling';
import { type ISignal, Signal } from '@lumino/signaling';

import type { Api } from './api';
import type { IJob, IJobs } from './tokens';

/** What the server pushes when a job has changed. */
export type JobChange = Pick<IJob, 'id' | 'status' | 'progress'>;

/** Milliseconds between two requests. */
export interface IIntervals {
  running: number;
  idle: number;
}

const SLOWEST = 300_000;

export class JobsModel implements IJobs, IDisposable {
  constructor(api: Pick<Api, 'jobs' | 'cancel'>, intervals: IIntervals = { running: 2000, idle: 10_000 }) {
    this.api = api;
    this.intervals = intervals;
    this.poll = new Poll({
      name: 'gdc-jupyter:jobs',
      auto: false,
      factory: () => this.load(),
      frequency: { interval: intervals.idle, backoff: true, max: SLOWEST },
      standby: 'when-hidden'
    });
  }

  get jobs(): readonly IJob[] {
    return this.list;
  }

  get active(): readonly IJob[] {
    return this.list.filter(isActive);
  }

  get progress(): number {
    const active = this.active;
    const sum = active.reduce((total, job) => total + (job.progress ?? 0), 0);
    return active.length ? sum / active.length : 0;
  }

  get available(): boolean {
    return this.answered && !this.failure;
  }

  get failure(): string {
    return this.reason;
  }

  get changed(): ISignal<this, void> {
    return this.signal;
  }

  get isDisposed(): boolean {
    return this.poll.isDisposed;
  }

  /** Begin to ask; nothing is sent before. */
  async start(): Promise<void> {
    await this.poll.start();
  }

  /** Ask at another pace from now on. */
  setIntervals(intervals: IIntervals): void {
    this.intervals = intervals;
    this.setPace();
  }

  async refresh(): Promise<void> {
    await this.poll.refresh();
    await this.poll.tick.catch(() => undefined);
  }

  /** Take over a change that the server has pushed. Everybody's changes are pushed: an unknown job is asked about once. */
  notice({ id, status, progress }: JobChange): void {
    if (this.list.some(job => job.id === id)) {
      const updated = new Date().toISOString();
      this.update(sortJobs(this.list.map(job => (job.id === id ? { ...job, status, progress, updated } : job))), '');
    } else if (!this.strangers.has(id)) {
      this.strangers.add(id);
      void this.refresh();
    }
  }

  async cancel(id: string): Promise<void> {
    await this.api.cancel(id);
    await this.refresh();
  }

  dispose(): void {
    this.poll.dispose();
    Signal.clearData(this);
  }

  private async load(): Promise<void> {
    try {
      this.update(sortJobs(await this.api.jobs()), '');
    } catch (error) {
      this.update(this.list, error instanceof Error ? error.message : String(error));
      throw error;
    }
  }

  private update(list: IJob[], failure: string): void {
    const before = JSON.stringify([this.list, this.reason, this.answered]);
    this.list = list;
    this.reason = failure;
    this.answered = true;
    this.setPace();
    if (JSON.stringify([list, failure, true]) !== before) {
      this.signal.emit();
    }
  }

  private setPace(): void {
    const interval = this.active.length ? this.intervals.running : this.intervals.idle;
    if (interval !== this.poll.frequency.interval) {
      this.poll.frequency = { interval, backoff: true, max: SLOWEST };
    }
  }

  private readonly api: Pick<Api, 'jobs' | 'cancel'>;
  private readonly poll: Poll;
  private readonly signal = new Signal<this, void>(this);
  private intervals: IIntervals;
  private list: IJob[] = [];
  private readonly strangers = new Set<string>();
  private reason = '';
  private answered = false;
}

/** Whether a job waits or works. */
export function isActive(job: IJob): boolean {
  return job.status === 'queued' || job.status === 'running';
}

/** Running jobs first, then queued ones, then the rest; the newest first in each. */
export function sortJobs(jobs: readonly IJob[]): IJob[] {
  const rank = (job: IJob): number => (job.status === 'running' ? 0 : job.status === 'queued' ? 1 : 2);
  return [...jobs].sort((a, b) => rank(a) - rank(b) || b.updated.localeCompare(a.updated));
}
