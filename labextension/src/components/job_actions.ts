/** What people do with jobs: each action says what has come of it, and a failure loses nothing. */
import React from 'react';

import { asBackendError } from '../backend/backend';
import { useHost } from '../host';
import { type IJob, nameOf } from '../models/job';
import { failuresOf, forEach, type IJobSource, type IOutcome } from '../models/job_source';
import type { ITranslation } from '../translation';
import type { INotice } from './job_hooks';

export type Verb = 'start' | 'cancel' | 'remove';

export interface IQuestion {
  text: string;
  yes: string;
  onYes: () => void;
  onNo: () => void;
}

export interface IJobActions {
  /** The ids of the jobs with which something is being done. */
  readonly busy: ReadonlySet<string>;
  readonly question: IQuestion | null;
  readonly notice: INotice | null;
  readonly dismiss: () => void;
  /** Do something with one job or several; before they are deleted one is asked. */
  readonly act: (verb: Verb, jobs: readonly IJob[]) => void;
  readonly rename: (job: IJob, title: string) => Promise<boolean>;
  readonly duplicate: (job: IJob) => void;
  /** Open the process of a job in a graph editor, where there is one. */
  readonly openGraph?: (job: IJob) => void;
  readonly tell: (notice: INotice) => void;
}

export function useJobActions(source: IJobSource, say: (text: string) => void, onAnswered: () => void): IJobActions {
  const host = useHost();
  const { trans } = host;
  const [busy, setBusy] = React.useState<ReadonlySet<string>>(new Set());
  const [question, setQuestion] = React.useState<IQuestion | null>(null);
  const [notice, setNotice] = React.useState<INotice | null>(null);

  const run = React.useCallback(
    async (jobs: readonly IJob[], act: (job: IJob) => Promise<void>): Promise<IOutcome> => {
      const ids = jobs.map(job => job.id);
      setNotice(null);
      setBusy(before => new Set([...before, ...ids]));
      const outcome = await forEach(jobs, act);
      setBusy(before => new Set([...before].filter(id => !ids.includes(id))));
      source.refresh();
      return outcome;
    },
    [source]
  );

  return React.useMemo(() => {
    const tell = (told: INotice): void => {
      setNotice(told);
      if (!told.isError) {
        say(told.text);
      }
    };
    const perform = async (verb: Verb, jobs: readonly IJob[]): Promise<void> => {
      const outcome = await run(jobs, job => source.requests[verb](job.id));
      if (outcome.failed.length) {
        tell({ isError: true, text: failed(verb, jobs.length, outcome, trans) });
      } else {
        say(done(verb, jobs, trans));
      }
    };
    const ask = (jobs: readonly IJob[]): void => {
      const answered = (): void => {
        setQuestion(null);
        onAnswered();
      };
      setQuestion({
        text: deletionOf(jobs, trans),
        yes: trans.__('Delete'),
        onNo: answered,
        onYes: () => {
          answered();
          void perform('remove', jobs);
        }
      });
    };
    const attempt = async (job: IJob, act: () => Promise<void>): Promise<boolean> => {
      const outcome = await run([job], act);
      if (outcome.failed.length) {
        tell({ isError: true, text: failuresOf(outcome) });
      }
      return !outcome.failed.length;
    };
    return {
      busy,
      question,
      notice,
      tell,
      dismiss: () => {
        setNotice(null);
      },
      act: (verb, jobs) => {
        if (!jobs.length) {
          return;
        }
        if (verb === 'remove') {
          ask(jobs);
        } else {
          void perform(verb, jobs);
        }
      },
      rename: async (job, title) => {
        const isDone = await attempt(job, () => source.requests.rename(job.id, title));
        if (isDone) {
          say(trans.__('Renamed to %1.', title || job.id));
        }
        return isDone;
      },
      duplicate: job => {
        const title = trans.__('Copy of %1', nameOf(job));
        void attempt(job, async () => {
          await source.requests.duplicate(job.id, title);
          tell({ isError: false, text: trans.__('%1 was made. It waits to be started.', title) });
        });
      },
      ...(host.openGraph && {
        openGraph: (job: IJob) => {
          source.requests
            .process(job.id)
            .then(process => {
              host.openGraph?.(process, nameOf(job));
            })
            .catch((error: unknown) => {
              tell({ isError: true, text: `${nameOf(job)}: ${asBackendError(error).message}` });
            });
        }
      })
    };
  }, [busy, question, notice, run, say, source, trans, host, onAnswered]);
}

function deletionOf(jobs: readonly IJob[], trans: ITranslation): string {
  const [first] = jobs;
  return jobs.length === 1 && first
    ? trans.__('Delete %1 with its results?', nameOf(first))
    : trans.__('Delete %1 jobs with their results?', jobs.length);
}

function done(verb: Verb, jobs: readonly IJob[], trans: ITranslation): string {
  const [first] = jobs;
  const what = jobs.length === 1 && first ? nameOf(first) : trans._n('%1 job', '%1 jobs', jobs.length);
  switch (verb) {
    case 'start':
      return trans.__('%1: queued.', what);
    case 'cancel':
      return trans.__('%1: cancelled.', what);
    case 'remove':
      return trans.__('%1: deleted.', what);
  }
}

function failed(verb: Verb, count: number, outcome: IOutcome, trans: ITranslation): string {
  const reasons = failuresOf(outcome);
  if (count === 1) {
    return reasons;
  }
  const number = outcome.failed.length;
  switch (verb) {
    case 'start':
      return `${trans.__('%1 of %2 jobs could not be started.', number, count)}\n${reasons}`;
    case 'cancel':
      return `${trans.__('%1 of %2 jobs could not be cancelled.', number, count)}\n${reasons}`;
    case 'remove':
      return `${trans.__('%1 of %2 jobs could not be deleted, and are still there.', number, count)}\n${reasons}`;
  }
}
