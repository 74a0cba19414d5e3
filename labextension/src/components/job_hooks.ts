/** What the parts of the table of jobs have in common. */
import React from 'react';

import { useHost } from '../host';
import { type IJob, nameOf } from '../models/job';
import { ProgressRates } from '../models/job_times';
import { changesOf, type IJobChange, type IJobsState, type IJobSource } from '../models/job_source';
import type { ITranslation } from '../translation';
import { formatStatus } from '../words';

/** A result that the kernel has opened. */
export interface IOpenedResult {
  readonly job: string;
  /** Its dimensions, as text. */
  readonly text: string;
  readonly picture: { readonly url: string; readonly low: number; readonly high: number } | null;
}

export interface INotice {
  readonly text: string;
  readonly isError: boolean;
}

/** What the place can do with the result of a job. */
export interface IJobPlace {
  /** Python that opens the result as xarray, or plots it. */
  codeOf(job: IJob, kind: 'xarray' | 'plot'): string;
  /** Open it in the kernel. */
  openResult?(job: IJob): void;
  /** Keep its files in a folder beside the notebook. */
  saveResult?(job: IJob): void;
  /** An address of the back-end, as this page finds it. */
  addressOf?(href: string): string;
  readonly opened?: IOpenedResult | null;
  readonly notice?: INotice | null;
  /** Have the browser tell when a job has ended; and whether it does. */
  readonly notifying?: boolean;
  onNotify?(wanted: boolean): void;
}

export function useJobs(source: IJobSource): IJobsState {
  return React.useSyncExternalStore(
    React.useCallback(listener => source.subscribe(listener), [source]),
    () => source.state()
  );
}

/** The time, in milliseconds since 1970, which goes on while something runs. */
export function useClock(running: boolean): number {
  const [now, setNow] = React.useState(() => Date.now());
  React.useEffect(() => {
    setNow(Date.now());
    if (!running) {
      return undefined;
    }
    const timer = setInterval(() => {
      setNow(Date.now());
    }, 1000);
    return () => {
      clearInterval(timer);
    };
  }, [running]);
  return now;
}

/** What tells about how many seconds a job still needs. */
export function useRemaining(jobs: readonly IJob[]): (job: IJob, now: number) => number | null {
  const rates = React.useRef<ProgressRates>();
  rates.current ??= new ProgressRates();
  const known = rates.current;
  React.useMemo(() => {
    known.note(jobs, Date.now());
  }, [known, jobs]);
  return React.useCallback((job, now) => known.remaining(job, now), [known]);
}

/** Changes that are told one by one; more are told as a number. */
const MOST_TOLD = 3;

/** Say when jobs begin to run and end, but not each percent of their progress. */
export function useSpokenChanges(jobs: readonly IJob[], say: (text: string) => void): void {
  const { trans } = useHost();
  const before = React.useRef(jobs);
  React.useEffect(() => {
    const changes = changesOf(before.current, jobs).filter(({ job }) => job.status !== 'queued');
    before.current = jobs;
    if (changes.length) {
      say(spoken(changes, trans));
    }
  }, [jobs, say, trans]);
}

function spoken(changes: readonly IJobChange[], trans: ITranslation): string {
  if (changes.length > MOST_TOLD) {
    return trans.__('%1 jobs have changed.', changes.length);
  }
  return changes.map(({ job }) => `${nameOf(job)}: ${formatStatus(job.status, trans)}.`).join(' ');
}
