/** What the place in which a component lives can do for it: a widget's cell, or a panel of JupyterLab. */
import React from 'react';

import type { JsonRecord } from './reading';
import { englishWords, type ITranslation } from './translation';

/** A part of a collection, with the names of `gdc_jupyter.Selection`. */
export interface ISelection {
  readonly collection: string;
  readonly bbox?: readonly [number, number, number, number];
  readonly datetime?: readonly [string | null, string | null];
  readonly bands?: readonly string[];
}

export interface IHost {
  readonly trans: ITranslation;
  /**
   * Put code into the notebook: into the cell below, in place of what the same origin put there before.
   *
   * @returns whether there is a notebook that took it; a component then shows the code to be copied instead
   */
  insertCode(code: string, origin: string): Promise<boolean>;
  /** Ask the user to sign in to a back-end; whether that was done. Widgets have the user of their connection. */
  signIn?(backend: string): Promise<boolean>;
  /** Let code be dragged into a notebook, from where a pointer began to drag. Not every place can. */
  dragCode?(event: MouseEvent, code: string, origin: string, title: string): void;
  /** Open a process (`{process_graph, parameters?, …}`) in a graph editor. Not every place has one. */
  openGraph?(process: JsonRecord, title: string): void;
  /** Show something on a map: a selection, the result of a job, or a process. Not every place has one. */
  showOnMap?(what: {
    selection?: ISelection;
    job?: string;
    process?: JsonRecord;
    title: string;
    /** The id of the back-end that has it; the first one where it is not told. */
    backend?: string;
  }): void;
}

export const HostContext = React.createContext<IHost>({
  trans: englishWords,
  insertCode: () => Promise.resolve(false)
});

/** The host, inside a component. */
export function useHost(): IHost {
  return React.useContext(HostContext);
}
