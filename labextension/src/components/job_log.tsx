/** The log of a job, which grows while it runs. */
import React from 'react';

import { asBackendError, type BackendError } from '../backend/backend';
import { useHost } from '../host';
import { type IJob, isActive } from '../models/job';
import { type ILogEntry, joinLogs, LOG_LEVELS, type LogLevel, MOST_ENTRIES } from '../models/job_log';
import type { IJobSource } from '../models/job_source';
import type { ITranslation } from '../translation';
import { formatClock } from '../words';
import { Loading, Problem } from './states';

/** Milliseconds between two looks at the log of a job that runs. */
const INTERVAL = 1500;

interface ILogState {
  /** What the entries are of: the job, its level and its status. */
  readonly of: string;
  readonly entries: readonly ILogEntry[];
  readonly loaded: boolean;
  readonly problem: BackendError | null;
}

export function JobLog({ job, source }: { job: IJob; source: IJobSource }): React.JSX.Element {
  const { trans } = useHost();
  const [level, setLevel] = React.useState<LogLevel>('info');
  const [{ entries, loaded, problem }, reload] = useLog(job, source, level);
  const list = React.useRef<HTMLDivElement>(null);
  useFollowedEnd(list, entries);
  return (
    <>
      <label className="gdc-Jobs-level">
        {trans.__('Show')}{' '}
        <select
          className="gdc-Select"
          aria-label={trans.__('Least severe level to show')}
          value={level}
          onChange={event => {
            setLevel(event.target.value as LogLevel);
          }}
        >
          {LOG_LEVELS.map(each => (
            <option key={each} value={each}>
              {levelName(each, trans)}
            </option>
          ))}
        </select>
      </label>
      {problem && <Problem problem={problem} server={source.server} onRetry={reload} />}
      {!loaded && !problem && <Loading what={trans.__('Asking for the log…')} />}
      {entries.length >= MOST_ENTRIES && <p className="gdc-Jobs-note">{trans.__('The newest %1 entries.', MOST_ENTRIES)}</p>}
      {loaded && (
        <div ref={list} className="gdc-Jobs-log" role="log" aria-live="off" aria-label={trans.__('Log entries')} tabIndex={0}>
          <ol>
            {entries.map((entry, index) => (
            <li key={entry.id || index} data-level={entry.level}>
              {entry.time && <time dateTime={entry.time}>{formatClock(entry.time)}</time>}
              <span className="gdc-Jobs-severity">{entry.level}</span>
              <span className="gdc-Jobs-message">
                {entry.message}
                {entry.node && <span className="gdc-Jobs-note"> {trans.__('at node %1', entry.node)}</span>}
                {entry.code && <span className="gdc-Jobs-note"> ({entry.code})</span>}
              </span>
            </li>
          ))}
          {!entries.length && <li className="gdc-Jobs-message">{nothing(job, trans)}</li>}
          </ol>
        </div>
      )}
    </>
  );
}

function nothing(job: IJob, trans: ITranslation): string {
  return job.status === 'created' ? trans.__('The job has not been started yet.') : trans.__('No entries at this level.');
}

/** The entries, and a function that asks for them again. */
function useLog(job: IJob, source: IJobSource, level: LogLevel): [ILogState, () => void] {
  const key = `${job.id} ${level}`;
  const [state, setState] = React.useState<ILogState>({ of: key, entries: [], loaded: false, problem: null });
  const last = React.useRef('');
  const [turn, setTurn] = React.useState(0);
  const atWork = isActive(job);

  React.useEffect(() => {
    let isWanted = true;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const load = async (after: string): Promise<void> => {
      try {
        const later = await source.requests.logs(job.id, level, after);
        if (!isWanted) {
          return;
        }
        setState(before => {
          const entries = after ? joinLogs(before.entries, later) : later.slice(-MOST_ENTRIES);
          return { of: key, entries, loaded: true, problem: null };
        });
        last.current = later.at(-1)?.id ?? after;
      } catch (error) {
        if (isWanted) {
          setState(before => ({ ...before, of: key, problem: asBackendError(error) }));
        }
      }
      if (isWanted && atWork) {
        timer = setTimeout(() => void load(last.current), INTERVAL);
      }
    };
    setState(before => (before.of === key ? before : { of: key, entries: [], loaded: false, problem: null }));
    // A job that was started anew begins a new log: at each change of its status everything is asked for.
    void load('');
    return () => {
      isWanted = false;
      clearTimeout(timer);
    };
  }, [key, job.id, job.status, atWork, level, source, turn]);

  return [
    state,
    () => {
      setTurn(before => before + 1);
    }
  ];
}

/** Keep the end in view while entries come, unless somebody has scrolled up. */
function useFollowedEnd(list: React.RefObject<HTMLElement>, entries: readonly ILogEntry[]): void {
  const atEnd = React.useRef(true);
  React.useLayoutEffect(() => {
    const node = list.current;
    if (!node) {
      return undefined;
    }
    if (atEnd.current) {
      node.scrollTop = node.scrollHeight;
    }
    const onScroll = (): void => {
      atEnd.current = node.scrollHeight - node.scrollTop - node.clientHeight < 20;
    };
    node.addEventListener('scroll', onScroll);
    return () => {
      node.removeEventListener('scroll', onScroll);
    };
  }, [list, entries]);
}

function levelName(level: LogLevel, trans: ITranslation): string {
  switch (level) {
    case 'error':
      return trans.__('errors only');
    case 'warning':
      return trans.__('warnings and errors');
    case 'info':
      return trans.__('information and above');
    case 'debug':
      return trans.__('all levels');
  }
}
