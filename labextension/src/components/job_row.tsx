/** One row of the table of jobs. */
import React from 'react';

import { useHost } from '../host';
import { type IJob, isActive as isAtWork, nameOf } from '../models/job';
import { elapsedOf } from '../models/job_times';
import type { ITranslation } from '../translation';
import { formatDuration, formatMoment, formatProgress, formatRemaining, formatStatus } from '../words';
import type { Verb } from './job_actions';
import type { JobTab } from './job_detail';
import { ProgressTrack } from './progress';

interface IJobRowProps {
  job: IJob;
  /** Its place in the list. */
  index: number;
  top: number;
  height: number;
  now: number;
  remaining: number | null;
  /** Whether its buttons are reached with the tab key. */
  isActive: boolean;
  isSelected: boolean;
  isChecked: boolean;
  isBusy: boolean;
  onCheck: (id: string, extend: boolean) => void;
  onFocus: (id: string) => void;
  onShow: (job: IJob, tab?: JobTab) => void;
  onAct: (verb: Verb, jobs: readonly IJob[]) => void;
}

export function JobRow(props: IJobRowProps): React.JSX.Element {
  const { job, index, top, height, now, remaining, isActive, isSelected, isChecked, isBusy } = props;
  const { trans } = useHost();
  const tabIndex = isActive ? 0 : -1;
  const name = nameOf(job);
  const elapsed = elapsedOf(job, now);
  return (
    <div
      role="row"
      className="gdc-Jobs-row"
      aria-rowindex={index + 2}
      aria-selected={isChecked}
      aria-current={isSelected || undefined}
      aria-busy={isBusy}
      data-job={job.id}
      data-status={job.status}
      tabIndex={tabIndex}
      style={{ height, transform: `translateY(${top}px)` }}
      onFocus={() => {
        props.onFocus(job.id);
      }}
      onClick={event => {
        if (!(event.target as Element).closest('button, input, label')) {
          props.onShow(job);
        }
      }}
    >
      <span role="gridcell" className="gdc-Jobs-tick">
        <input
          type="checkbox"
          aria-label={trans.__('Tick %1', name)}
          checked={isChecked}
          tabIndex={tabIndex}
          onChange={() => undefined}
          onClick={event => {
            props.onCheck(job.id, event.shiftKey);
          }}
        />
      </span>
      <span role="gridcell" className="gdc-Jobs-name" title={`${name}\n${job.id}`}>
        <span className="gdc-Jobs-title">{name}</span>
        <span className="gdc-Jobs-created">{formatMoment(job.created)}</span>
      </span>
      <span role="gridcell" className="gdc-Jobs-status">
        <StatusBadge status={job.status} />
      </span>
      <span role="gridcell" className="gdc-Jobs-progress">
        <Progress job={job} name={name} />
      </span>
      <span role="gridcell" className="gdc-Jobs-time">
        {elapsed !== null && <span>{formatDuration(elapsed, trans)}</span>}
        {remaining !== null && <span className="gdc-Jobs-left">{trans.__('%1 left', formatRemaining(remaining, trans))}</span>}
      </span>
      <span role="gridcell" className="gdc-Jobs-actions">
        <Buttons {...props} name={name} trans={trans} tabIndex={tabIndex} />
      </span>
    </div>
  );
}

export function StatusBadge({ status }: { status: string }): React.JSX.Element {
  const { trans } = useHost();
  return (
    <span className="gdc-Jobs-badge" data-status={status}>
      {formatStatus(status, trans)}
    </span>
  );
}

/** How far a job is; while it runs without saying so, a bar that is not filled to any part. */
function Progress({ job, name }: { job: IJob; name: string }): React.JSX.Element | null {
  const { trans } = useHost();
  if (job.status === 'created' || (job.progress === null && job.status !== 'running') || (job.status === 'queued' && !job.progress)) {
    return null;
  }
  return (
    <>
      <ProgressTrack label={trans.__('Progress of %1', name)} progress={job.progress} />
      <span className="gdc-Jobs-percent">{job.progress === null ? '' : formatProgress(job.progress)}</span>
    </>
  );
}

interface IButtonsProps extends IJobRowProps {
  name: string;
  trans: ITranslation;
  tabIndex: number;
}

function Buttons({ job, name, trans, tabIndex, isBusy, onShow, onAct }: IButtonsProps): React.JSX.Element {
  const button = (text: string, act: () => void, kind = ''): React.JSX.Element => (
    <button
      type="button"
      className={`gdc-Button ${kind}`}
      aria-label={`${text}: ${name}`}
      aria-disabled={isBusy}
      tabIndex={tabIndex}
      onClick={() => {
        if (!isBusy) {
          act();
        }
      }}
    >
      {text}
    </button>
  );
  const startable = job.status === 'created' || job.status === 'error' || job.status === 'canceled';
  return (
    <>
      {startable && button(trans.__('Start'), () => { onAct('start', [job]); })}
      {isAtWork(job) && button(trans.__('Cancel'), () => { onAct('cancel', [job]); })}
      {job.status === 'finished' && button(trans.__('Results'), () => { onShow(job, 'results'); }, 'gdc-mod-primary')}
      {job.status !== 'created' && button(trans.__('Log'), () => { onShow(job, 'log'); })}
      {!isAtWork(job) && button(trans.__('Delete'), () => { onAct('remove', [job]); })}
    </>
  );
}
