/** The commands of the data cube that belong to no single panel. */
import { Dialog, InputDialog, showDialog } from '@jupyterlab/apputils';
import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { TranslationBundle } from '@jupyterlab/translation';
import { refreshIcon, settingsIcon, userIcon } from '@jupyterlab/ui-components';

import { panelHost } from './panels/host';
import { JobListWidget } from './panels/joblist';
import { collectionsIcon, cubeIcon, jobsIcon } from './icons';
import { tutorialPath } from './notebook';
import { textOf } from './reading';
import { CommandIDs, type IBackends, type IJobs, PanelIDs } from './tokens';

interface ICommandOptions {
  app: JupyterFrontEnd;
  jobs: IJobs;
  backends: IBackends;
  /** The folder that the file browser shows. */
  folder: () => string;
  trans: TranslationBundle;
}

const NOTHING = { args: { type: 'object', properties: {} } } as const;

export function addCommands(options: ICommandOptions): void {
  addOpening(options);
  addServing(options);
}

function addOpening({ app, jobs, backends, folder, trans }: ICommandOptions): void {
  const { commands, shell } = app;
  const { contents } = app.serviceManager;
  const hasPanel = (id: string): boolean => [...shell.widgets('left')].some(widget => widget.id === id);

  commands.addCommand(CommandIDs.openTutorial, {
    label: args =>
      args.isLauncher ? trans.__('First composite') : trans.__('Open the Tutorial: First Composite'),
    caption: trans.__('A notebook: draw an area, see its vegetation, run it as a job'),
    icon: cubeIcon,
    describedBy: {
      args: { type: 'object', properties: { cwd: { type: 'string', description: trans.__('The folder for a copy') } } }
    },
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
    describedBy: NOTHING,
    execute: async () => {
      void jobs.refresh();
      if (hasPanel(PanelIDs.jobs)) {
        shell.activateById(PanelIDs.jobs);
        return;
      }
      await showDialog({
        body: new JobListWidget({ jobs, host: panelHost(commands, backends, trans), onShow: () => undefined }),
        buttons: [Dialog.okButton({ label: trans.__('Close') })]
      });
    }
  });

  commands.addCommand(CommandIDs.showCollections, {
    label: args => (args.isLauncher ? trans.__('Collections') : trans.__('Show Collections')),
    caption: trans.__('The collections of the data cube: what there is, where and when, and the code for it'),
    icon: collectionsIcon,
    describedBy: NOTHING,
    isVisible: () => hasPanel(PanelIDs.collections),
    execute: () => {
      shell.activateById(PanelIDs.collections);
    }
  });

  commands.addCommand(CommandIDs.openSettings, {
    label: trans.__('Data Cube Settings'),
    caption: trans.__('Back-ends, polling, home and tiles of the maps'),
    icon: settingsIcon,
    describedBy: NOTHING,
    isEnabled: () => commands.hasCommand('settingeditor:open'),
    execute: () => commands.execute('settingeditor:open', { query: trans.__('Data cube') }) as Promise<unknown>
  });
}

function addServing({ app, jobs, backends, trans }: ICommandOptions): void {
  const { commands } = app;
  const others = (isSignedIn: boolean): string[] =>
    backends.all.filter(({ id }) => id !== backends.own.id && backends.isSignedIn(id) === isSignedIn).map(({ id }) => id);
  const describedBy = {
    args: {
      type: 'object',
      properties: { backend: { type: 'string', description: trans.__('The id of the back-end; asked for where it is not given') } }
    }
  } as const;
  const asked = async (args: object, choices: string[], title: string): Promise<string | null> => {
    const given = textOf(args, 'backend');
    return given || (choices.length > 1 ? (await InputDialog.getItem({ title, items: choices })).value : (choices[0] ?? null));
  };

  commands.addCommand(CommandIDs.refresh, {
    label: trans.__('Refresh Collections and Jobs'),
    caption: trans.__('Ask all back-ends again'),
    icon: refreshIcon,
    describedBy: NOTHING,
    execute: async () => {
      backends.markStale();
      await jobs.refresh();
    }
  });

  commands.addCommand(CommandIDs.signIn, {
    label: trans.__('Sign In to a Back-end…'),
    caption: trans.__('Use another back-end of the settings as one of its users'),
    icon: userIcon,
    describedBy,
    isEnabled: args => Boolean(textOf(args, 'backend')) || others(false).length > 0,
    execute: async args => {
      const backend = await asked(args, others(false), trans.__('Sign in to'));
      return backend === null ? false : backends.signIn(backend);
    }
  });

  commands.addCommand(CommandIDs.signOut, {
    label: trans.__('Sign Out of a Back-end'),
    caption: trans.__('Forget the user of another back-end'),
    icon: userIcon,
    describedBy,
    isEnabled: args => Boolean(textOf(args, 'backend')) || others(true).length > 0,
    execute: async args => {
      const backend = await asked(args, others(true), trans.__('Sign out of'));
      if (backend !== null) {
        backends.signOut(backend);
      }
    }
  });
}
