/** The plugins of the data cube: its back-ends and jobs, its panels, its commands, its cards in the launcher. */
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { IDefaultFileBrowser, IFileBrowserFactory } from '@jupyterlab/filebrowser';
import { ILauncher } from '@jupyterlab/launcher';
import { INotebookTracker } from '@jupyterlab/notebook';
import type { Contents } from '@jupyterlab/services';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { addCommands } from './commands';
import { offer } from './offers';
import { backendsPlugin } from './panels/backends';
import { codeCellsPlugin } from './panels/code_cells';
import { collectionsPlugin } from './panels/collections';
import { addFileCommands, addFileTypes } from './panels/files';
import { graphsPlugin } from './panels/graphs';
import { jobsPanelPlugin, jobsPlugin } from './panels/jobs';
import { addMapCommands } from './panels/map_cells';
import { CommandIDs, DOMAIN, IBackends, IJobs } from './tokens';

const commandsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'gdc-jupyter:commands',
  description: 'The commands of the data cube, in the palette and in the launcher.',
  autoStart: true,
  requires: [IJobs, IBackends],
  optional: [ITranslator, ICommandPalette, ILauncher, IDefaultFileBrowser, INotebookTracker],
  activate: (
    app: JupyterFrontEnd,
    jobs: IJobs,
    backends: IBackends,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
    launcher: ILauncher | null,
    browser: IDefaultFileBrowser | null,
    notebooks: INotebookTracker | null
  ): void => {
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    const folder = (): string => browser?.model.path ?? '';
    addCommands({ app, jobs, backends, folder, trans });
    if (notebooks) {
      addMapCommands({ app, backends, notebooks, folder, trans });
    }
    offer(app.commands, palette, launcher, trans.__('Data cube'));
  }
};

const filesPlugin: JupyterFrontEndPlugin<void> = {
  id: 'gdc-jupyter:files',
  description: 'Data files of the file browser as collections of the data cube.',
  autoStart: true,
  requires: [IBackends],
  optional: [ITranslator, ICommandPalette, IFileBrowserFactory],
  activate: (
    app: JupyterFrontEnd,
    backends: IBackends,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
    browsers: IFileBrowserFactory | null
  ): void => {
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    addFileTypes(app.docRegistry, trans);
    const selected = (): Contents.IModel | null => {
      const items = [...(browsers?.tracker.currentWidget?.selectedItems() ?? [])];
      return items.length === 1 ? (items[0] ?? null) : null;
    };
    addFileCommands(app.commands, { backends, contents: app.serviceManager.contents, selected, trans });
    for (const command of [CommandIDs.addFile, CommandIDs.showFile]) {
      palette?.addItem({ command, category: trans.__('Data cube') });
    }
  }
};

export default [
  backendsPlugin,
  jobsPlugin,
  jobsPanelPlugin,
  commandsPlugin,
  filesPlugin,
  graphsPlugin,
  codeCellsPlugin,
  collectionsPlugin
];
export { IBackends, IJobs } from './tokens';
