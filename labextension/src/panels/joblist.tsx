/** The jobs at a glance, as the popup of the status bar and the dialog show them. */
import { ReactWidget } from '@jupyterlab/apputils';
import React from 'react';

import { JobTracker } from '../components/job_tracker';
import { HostContext, type IHost } from '../host';
import { codeOf } from '../models/job_code';
import type { IJobs } from '../tokens';

interface IJobListOptions {
  jobs: IJobs;
  host: IHost;
  /** Show a job in detail. */
  onShow: (id: string) => void;
}

export class JobListWidget extends ReactWidget {
  constructor(private readonly options: IJobListOptions) {
    super();
    this.addClass('gdc-Panel');
    this.addClass('gdc-JobList');
  }

  override render(): React.JSX.Element {
    const { jobs, host, onShow } = this.options;
    return (
      <HostContext.Provider value={host}>
        <h3>{host.trans.__('Data cube jobs')}</h3>
        <JobTracker
          source={jobs.source}
          place={{ codeOf: (job, kind) => codeOf(job, kind, { tracker: '', connect: 'gdc.connect()' }) }}
          selected={null}
          onSelect={id => {
            if (id !== null) {
              onShow(id);
            }
          }}
          compact
        />
      </HostContext.Provider>
    );
  }
}
