/** The table of jobs as a widget: the kernel follows the jobs, so that they are live while a cell runs. */
import React from 'react';

import '../../style/controls.css';
import '../../style/jobs.css';
import { BackendError, type IBackend, type ProblemKind } from '../backend/backend';
import type { IJobPlace, INotice, IOpenedResult } from '../components/job_hooks';
import { JobTracker } from '../components/job_tracker';
import { HostContext, type IHost, useHost } from '../host';
import { type IJob, isEnded, nameOf, readJob } from '../models/job';
import { codeOf } from '../models/job_code';
import { JobRequests } from '../models/job_requests';
import { changesOf, endingsOf, type IJobsState, type IJobSource } from '../models/job_source';
import { isRecord, listOf, numberOf, textOf } from '../reading';
import { formatStatus } from '../words';
import { type IWidgetModel, type IWidgetView, useTrait, widgetOf } from './mounting';

const WATCHING_EVERY = 20_000;
const TRAITS = ['_rows', '_progress', '_problem'] as const;

/** The jobs as the kernel shares them. */
class KernelJobs implements IJobSource {
  constructor(
    private readonly model: IWidgetModel,
    backend: IBackend
  ) {
    this.server = backend.title;
    this.backend = backend.id;
    this.requests = new JobRequests(backend);
    this.known = this.read();
  }

  readonly server: string;
  readonly backend: string;
  readonly requests: JobRequests;

  state(): IJobsState {
    return this.known;
  }

  subscribe(listener: () => void): () => void {
    const onChange = (): void => {
      this.known = this.read();
      listener();
    };
    for (const name of TRAITS) {
      this.model.on(`change:${name}`, onChange);
    }
    return () => {
      for (const name of TRAITS) {
        this.model.off(`change:${name}`, onChange);
      }
    };
  }

  refresh(): void {
    this.model.send({ kind: 'refresh' });
  }

  private read(): IJobsState {
    const listed = this.model.get('_rows');
    const progress = this.model.get('_progress');
    const told = this.model.get('_problem');
    const kind = textOf(told, 'kind');
    return {
      jobs: listOf(listed, 'jobs').flatMap(row => rowOf(row, progress)),
      loaded: isRecord(listed) && listed.loaded === true,
      problem: kind ? new BackendError(kind as ProblemKind, textOf(told, 'message')) : null
    };
  }

  private known: IJobsState;
}

/** A row of the kernel as a job: it tells how long the job ran, and of those that run how far they are, apart from the rows. */
function rowOf(row: unknown, progress: unknown): IJob[] {
  const job = readJob(row);
  if (!job) {
    return [];
  }
  return [
    {
      ...job,
      progress: numberOf(progress, job.id) ?? job.progress,
      duration: isEnded(job) ? numberOf(row, 'elapsed') : null
    }
  ];
}

function JobTrackerWidget({ model, backends: [backend] }: IWidgetView): React.JSX.Element | null {
  const host = useHost();
  // A map may be given after the table is shown.
  const [hasMap] = useTrait<boolean>(model, '_has_map');
  const here = React.useMemo<IHost>(
    () => ({
      ...host,
      showOnMap: hasMap
        ? ({ job }) => {
            model.send({ kind: 'map', job });
          }
        : undefined
    }),
    [host, hasMap, model]
  );
  if (!backend) {
    return null;
  }
  return (
    <HostContext.Provider value={here}>
      <Tracker model={model} backend={backend} />
    </HostContext.Provider>
  );
}

function Tracker({ model, backend }: { model: IWidgetModel; backend: IBackend }): React.JSX.Element {
  const source = React.useMemo(() => new KernelJobs(model, backend), [model, backend]);
  const [selected, select] = useTrait<string | null>(model, 'selected');
  const [asked] = useTrait<unknown>(model, '_asked');
  useWatching(model);
  const place = usePlace(model, source);
  return (
    <>
      <header className="gdc-Jobs-header">
        <h3>{useHost().trans.__('Batch jobs')}</h3>
        <span className="gdc-Jobs-note">{source.server}</span>
      </header>
      <JobTracker
        source={source}
        place={place}
        selected={selected}
        onSelect={select}
        asked={textOf(asked, 'tab') === 'log' ? { tab: 'log', turn: numberOf(asked, 'turn') ?? 0 } : undefined}
      />
    </>
  );
}

/** Tell the kernel that somebody may be looking: it asks the back-end less often where nobody is. */
function useWatching(model: IWidgetModel): void {
  React.useEffect(() => {
    const tell = (): void => {
      model.send({ kind: 'watching' });
    };
    tell();
    const timer = setInterval(tell, WATCHING_EVERY);
    return () => {
      clearInterval(timer);
    };
  }, [model]);
}

function usePlace(model: IWidgetModel, source: IJobSource): IJobPlace {
  const [opened] = useTrait<IOpenedResult & { job?: string }>(model, '_opened');
  const [told] = useTrait<unknown>(model, '_notice');
  const [names] = useTrait<unknown>(model, '_names');
  const [notifying, onNotify] = useNotifications(source);
  const text = textOf(told, 'text');
  const notice: INotice | null = text ? { text, isError: textOf(told, 'level') === 'error' } : null;
  return {
    codeOf: (job, kind) => codeOf(job, kind, { tracker: textOf(names, 'tracker'), connect: textOf(names, 'connect') }),
    openResult: job => {
      model.send({ kind: 'open', job: job.id });
    },
    saveResult: job => {
      model.send({ kind: 'save', job: job.id });
    },
    addressOf: href => {
      // The browser may reach the server of the kernel by another name than the kernel does.
      const [inKernel, inBrowser] = [textOf(names, 'inKernel'), textOf(names, 'inBrowser')];
      return inKernel && href.startsWith(inKernel) ? inBrowser + href.slice(inKernel.length) : href;
    },
    opened: opened.job ? opened : null,
    notice,
    notifying,
    onNotify
  };
}

/** Notifications of the browser when a job has ended, for whoever has wanted and allowed them. */
function useNotifications(source: IJobSource): [boolean, ((wanted: boolean) => void) | undefined] {
  const { trans } = useHost();
  const [wanted, setWanted] = React.useState(false);
  React.useEffect(() => {
    if (!wanted) {
      return undefined;
    }
    let before = source.state().jobs;
    return source.subscribe(() => {
      const { jobs } = source.state();
      for (const job of endingsOf(changesOf(before, jobs))) {
        new Notification(nameOf(job), { body: formatStatus(job.status, trans), tag: job.id });
      }
      before = jobs;
    });
  }, [source, wanted, trans]);
  if (typeof Notification === 'undefined' || Notification.permission === 'denied') {
    return [false, undefined];
  }
  return [
    wanted,
    on => {
      if (!on || Notification.permission === 'granted') {
        setWanted(on);
      } else {
        void Notification.requestPermission().then(answer => {
          setWanted(answer === 'granted');
        });
      }
    }
  ];
}

export default widgetOf(JobTrackerWidget, model => ({
  openGraph: (process, title) => {
    model.send({ kind: 'graph', process, title });
  }
}));
