/** Jobs in words: statuses, percentages, times, sizes. */
import { type IJob, isKnownStatus } from './models/job';
import type { ITranslation } from './translation';

/** The word for a status; one that is not known is its own. */
export function formatStatus(status: string, trans: ITranslation): string {
  if (!isKnownStatus(status)) {
    return status;
  }
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

/** A time that has passed: `4.2 s`, `3 min 5 s`, `2 h 10 min`. */
export function formatDuration(seconds: number, trans: ITranslation): string {
  if (seconds < 60) {
    return trans.__('%1 s', seconds < 9.95 ? seconds.toFixed(1) : Math.round(seconds));
  }
  const minutes = Math.floor(seconds / 60);
  return minutes < 60
    ? trans.__('%1 min %2 s', minutes, Math.floor(seconds % 60))
    : trans.__('%1 h %2 min', Math.floor(minutes / 60), minutes % 60);
}

/** A time to come, of which nobody is certain: `about 40 s`, `about 3 min`. */
export function formatRemaining(seconds: number, trans: ITranslation): string {
  if (seconds < 10) {
    return trans.__('a few seconds');
  }
  if (seconds < 55) {
    return trans.__('about %1 s', Math.round(seconds / 10) * 10 || 10);
  }
  const minutes = Math.max(1, Math.round(seconds / 60));
  return minutes < 60
    ? trans.__('about %1 min', minutes)
    : trans.__('about %1 h %2 min', Math.floor(minutes / 60), minutes % 60);
}

/** A size in bytes: `120 kB`, `3.4 MB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let size = bytes;
  let unit = 0;
  while (size >= 999.5 && unit < units.length - 1) {
    size /= 1000;
    unit += 1;
  }
  return `${unit && size < 9.95 ? size.toFixed(1) : Math.round(size)} ${units[unit] ?? ''}`;
}

/** A date and time, short, in the words of the language; a text that is no date as it is. */
export function formatMoment(text: string, language = ''): string {
  const moment = new Date(text);
  if (Number.isNaN(moment.getTime())) {
    return text;
  }
  return moment.toLocaleString(language.replace('_', '-') || undefined, { dateStyle: 'medium', timeStyle: 'short' });
}

/** The time of day, in seconds. */
export function formatClock(text: string): string {
  const moment = new Date(text);
  return Number.isNaN(moment.getTime()) ? text : moment.toLocaleTimeString(undefined, { hour12: false });
}

/** One sentence about all the jobs. */
export function summarise(jobs: readonly Pick<IJob, 'status'>[], trans: ITranslation): string {
  const count = (status: string): number => jobs.filter(job => job.status === status).length;
  const running = count('running');
  const queued = count('queued');
  if (!running && !queued) {
    return trans.__('Data cube: no job is running');
  }
  return trans.__('Data cube: %1 running, %2 queued', running, queued);
}
