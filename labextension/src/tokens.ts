/** What this extension offers to others: the back-ends, the jobs of the data-cube service, and the commands' names. */
import { Token } from '@lumino/coreutils';
import type { ISignal } from '@lumino/signaling';

import type { IBackend } from './backend/backend';

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
  exportGraphCode: 'gdc:export-graph-code'
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

/** The states that a job can be in. */
export const JOB_STATUSES = ['created', 'queued', 'running', 'canceled', 'finished', 'error'] as const;

export type JobStatus = (typeof JOB_STATUSES)[number];

/** A batch job, as the list of jobs tells of it. */
export interface IJob {
  readonly id: string;
  readonly title: string;
  readonly status: JobStatus;
  /** Blocks done of blocks in all, in percent; null where the service does not say. */
  readonly progress: number | null;
  /** When the job was last changed, RFC 3339. */
  readonly updated: string;
}

/** The jobs of the user, kept up to date while the page is visible. */
export interface IJobs {
  /** The jobs: queued and running ones first, then the newest. */
  readonly jobs: readonly IJob[];
  /** The jobs that are queued or running. */
  readonly active: readonly IJob[];
  /** The mean progress of the active jobs in percent. */
  readonly progress: number;
  /** Whether the service has answered the last request. */
  readonly available: boolean;
  /** Why the service did not answer, or an empty text. */
  readonly failure: string;
  /** Emitted when any of the above has changed. */
  readonly changed: ISignal<IJobs, void>;
  /** Ask the service now. */
  refresh(): Promise<void>;
  /** Cancel a queued or running job. */
  cancel(id: string): Promise<void>;
}

export const IJobs = new Token<IJobs>('gdc-jupyter:IJobs', 'The batch jobs of the data-cube service.');
