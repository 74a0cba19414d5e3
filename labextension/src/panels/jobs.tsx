/** The jobs in the left side bar and in the status bar, and notifications when they end. */
import { ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ReactWidget } from '@jupyterlab/apputils';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStateDB } from '@jupyterlab/statedb';
import { IStatusBar } from '@jupyterlab/statusbar';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import React from 'react';

import type { IBackend } from '../backend/backend';
import { BackendChoice } from '../components/backend_choice';
import type { JobTab } from '../components/job_detail';
import type { IJobPlace } from '../components/job_hooks';
import { JobTracker } from '../components/job_tracker';
import { useStore } from '../components/use_store';
import { HostContext, type IHost } from '../host';
import { jobsIcon } from '../icons';
import { JobsModel, readEvent } from '../jobs';
import { codeOf } from '../models/job_code';
import { Store } from '../models/store';
import { textOf } from '../reading';
import { DOMAIN, IBackends, type IIntervals, IJobs, PanelIDs } from '../tokens';
import type { ITranslation } from '../translation';
import { panelHost } from './host';
import { notifyEndings } from './job_notifications';
import { JobListWidget } from './joblist';
import { JobStatusItem } from './status';
import { useBackends } from './use_backends';

/** The key under which is kept what the panel shows. */
const STATE = 'gdc-jupyter:jobs';

/** What the panel shows; another object when it is to show something else. */
interface IShown {
  readonly backend: string;
  readonly job: string | null;
  readonly asked?: { readonly tab: JobTab; readonly turn: number };
}

/** Which job the panel shows. */
class ShownJob extends Store<IShown> {
  /** Show what was shown before the page was loaded, and keep from now on what is. */
  async keepIn(database: IStateDB): Promise<void> {
    const before = await database.fetch(STATE).catch(() => null);
    const { backend, job } = this.get();
    if (job === null && !backend) {
      this.set({ backend: textOf(before, 'backend'), job: textOf(before, 'job') || null });
    }
    this.subscribe(() => {
      const { backend, job } = this.get();
      void database.save(STATE, { backend, job });
    });
  }

  /** Show a job of the service of this server, in a part of its details. */
  show(job: string, tab?: JobTab): void {
    this.turn += 1;
    this.set({ backend: '', job, asked: tab && { tab, turn: this.turn } });
  }

  private turn = 0;
}

interface IJobsProps {
  jobs: IJobs;
  backends: IBackends;
  host: IHost;
  shown: ShownJob;
}

function Jobs({ jobs, backends, host, shown }: IJobsProps): React.JSX.Element {
  const { backend, job, asked } = useStore(shown);
  const all = useBackends(backends);
  const current = all.find(each => each.id === backend) ?? backends.own;
  const isOwn = current === backends.own;
  const other = useOther(isOwn ? null : current, jobs.intervals);
  const { source } = other ?? jobs;
  const place: IJobPlace = {
    codeOf: (each, kind) =>
      codeOf(each, kind, { tracker: '', connect: isOwn ? 'gdc.connect()' : `gdc.connect(${JSON.stringify(current.url)})` })
  };
  return (
    <HostContext.Provider value={host}>
      <BackendChoice
        label={host.trans.__('Jobs on')}
        backends={all}
        chosen={current.id}
        onChoose={id => {
          shown.set({ backend: id, job: null });
        }}
      />
      <JobTracker
        key={current.id}
        source={source}
        place={place}
        selected={job}
        onSelect={id => {
          shown.set({ backend, job: id });
        }}
        asked={asked}
      />
    </HostContext.Provider>
  );
}

/** The jobs of another back-end, which are asked for while they are shown. */
function useOther(backend: IBackend | null, intervals: IIntervals): JobsModel | null {
  const model = React.useMemo(() => (backend ? new JobsModel(backend, { intervals }) : null), [backend, intervals]);
  React.useEffect(() => {
    void model?.begin();
    return () => {
      model?.dispose();
    };
  }, [model]);
  return model;
}

class JobsPanel extends ReactWidget {
  constructor(private readonly content: IJobsProps) {
    super();
    const { trans } = content.host;
    this.id = PanelIDs.jobs;
    this.addClass('gdc-Panel');
    this.addClass('gdc-JobsPanel');
    this.title.icon = jobsIcon;
    this.title.caption = trans.__('Data cube jobs');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', trans.__('Data cube jobs'));
  }

  override render(): React.JSX.Element {
    return <Jobs {...this.content} />;
  }
}

export const jobsPlugin: JupyterFrontEndPlugin<IJobs> = {
  id: 'gdc-jupyter:plugin',
  description: 'Follows the batch jobs of the data-cube service.',
  autoStart: true,
  provides: IJobs,
  requires: [IBackends],
  optional: [ISettingRegistry, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    backends: IBackends,
    registry: ISettingRegistry | null,
    translator: ITranslator | null
  ): IJobs => {
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    const signIn = trans.__('Log in to Jupyter again, in another tab or by loading this page anew: all jobs go on.');
    const jobs = new JobsModel(backends.own, { signIn });
    void app.restored.then(() => jobs.begin());
    app.serviceManager.events.stream.connect((_, event) => {
      const change = readEvent(event);
      if (change) {
        jobs.notice(change);
      }
    });
    void registry?.load('gdc-jupyter:plugin').then(settings => {
      const apply = (): void => {
        jobs.setIntervals(intervalsOf(settings.composite));
      };
      settings.changed.connect(apply);
      apply();
    });
    return jobs;
  }
};

function intervalsOf(settings: unknown): IIntervals {
  const seconds = settings as { runningInterval: number; idleInterval: number };
  return { running: seconds.runningInterval * 1000, idle: seconds.idleInterval * 1000 };
}

export const jobsPanelPlugin: JupyterFrontEndPlugin<void> = {
  id: 'gdc-jupyter:jobs',
  description: 'The jobs of the data cube in the left side bar and in the status bar, and what is told when they end.',
  autoStart: true,
  requires: [IBackends, IJobs],
  optional: [ITranslator, ILayoutRestorer, IStatusBar, IStateDB],
  activate: (
    app: JupyterFrontEnd,
    backends: IBackends,
    jobs: IJobs,
    translator: ITranslator | null,
    restorer: ILayoutRestorer | null,
    statusBar: IStatusBar | null,
    state: IStateDB | null
  ): void => {
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    const host = panelHost(app.commands, backends, trans);
    const shown = new ShownJob({ backend: '', job: null });
    const panel = new JobsPanel({ jobs, backends, host, shown });
    if (state) {
      void shown.keepIn(state);
    }
    restorer?.add(panel, PanelIDs.jobs);
    app.shell.add(panel, 'left', { rank: 321 });
    const show = (job: string, tab?: JobTab): void => {
      app.shell.activateById(PanelIDs.jobs);
      shown.show(job, tab);
    };
    notifyEndings(jobs, show, trans);
    if (statusBar) {
      addStatusItem(statusBar, jobs, trans, () => new JobListWidget({ jobs, host, onShow: show }));
    }
  }
};

function addStatusItem(statusBar: IStatusBar, jobs: IJobs, trans: ITranslation, makeList: () => JobListWidget): void {
  statusBar.registerStatusItem('gdc-jupyter:status', {
    item: new JobStatusItem(jobs, trans, makeList),
    align: 'right',
    rank: 200,
    isActive: () => jobs.available || jobs.jobs.length > 0,
    activeStateChanged: jobs.changed
  });
}
