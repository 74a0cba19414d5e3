/** The commands of the data cube. */
import { Dialog, showDialog } from '@jupyterlab/apputils';
import type { ServiceManager } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';

import { JobListWidget } from './panels/joblist';
import { cubeIcon, jobsIcon } from './icons';
import { tutorialPath } from './notebook';
import { CommandIDs, type IJobs } from './tokens';

interface ICommandOptions {
  jobs: IJobs;
  contents: ServiceManager.IManager['contents'];
  /** The folder that the file browser shows. */
  folder: () => string;
  trans: TranslationBundle;
}

export function addCommands(commands: CommandRegistry, { jobs, contents, folder, trans }: ICommandOptions): void {
  commands.addCommand(CommandIDs.openTutorial, {
    label: args =>
      args.isLauncher ? trans.__('First composite') : trans.__('Open the Tutorial: First Composite'),
    caption: trans.__('A notebook: draw an area, see its vegetation, run it as a job'),
    icon: cubeIcon,
    execute: async args => {
      const cwd = typeof args.cwd === 'string' ? args.cwd : folder();
      const path = await tutorialPath(contents, cwd, async () => (await import('./tutorial.json')).default);
      return commands.execute('docmanager:open', { path }) as Promise<unknown>;
    }
  });

  commands.addCommand(CommandIDs.showJobs, {
    label: args => (args.isLauncher ? trans.__('Jobs') : trans.__('Show Jobs')),
    caption: trans.__('The batch jobs of the data cube: status, progress, cancel'),
    icon: jobsIcon,
    execute: async () => {
      void jobs.refresh();
      await showDialog({
        body: new JobListWidget(jobs, trans),
        buttons: [Dialog.okButton({ label: trans.__('Close') })]
      });
    }
  });
}
