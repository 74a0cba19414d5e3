/** The plugins of the data cube: its jobs, its commands, its cards in the launcher, its item in the status bar. */
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { IDefaultFileBrowser } from '@jupyterlab/filebrowser';
import { ILauncher } from '@jupyterlab/launcher';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStatusBar } from '@jupyterlab/statusbar';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { Api, parseEvent } from './api';
import { addCommands } from './commands';
import { backendsPlugin } from './panels/backends';
import { JobStatusItem } from './panels/status';
import { JobsModel } from './jobs';
import { CommandIDs, DOMAIN, IJobs } from './tokens';

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
  requires: [IJobs],
  optional: [ITranslator, ICommandPalette, ILauncher, IDefaultFileBrowser],
  activate: (
    app: JupyterFrontEnd,
    jobs: IJobs,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
    launcher: ILauncher | null,
    browser: IDefaultFileBrowser | null
  ): void => {
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    const category = trans.__('Data cube');
    addCommands(app.commands, {
      jobs,
      contents: app.serviceManager.contents,
      folder: () => browser?.model.path ?? '',
      trans
    });
    [CommandIDs.openTutorial, CommandIDs.showJobs].forEach((command, rank) => {
      palette?.addItem({ command, category });
      launcher?.add({ command, category, rank, args: { isLauncher: true } });
    });
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

export default [backendsPlugin, jobsPlugin, commandsPlugin, statusPlugin];
export { IBackends, IJobs } from './tokens';
