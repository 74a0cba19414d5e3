/** The jobs of a back-end: a table that is filtered and sorted, what can be done with them, and one of them in detail. */
import React from 'react';

import { useHost } from '../host';
import type { IJob } from '../models/job';
import { filterJobs, type IJobFilter, type JobOrder, sortJobs } from '../models/job_list';
import type { IJobSource } from '../models/job_source';
import { useAnnouncer } from './announcer';
import { JobDetail, type JobTab, tabFor } from './job_detail';
import { type IJobPlace, useClock, useJobs, useRemaining, useSpokenChanges } from './job_hooks';
import { Notice, Question } from './job_messages';
import { type IJobTable, JobTable } from './job_table';
import { JobToolbar } from './job_toolbar';
import { useJobActions } from './job_actions';
import { Empty, Loading, Problem } from './states';

interface IJobTrackerProps {
  source: IJobSource;
  place: IJobPlace;
  /** The id of the job that is shown in detail. */
  selected: string | null;
  onSelect: (id: string | null) => void;
  /** A part of the details that is to be shown; each time it is asked for with another turn. */
  asked?: { readonly tab: JobTab; readonly turn: number };
  /** Whether there is only room for the table: a job is then shown in detail elsewhere. */
  compact?: boolean;
}

export function JobTracker({ source, place, selected, onSelect, asked, compact = false }: IJobTrackerProps): React.JSX.Element {
  const { trans } = useHost();
  const state = useJobs(source);
  const now = useClock(state.jobs.some(job => job.status === 'running'));
  const remaining = useRemaining(state.jobs);
  const [region, say] = useAnnouncer();
  useSpokenChanges(state.jobs, say);

  const [filter, setFilter] = React.useState<IJobFilter>({ text: '', group: 'all' });
  const [order, setOrder] = React.useState<JobOrder>('newest');
  const [tab, setTab] = React.useState<JobTab>('overview');
  const turn = asked?.turn;
  const wantedTab = asked?.tab;
  React.useEffect(() => {
    if (turn !== undefined && wantedTab) {
      setTab(wantedTab);
    }
  }, [turn, wantedTab]);
  const table = React.useRef<IJobTable>(null);
  const shown = React.useMemo(() => sortJobs(filterJobs(state.jobs, filter), order), [state.jobs, filter, order]);
  const [checked, setChecked] = useChecked(state.jobs);
  const picked = shown.filter(job => checked.has(job.id));
  const current = state.jobs.find(job => job.id === selected) ?? null;

  const focusTable = React.useCallback(() => {
    table.current?.focus();
  }, []);
  const actions = useJobActions(source, say, focusTable);

  const show = (job: IJob, wanted: JobTab = tabFor(job)): void => {
    setTab(wanted);
    onSelect(job.id);
  };
  const close = (): void => {
    onSelect(null);
    focusTable();
  };

  if (state.problem?.kind === 'unsupported' && !state.loaded) {
    return <Empty>{trans.__('%1 has no batch jobs.', source.server)}</Empty>;
  }
  return (
    <div className="gdc-Jobs-tracker" aria-busy={!state.loaded && !state.problem}>
      {!compact && (
        <JobToolbar
          jobs={state.jobs}
          shown={shown}
          picked={picked}
          filter={filter}
          order={order}
          place={place}
          onFilter={setFilter}
          onOrder={setOrder}
          onCheck={setChecked}
          onRefresh={() => {
            source.refresh();
          }}
          actions={actions}
        />
      )}
      {state.problem && (
        <Problem
          problem={state.problem}
          server={source.server}
          backend={source.backend}
          onRetry={() => {
            source.refresh();
          }}
        />
      )}
      {actions.question && <Question {...actions.question} />}
      {actions.notice && <Notice {...actions.notice} onClose={actions.dismiss} />}
      {place.notice && <Notice {...place.notice} />}
      {!state.loaded && !state.problem && <Loading what={trans.__('Asking for the jobs…')} />}
      {state.loaded && !state.jobs.length && (
        <Empty>{trans.__('No jobs yet. A batch job that a notebook or a graph starts appears here.')}</Empty>
      )}
      {state.jobs.length > 0 && !shown.length && (
        <Empty>
          {trans.__('None of the %1 jobs fits the filter.', state.jobs.length)}{' '}
          <button
            type="button"
            className="gdc-Button"
            onClick={() => {
              setFilter({ text: '', group: 'all' });
            }}
          >
            {trans.__('Show all')}
          </button>
        </Empty>
      )}
      {shown.length > 0 && (
        <JobTable
          ref={table}
          jobs={shown}
          now={now}
          remaining={remaining}
          selected={selected}
          checked={checked}
          busy={actions.busy}
          onShow={show}
          onCheck={setChecked}
          onClose={close}
          compact={compact}
          actions={actions}
        />
      )}
      {current && !compact && (
        <JobDetail
          key={current.id}
          job={current}
          source={source}
          place={place}
          now={now}
          remaining={remaining(current, now)}
          tab={tab}
          onTab={setTab}
          onClose={close}
          actions={actions}
        />
      )}
      {region}
    </div>
  );
}

/** The ids of the jobs that are ticked; those of jobs that are gone are forgotten. */
function useChecked(jobs: readonly IJob[]): [ReadonlySet<string>, (ids: ReadonlySet<string>) => void] {
  const [checked, setChecked] = React.useState<ReadonlySet<string>>(new Set());
  const kept = React.useMemo(() => {
    const known = new Set(jobs.map(job => job.id));
    return new Set([...checked].filter(id => known.has(id)));
  }, [jobs, checked]);
  return [kept, setChecked];
}

