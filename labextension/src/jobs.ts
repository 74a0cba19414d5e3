/** The jobs of the user on a back-end, asked for often while something runs and seldom while nothing does. */
import { type IDisposable } from '@lumino/disposable';
import { Poll } from '@lumino/polling';
import { type ISignal, Signal } from '@lumino/signaling';

import { asBackendError, BackendError, type IBackend } from './backend/backend';
import { type IJob, isActive, isEnded } from './models/job';
import type { LogLevel } from './models/job_log';
import { type IAsset, type IEstimate, JobRequests } from './models/job_requests';
import type { ILogEntry } from './models/job_log';
import type { IJobsState, IJobSource } from './models/job_source';
import { Stopwatch } from './models/job_times';
import { isRecord, numberOf, textOf } from './reading';
import type { IIntervals, IJobs } from './tokens';

/** What the server pushes when a job has changed. */
export type JobChange = Pick<IJob, 'id' | 'status' | 'progress'>;

interface IJobsModelOptions {
  intervals?: IIntervals;
  /** What to do when the back-end wants a login, where it cannot be given here. */
  signIn?: string;
}

const SLOWEST = 300_000;
/** A whole list of many pages is asked for again after this many milliseconds. */
const WHOLE_EVERY = 15_000;
/** Jobs at work that are asked about one by one, since they are not on the first page. */
const MOST_DESCRIBED = 10;
/** The schema of the event that a changed job emits. */
const JOB_EVENT = 'urn:gdc-jupyter:job:1';

export class JobsModel implements IJobs, IDisposable {
  constructor(backend: IBackend, { intervals = { running: 2000, idle: 10_000 }, signIn = '' }: IJobsModelOptions = {}) {
    this.requests = new JobRequests(backend);
    this.source = {
      server: backend.title,
      // Where the login is that of the page, nobody can sign in to the back-end alone.
      backend: signIn ? '' : backend.id,
      requests: this.requests,
      state: () => this.known,
      subscribe: listener => {
        this.signal.connect(listener);
        return () => {
          this.signal.disconnect(listener);
        };
      },
      refresh: () => void this.refresh()
    };
    this.pace = intervals;
    this.signIn = signIn;
    this.poll = new Poll({
      name: `gdc-jupyter:jobs ${backend.id}`,
      auto: false,
      factory: () => this.load(),
      frequency: { interval: intervals.idle, backoff: true, max: SLOWEST },
      standby: 'when-hidden'
    });
  }

  readonly source: IJobSource;

  get jobs(): readonly IJob[] {
    return this.known.jobs;
  }

  get active(): readonly IJob[] {
    return this.jobs.filter(isActive);
  }

  get progress(): number {
    const active = this.active;
    const sum = active.reduce((total, job) => total + (job.progress ?? 0), 0);
    return active.length ? sum / active.length : 0;
  }

  get available(): boolean {
    return this.known.loaded && !this.known.problem;
  }

  get failure(): string {
    return this.known.problem?.message ?? '';
  }

  get changed(): ISignal<this, void> {
    return this.signal;
  }

  get isDisposed(): boolean {
    return this.poll.isDisposed;
  }

  /** Begin to ask; nothing is sent before. */
  async begin(): Promise<void> {
    await this.poll.start();
  }

  get intervals(): IIntervals {
    return this.pace;
  }

  /** Ask at another pace from now on. */
  setIntervals(intervals: IIntervals): void {
    if (intervals.running !== this.pace.running || intervals.idle !== this.pace.idle) {
      this.pace = intervals;
      this.setPace();
    }
  }

  async refresh(): Promise<void> {
    this.wholeAt = 0;
    await this.poll.refresh();
    await this.poll.tick.catch(() => undefined);
  }

  /**
   * Take over a change that the server has pushed. Everybody's changes are pushed: an unknown job is asked about once,
   * and one that has ended for what the event does not tell.
   */
  notice({ id, status, progress }: JobChange): void {
    const job = this.jobs.find(each => each.id === id);
    if (!job) {
      if (!this.strangers.has(id)) {
        this.strangers.add(id);
        void this.refresh();
      }
      return;
    }
    const hasEnded = status !== job.status && isEnded({ status });
    const updated = status === job.status ? job.updated : new Date().toISOString();
    const changed = { ...job, status, progress: status === 'finished' ? 100 : progress, updated };
    this.update(this.watch.note(this.jobs.map(each => (each === job ? changed : each)), Date.now()), null);
    if (hasEnded) {
      void this.refresh();
    }
  }

  start(id: string): Promise<void> {
    return this.acting(this.requests.start(id));
  }

  cancel(id: string): Promise<void> {
    return this.acting(this.requests.cancel(id));
  }

  remove(id: string): Promise<void> {
    return this.acting(this.requests.remove(id));
  }

  rename(id: string, title: string): Promise<void> {
    return this.acting(this.requests.rename(id, title));
  }

  duplicate(id: string, title: string): Promise<string> {
    return this.acting(this.requests.duplicate(id, title));
  }

  logs(id: string, level: LogLevel, after?: string): Promise<ILogEntry[]> {
    return this.requests.logs(id, level, after);
  }

  results(id: string): Promise<IAsset[]> {
    return this.requests.results(id);
  }

  estimate(id: string): Promise<IEstimate | null> {
    return this.requests.estimate(id);
  }

  dispose(): void {
    this.poll.dispose();
    Signal.clearData(this);
  }

  private async acting<T>(action: Promise<T>): Promise<T> {
    const done = await action;
    await this.refresh();
    return done;
  }

  private async load(): Promise<void> {
    try {
      this.update(this.watch.note(await this.look(), Date.now()), null);
    } catch (error) {
      const problem = this.inWords(asBackendError(error));
      this.update(this.jobs, problem);
      if (problem.kind === 'unsupported') {
        // It will not have jobs at the next look either.
        void this.poll.stop();
      }
      throw error;
    }
  }

  /** Ask for all jobs, or where that was not long ago, for the newest and for those at work. */
  private async look(): Promise<readonly IJob[]> {
    if (Date.now() - this.wholeAt >= WHOLE_EVERY) {
      const all = await this.requests.all();
      this.wholeAt = Date.now();
      return all;
    }
    const { jobs, whole } = await this.requests.first();
    if (whole) {
      return jobs;
    }
    const found = new Map(jobs.map(job => [job.id, job]));
    const others = this.active.filter(job => !found.has(job.id)).slice(0, MOST_DESCRIBED);
    for (const described of await Promise.all(others.map(job => this.describe(job)))) {
      found.set(described.id, described);
    }
    const kept = this.jobs.filter(job => !found.has(job.id));
    return [...found.values(), ...kept];
  }

  /** A job as it is now; as it was where it cannot be asked about, until the next whole list. */
  private async describe(job: IJob): Promise<IJob> {
    return this.requests.get(job.id).catch(() => job);
  }

  private inWords(error: BackendError): BackendError {
    if (error.kind === 'missing' && !this.known.loaded) {
      return new BackendError('unsupported', error.message, error.status, error.code);
    }
    const isLost = error.kind === 'signed-out' && this.signIn;
    return isLost ? new BackendError(error.kind, this.signIn, error.status, error.code) : error;
  }

  private update(list: readonly IJob[], problem: BackendError | null): void {
    const before = this.known;
    const jobs = sameJobs(list, before.jobs) ? before.jobs : list;
    const loaded = before.loaded || !problem;
    const isSame = jobs === before.jobs && loaded === before.loaded && sameProblem(problem, before.problem);
    if (isSame) {
      return;
    }
    this.known = { jobs, loaded, problem };
    this.setPace();
    this.signal.emit();
  }

  private setPace(): void {
    const interval = this.active.length ? this.pace.running : this.pace.idle;
    if (interval !== this.poll.frequency.interval) {
      this.poll.frequency = { interval, backoff: true, max: SLOWEST };
    }
  }

  private readonly requests: JobRequests;
  private readonly poll: Poll;
  private readonly signal = new Signal<this, void>(this);
  private readonly watch = new Stopwatch();
  private readonly strangers = new Set<string>();
  private readonly signIn: string;
  private pace: IIntervals;
  private known: IJobsState = { jobs: [], loaded: false, problem: null };
  private wholeAt = 0;
}

/** Read a pushed event; null where it is not about a job. */
export function readEvent(event: unknown): JobChange | null {
  const id = textOf(event, 'id');
  const status = textOf(event, 'status');
  if (!isRecord(event) || event.schema_id !== JOB_EVENT || !id || !status) {
    return null;
  }
  return { id, status, progress: numberOf(event, 'progress') };
}

function sameJobs(list: readonly IJob[], other: readonly IJob[]): boolean {
  return list.length === other.length && JSON.stringify(list) === JSON.stringify(other);
}

function sameProblem(problem: BackendError | null, other: BackendError | null): boolean {
  return problem?.kind === other?.kind && problem?.message === other?.message;
}
