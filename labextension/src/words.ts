/** Jobs in words: statuses, percentages, ages. */
import type { TranslationBundle } from '@jupyterlab/translation';

import type { IJob, JobStatus } from './tokens';

/** The word for a status. */
export function formatStatus(status: JobStatus, trans: TranslationBundle): string {
  switch (status) {
    case 'created':
      return trans.__('Created');
    case 'queued':
      return trans.__('Queued');
    case 'running':
      return trans.__('Running');
    case 'canceled':
      return trans.__('Cancelled');
    case 'finished':
      return trans.__('Finished');
    case 'error':
      return trans.__('Failed');
  }
}

/** A percentage without decimals; 100 % only when nothing is left to do. */
export function formatProgress(progress: number): string {
  return `${Math.floor(progress)} %`;
}

/** How long ago something was, in the words of the language; empty for a text that is no date. */
export function formatAge(then: string, now: Date, language = ''): string {
  const seconds = (Date.parse(then) - now.getTime()) / 1000;
  if (Number.isNaN(seconds)) {
    return '';
  }
  const format = new Intl.RelativeTimeFormat(language.replace('_', '-') || 'en', { numeric: 'auto' });
  const units: [Intl.RelativeTimeFormatUnit, number][] = [
    ['day', 86_400],
    ['hour', 3600],
    ['minute', 60]
  ];
  for (const [unit, length] of units) {
    if (Math.abs(seconds) >= length) {
      return format.format(Math.trunc(seconds / length), unit);
    }
  }
  return format.format(Math.trunc(seconds), 'second');
}

/** One sentence about all the jobs. */
export function summarise(jobs: readonly IJob[], trans: TranslationBundle): string {
  const count = (status: JobStatus): number => jobs.filter(job => job.status === status).length;
  const running = count('running');
  const queued = count('queued');
  if (!running && !queued) {
    return trans.__('Data cube: no job is running');
  }
  return trans.__('Data cube: %1 running, %2 queued', running, queued);
}
