/** What this extension offers to others: the back-ends, the jobs of the data-cube service, and the commands' names. */
import { Token } from '@lumino/coreutils';
import type { ISignal } from '@lumino/signaling';

import type { IBackend } from './backend/backend';
import type { IJob } from './models/job';
import type { ILogEntry, LogLevel } from './models/job_log';
import type { IAsset, IEstimate } from './models/job_requests';
import type { IJobSource } from './models/job_source';

export { type IJob, JOB_STATUSES, type JobStatus } from './models/job';

/** The translation domain of this extension. */
export const DOMAIN = 'gdc_jupyter';

/** The names of the commands. */
export const CommandIDs = {
  openTutorial: 'gdc:open-tutorial',
  showJobs: 'gdc:show-jobs',
  showCollections: 'gdc:show-collections',
  refresh: 'gdc:refresh',
  openSettings: 'gdc:open-settings',
  signIn: 'gdc:sign-in',
  signOut: 'gdc:sign-out',
  addFile: 'gdc:add-file',
  showFile: 'gdc:show-file',
  showOnMap: 'gdc:show-on-map',
  newMap: 'gdc:new-map',
  newWorkbench: 'gdc:new-workbench',
  insertCode: 'gdc:insert-code',
  startJob: 'gdc:start-job',
  cancelJob: 'gdc:cancel-job',
  deleteJob: 'gdc:delete-job',
  openJobGraph: 'gdc:open-job-graph',
  newGraph: 'gdc:new-graph',
  openGraph: 'gdc:open-graph',
  importGraph: 'gdc:import-graph',
  runGraph: 'gdc:run-graph',
  validateGraph: 'gdc:validate-graph',
  previewGraph: 'gdc:preview-graph',
  exportGraphCode: 'gdc:export-graph-code',
  exportGraph: 'gdc:export-graph',
  undoGraph: 'gdc:undo-graph',
  redoGraph: 'gdc:redo-graph'
} as const;

/** The ids of the panels in the left side bar. */
export const PanelIDs = {
  collections: 'gdc-collections',
  jobs: 'gdc-jobs'
} as const;

/** How the settings want maps to be. */
export interface IMapSettings {
  /** What maps show at first: west, south, east, north in degrees; null for the whole world. */
  readonly home: readonly [number, number, number, number] | null;
  /** The address of a tile service with `{z}`, `{x}` and `{y}`; empty for the base map that needs no network. */
  readonly tiles: string;
}

/** The back-ends that the panels ask. */
export interface IBackends {
  /** The service of this Jupyter server. */
  readonly own: IBackend;
  /** All of them, the own one first. A back-end whose user has changed is another object. */
  readonly all: readonly IBackend[];
  /** How the settings want maps to be. */
  readonly map: IMapSettings;
  /** Emitted when any of the above has changed. */
  readonly changed: ISignal<IBackends, void>;
  /** Emitted with the id of a back-end whose collections are others now, or with an empty text: all may be. */
  readonly stale: ISignal<IBackends, string>;
  /** Tell everybody that the collections of a back-end, or of all, have to be asked for again. */
  markStale(id?: string): void;
  find(id: string): IBackend | undefined;
  /** Whether requests go out in the name of a user. */
  isSignedIn(id: string): boolean;
  /** Ask for a name and a password until the back-end takes them; whether it has. */
  signIn(id: string): Promise<boolean>;
  signOut(id: string): void;
}

export const IBackends = new Token<IBackends>('gdc-jupyter:IBackends', 'The back-ends that the data-cube panels ask.');

/** Milliseconds between two requests for the jobs. */
export interface IIntervals {
  running: number;
  idle: number;
}

/** The jobs of the user, kept up to date while the page is visible. */
export interface IJobs {
  /** The jobs, in no certain order. */
  readonly jobs: readonly IJob[];
  /** The jobs that are queued or running. */
  readonly active: readonly IJob[];
  /** The mean progress of the active jobs in percent. */
  readonly progress: number;
  /** Whether the service has answered the last request. */
  readonly available: boolean;
  /** Why the service did not answer, or an empty text. */
  readonly failure: string;
  /** How often the service is asked. */
  readonly intervals: IIntervals;
  /** The same for the table of jobs. */
  readonly source: IJobSource;
  /** Emitted when any of the above has changed. */
  readonly changed: ISignal<IJobs, void>;
  /** Ask the service now. */
  refresh(): Promise<void>;
  /** Queue a job, dropping the results of an earlier run. */
  start(id: string): Promise<void>;
  /** Cancel a queued or running job. */
  cancel(id: string): Promise<void>;
  /** Delete a job with its results. */
  remove(id: string): Promise<void>;
  rename(id: string, title: string): Promise<void>;
  /** Make a job with the same process, and return its id. */
  duplicate(id: string, title: string): Promise<string>;
  /** Entries of the log of a level or more severe, after the one with the id `after`. */
  logs(id: string, level: LogLevel, after?: string): Promise<ILogEntry[]>;
  /** The files that a finished job has made. */
  results(id: string): Promise<IAsset[]>;
  /** What a job would take; null where the service makes no estimates. */
  estimate(id: string): Promise<IEstimate | null>;
}

export const IJobs = new Token<IJobs>('gdc-jupyter:IJobs', 'The batch jobs of the data-cube service.');
