/** The plugins of the data cube: its jobs, its commands, its cards in the launcher, its item in the status bar. */
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { IDefaultFileBrowser, IFileBrowserFactory } from '@jupyterlab/filebrowser';
import { ILauncher } from '@jupyterlab/launcher';
import { INotebookTracker } from '@jupyterlab/notebook';
import type { Contents } from '@jupyterlab/services';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStatusBar } from '@jupyterlab/statusbar';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { Api, parseEvent } from './api';
import { addCommands } from './commands';
import { offer } from './offers';
import { backendsPlugin } from './panels/backends';
import { addFileCommands, addFileTypes } from './panels/files';
import { addMapCommands } from './panels/map_cells';
import { JobStatusItem } from './panels/status';
import { JobsModel } from './jobs';
import { CommandIDs, DOMAIN, IBackends, IJobs } from './tokens';

const jobsPlugin: JupyterFrontEndPlugin<IJobs> = {
  id: 'gdc-jupyter:plugin',
  description: 'Follows the batch jobs of the data-cube service.',
  autoStart: true,
  provides: IJobs,
  optional: [ISettingRegistry],
  activate: (app: JupyterFrontEnd, registry: ISettingRegistry | null): IJobs => {
    const jobs = new JobsModel(new Api(app.serviceManager.serverSettings));
    void app.restored.then(() => jobs.start());
    app.serviceManager.events.stream.connect((_, event) => {
      const change = parseEvent(event);
      if (change) {
        jobs.notice(change);
      }
    });
    void registry?.load('gdc-jupyter:plugin').then(settings => {
      const apply = (): void => {
        const seconds = settings.composite as { runningInterval: number; idleInterval: number };
        jobs.setIntervals({ running: seconds.runningInterval * 1000, idle: seconds.idleInterval * 1000 });
      };
      settings.changed.connect(apply);
      apply();
    });
    return jobs;
  }
};

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

const statusPlugin: JupyterFrontEndPlugin<void> = {
  id: 'gdc-jupyter:status',
  description: 'The jobs of the data cube in the status bar.',
  autoStart: true,
  requires: [IJobs, IStatusBar],
  optional: [ITranslator],
  activate: (_app: JupyterFrontEnd, jobs: IJobs, statusBar: IStatusBar, translator: ITranslator | null): void => {
    const item = new JobStatusItem(jobs, (translator ?? nullTranslator).load(DOMAIN));
    statusBar.registerStatusItem('gdc-jupyter:status', {
      item,
      align: 'right',
      rank: 200,
      isActive: () => jobs.available || jobs.jobs.length > 0,
      activeStateChanged: jobs.changed
    });
  }
};

export default [backendsPlugin, jobsPlugin, commandsPlugin, filesPlugin, statusPlugin];
export { IBackends, IJobs } from './tokens';
