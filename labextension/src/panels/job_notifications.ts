/** Tells of jobs that have ended while this page knew them to wait or run. */
import { Notification } from '@jupyterlab/apputils';

import type { JobTab } from '../components/job_detail';
import { type IJob, nameOf } from '../models/job';
import { changesOf, endingsOf } from '../models/job_source';
import type { IJobs } from '../tokens';
import type { ITranslation } from '../translation';

/** Jobs that are told of one by one; of more at a time, only how many there were. */
const MOST_TOLD = 3;
const SHOWN_FOR = 15_000;

/** Notify of endings from now on. */
export function notifyEndings(jobs: IJobs, show: (job: string, tab?: JobTab) => void, trans: ITranslation): void {
  let before = jobs.jobs;
  jobs.changed.connect(() => {
    const ended = endingsOf(changesOf(before, jobs.jobs));
    before = jobs.jobs;
    if (ended.length > MOST_TOLD) {
      Notification.info(summaryOf(ended, trans), { autoClose: SHOWN_FOR });
      return;
    }
    for (const job of ended) {
      notify(job, show, trans);
    }
  });
}

function notify(job: IJob, show: (job: string, tab?: JobTab) => void, trans: ITranslation): void {
  const hasFailed = job.status === 'error';
  const text = hasFailed ? trans.__('Job failed: %1', nameOf(job)) : trans.__('Job finished: %1', nameOf(job));
  const action = (label: string, tab: JobTab): Notification.IAction => ({
    label,
    callback: () => {
      show(job.id, tab);
    }
  });
  Notification.emit(text, hasFailed ? 'error' : 'success', {
    autoClose: SHOWN_FOR,
    actions: [
      hasFailed ? action(trans.__('Open panel'), 'overview') : action(trans.__('Open panel'), 'results'),
      action(trans.__('Show log'), 'log')
    ]
  });
}

function summaryOf(ended: readonly IJob[], trans: ITranslation): string {
  const failed = ended.filter(job => job.status === 'error').length;
  return failed
    ? trans.__('%1 jobs have ended, %2 of them failed.', ended.length, failed)
    : trans.__('%1 jobs have finished.', ended.length);
}
