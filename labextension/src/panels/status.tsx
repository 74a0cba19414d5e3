/** The status-bar item: how many jobs run, and how far they are. */
import { ReactWidget, UseSignal } from '@jupyterlab/apputils';
import { type Popup, showPopup, TextItem } from '@jupyterlab/statusbar';
import React from 'react';

import { outlineIcon } from '../icons';
import type { IJobs } from '../tokens';
import type { ITranslation } from '../translation';
import { formatProgress, summarise } from '../words';
import { type JobListWidget } from './joblist';
import { ProgressTrack } from '../components/progress';

export class JobStatusItem extends ReactWidget {
  constructor(
    private readonly jobs: IJobs,
    private readonly trans: ITranslation,
    private readonly makeList: () => JobListWidget
  ) {
    super();
    this.addClass('gdc-Status');
    this.addClass('jp-mod-highlighted');
  }

  override render(): React.JSX.Element {
    return <UseSignal signal={this.jobs.changed}>{() => this.renderItem()}</UseSignal>;
  }

  private renderItem(): React.JSX.Element {
    const { active, progress } = this.jobs;
    const summary = summarise(this.jobs.jobs, this.trans);
    return (
      <button
        type="button"
        className="gdc-Status-button"
        title={summary}
        aria-haspopup="dialog"
        onClick={() => {
          this.toggle();
        }}
      >
        <outlineIcon.react tag="span" className="gdc-Status-icon" width="16px" height="16px" />
        <TextItem source={active.length ? this.trans._n('%1 job', '%1 jobs', active.length) : this.trans.__('Data cube')} />
        {active.length > 0 && (
          <>
            <ProgressTrack label={summary} progress={progress} />
            <TextItem className="gdc-Status-percent" source={formatProgress(progress)} />
          </>
        )}
      </button>
    );
  }

  private toggle(): void {
    if (this.popup && !this.popup.isDisposed) {
      this.popup.dispose();
      this.popup = null;
      return;
    }
    void this.jobs.refresh();
    this.popup = showPopup({
      body: this.makeList(),
      anchor: this,
      align: 'right',
      hasDynamicSize: true
    });
  }

  private popup: Popup | null = null;
}
