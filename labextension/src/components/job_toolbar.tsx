/** Above the table of jobs: which are shown in which order, and what is done with those that are ticked. */
import React from 'react';

import { useHost } from '../host';
import { type IJob, isActive } from '../models/job';
import { countJobs, type IJobFilter, JOB_GROUPS, JOB_ORDERS, type JobGroup, type JobOrder } from '../models/job_list';
import type { ITranslation } from '../translation';
import { formatStatus } from '../words';
import type { IJobActions } from './job_actions';
import type { IJobPlace } from './job_hooks';

interface IJobToolbarProps {
  jobs: readonly IJob[];
  shown: readonly IJob[];
  /** The jobs that are ticked and shown. */
  picked: readonly IJob[];
  filter: IJobFilter;
  order: JobOrder;
  place: IJobPlace;
  onFilter: (filter: IJobFilter) => void;
  onOrder: (order: JobOrder) => void;
  onCheck: (ids: ReadonlySet<string>) => void;
  onRefresh: () => void;
  actions: IJobActions;
}

export function JobToolbar(props: IJobToolbarProps): React.JSX.Element {
  const { jobs, filter, order, place, onFilter, onOrder, onRefresh } = props;
  const { trans } = useHost();
  const counts = React.useMemo(() => countJobs(jobs), [jobs]);
  return (
    <div className="gdc-Jobs-toolbars">
      <div className="gdc-Jobs-toolbar" role="group" aria-label={trans.__('Which jobs are shown')}>
        <input
          type="search"
          className="gdc-Input gdc-Jobs-search"
          aria-label={trans.__('Filter by name')}
          placeholder={trans.__('Filter by name')}
          value={filter.text}
          onChange={event => {
            onFilter({ ...filter, text: event.target.value });
          }}
        />
        <select
          className="gdc-Select"
          aria-label={trans.__('Status')}
          value={filter.group}
          onChange={event => {
            onFilter({ ...filter, group: event.target.value as JobGroup });
          }}
        >
          {JOB_GROUPS.map(group => (
            <option key={group} value={group}>
              {`${groupName(group, trans)} (${counts[group]})`}
            </option>
          ))}
        </select>
        <select
          className="gdc-Select"
          aria-label={trans.__('Order')}
          value={order}
          onChange={event => {
            onOrder(event.target.value as JobOrder);
          }}
        >
          {JOB_ORDERS.map(each => (
            <option key={each} value={each}>
              {orderName(each, trans)}
            </option>
          ))}
        </select>
        <button type="button" className="gdc-Button" onClick={onRefresh}>
          {trans.__('Refresh')}
        </button>
        {place.onNotify && (
          <label className="gdc-Jobs-notify">
            <input
              type="checkbox"
              checked={place.notifying ?? false}
              onChange={event => {
                place.onNotify?.(event.target.checked);
              }}
            />
            {trans.__('Notify me')}
          </label>
        )}
      </div>
      {jobs.length > 0 && <Ticked {...props} />}
    </div>
  );
}

/** What is done with the jobs that are ticked. */
function Ticked({ shown, picked, onCheck, actions }: IJobToolbarProps): React.JSX.Element {
  const { trans } = useHost();
  const box = React.useRef<HTMLInputElement>(null);
  const all = shown.length > 0 && picked.length === shown.length;
  React.useEffect(() => {
    if (box.current) {
      box.current.indeterminate = picked.length > 0 && !all;
    }
  }, [picked.length, all]);
  const startable = picked.filter(job => !isActive(job) && job.status !== 'finished');
  const cancellable = picked.filter(isActive);
  return (
    <div className="gdc-Jobs-toolbar gdc-mod-ticked" role="group" aria-label={trans.__('Ticked jobs')}>
      <label className="gdc-Jobs-all">
        <input
          ref={box}
          type="checkbox"
          checked={all}
          disabled={!shown.length}
          onChange={() => {
            onCheck(new Set(all ? [] : shown.map(job => job.id)));
          }}
        />
        {picked.length ? trans.__('%1 of %2 ticked', picked.length, shown.length) : trans._n('%1 job', '%1 jobs', shown.length)}
      </label>
      {picked.length > 0 && (
        <span className="gdc-Jobs-buttons">
          {startable.length > 0 && (
            <button
              type="button"
              className="gdc-Button"
              onClick={() => {
                actions.act('start', startable);
              }}
            >
              {trans.__('Start %1', startable.length)}
            </button>
          )}
          {cancellable.length > 0 && (
            <button
              type="button"
              className="gdc-Button"
              onClick={() => {
                actions.act('cancel', cancellable);
              }}
            >
              {trans.__('Cancel %1', cancellable.length)}
            </button>
          )}
          <button
            type="button"
            className="gdc-Button gdc-mod-danger"
            onClick={() => {
              actions.act('remove', picked);
            }}
          >
            {trans.__('Delete %1…', picked.length)}
          </button>
        </span>
      )}
    </div>
  );
}

function groupName(group: JobGroup, trans: ITranslation): string {
  switch (group) {
    case 'all':
      return trans.__('All');
    case 'active':
      return trans.__('Queued or running');
    default:
      return formatStatus(group, trans);
  }
}

function orderName(order: JobOrder, trans: ITranslation): string {
  switch (order) {
    case 'newest':
      return trans.__('Newest first');
    case 'changed':
      return trans.__('Last changed first');
    case 'name':
      return trans.__('By name');
    case 'status':
      return trans.__('By status');
  }
}
