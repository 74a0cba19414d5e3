/** The list of jobs, as the popup of the status bar and the dialog show it. */
import { ReactWidget, UseSignal } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { closeIcon } from '@jupyterlab/ui-components';
import React from 'react';

import { isActive } from '../jobs';
import { type IJob, type IJobs } from '../tokens';
import { formatAge, formatProgress, formatStatus } from '../words';
import { ProgressTrack } from '../components/progress';

const MOST = 20;

interface IJobRowProps {
  job: IJob;
  trans: TranslationBundle;
  onCancel: (id: string) => void;
}

function JobRow({ job, trans, onCancel }: IJobRowProps): React.JSX.Element {
  return (
    <li className="gdc-Job" data-status={job.status} data-job-id={job.id}>
      <div className="gdc-Job-head">
        <span className="gdc-Job-title" title={`${job.title}\n${job.id}`}>
          {job.title}
        </span>
        <span className="gdc-Job-status">{formatStatus(job.status, trans)}</span>
        {isActive(job) && (
          <button
            type="button"
            className="gdc-Job-cancel jp-mod-minimal jp-Button"
            aria-label={trans.__('Cancel %1', job.title)}
            title={trans.__('Cancel')}
            onClick={() => {
              onCancel(job.id);
            }}
          >
            <closeIcon.react tag="span" width="14px" />
          </button>
        )}
      </div>
      {job.status === 'running' ? (
        <div className="gdc-Job-progress">
          <ProgressTrack label={job.title} progress={job.progress ?? 0} />
          <span className="gdc-Job-percent">{formatProgress(job.progress ?? 0)}</span>
        </div>
      ) : (
        <div className="gdc-Job-age">{formatAge(job.updated, new Date(), document.documentElement.lang)}</div>
      )}
    </li>
  );
}

interface IJobListProps {
  jobs: IJobs;
  trans: TranslationBundle;
}

/** The newest jobs, each with its status, its progress and a button that cancels it. */
export function JobList({ jobs, trans }: IJobListProps): React.JSX.Element {
  const [failure, setFailure] = React.useState('');
  const onCancel = (id: string): void => {
    setFailure('');
    jobs.cancel(id).catch((error: unknown) => {
      setFailure(error instanceof Error ? error.message : String(error));
    });
  };
  const problem = failure || jobs.failure;
  const hidden = jobs.jobs.length - MOST;
  return (
    <>
      {problem && (
        <p className="gdc-Jobs-problem" role="alert">
          {problem}
        </p>
      )}
      {!jobs.jobs.length && !problem && (
        <p className="gdc-Jobs-empty">{trans.__('No jobs yet. A batch job that a notebook starts appears here.')}</p>
      )}
      <ul className="gdc-Jobs-list">
        {jobs.jobs.slice(0, MOST).map(job => (
          <JobRow key={job.id} job={job} trans={trans} onCancel={onCancel} />
        ))}
      </ul>
      {hidden > 0 && <p className="gdc-Jobs-more">{trans._n('and %1 more', 'and %1 more', hidden)}</p>}
    </>
  );
}

/** A widget of the list that follows the jobs. */
export class JobListWidget extends ReactWidget {
  constructor(
    private readonly jobs: IJobs,
    private readonly trans: TranslationBundle
  ) {
    super();
    this.addClass('gdc-Jobs');
  }

  override render(): React.JSX.Element {
    return (
      <UseSignal signal={this.jobs.changed}>
        {() => (
          <>
            <h3 className="gdc-Jobs-heading">{this.trans.__('Data cube jobs')}</h3>
            <JobList jobs={this.jobs} trans={this.trans} />
          </>
        )}
      </UseSignal>
    );
  }
}
