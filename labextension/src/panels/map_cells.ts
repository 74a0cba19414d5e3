/** Shows things on a map, or the workbench, in a notebook, which is made where none is open: a cell is put there and run. */
import type { JupyterFrontEnd } from '@jupyterlab/application';
import { type INotebookTracker, NotebookActions, type NotebookPanel } from '@jupyterlab/notebook';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';

import { cubeIcon, outlineIcon } from '../icons';
import { type IMapRequest, mapCode } from '../models/map_code';
import { isRecord, textOf } from '../reading';
import { CommandIDs, type IBackends } from '../tokens';
import type { ITranslation } from '../translation';

const WORKBENCH = 'import gdc_jupyter as gdc\n\nbench = gdc.Workbench()\nbench';

interface IMapCommandOptions {
  app: JupyterFrontEnd;
  backends: IBackends;
  notebooks: INotebookTracker;
  /** The folder in which a new notebook belongs. */
  folder: () => string;
  trans: ITranslation;
}

export function addMapCommands({ app, backends, notebooks, folder, trans }: IMapCommandOptions): void {
  const { commands, shell } = app;

  const run = async (code: string, panel: NotebookPanel): Promise<void> => {
    shell.activateById(panel.id);
    await Promise.all([panel.context.ready, panel.sessionContext.ready]);
    await runBelow(panel, code);
  };
  const show = (request: IMapRequest, panel: NotebookPanel): Promise<void> =>
    run(mapCode({ tiles: backends.map.tiles, home: backends.map.home, ...request }), panel);
  const newNotebook = async (): Promise<NotebookPanel> =>
    (await commands.execute('notebook:create-new', { cwd: folder(), kernelName: await pythonKernel(app) })) as NotebookPanel;

  commands.addCommand(CommandIDs.showOnMap, {
    label: trans.__('Show on Map'),
    caption: trans.__('Show a collection, a finished job or a process on a map in a notebook'),
    icon: cubeIcon,
    describedBy: {
      args: {
        type: 'object',
        properties: {
          collection: { type: 'object', description: trans.__('STAC metadata of a collection') },
          selection: { type: 'object', description: trans.__('A part of a collection: collection, bbox, datetime, bands') },
          job: { type: 'string', description: trans.__('The id of a finished job') },
          process: { type: 'object', description: trans.__('A process with a process graph') },
          title: { type: 'string', description: trans.__('The name of the layer') },
          backend: { type: 'string', description: trans.__('The id of the back-end; by default this Jupyter server') }
        }
      }
    },
    execute: async args => {
      await show(requestOf(args, backends), notebooks.currentWidget ?? (await newNotebook()));
    }
  });

  commands.addCommand(CommandIDs.newMap, {
    label: args => (args.isLauncher ? trans.__('Map') : trans.__('New Map')),
    caption: trans.__('A notebook with a map on which an area is chosen'),
    icon: cubeIcon,
    describedBy: { args: { type: 'object', properties: {} } },
    execute: async () => {
      await show({}, await newNotebook());
    }
  });

  commands.addCommand(CommandIDs.newWorkbench, {
    label: args => (args.isLauncher ? trans.__('Workbench') : trans.__('New Workbench')),
    caption: trans.__('A notebook with collections, a map, a process graph and jobs around one selection'),
    icon: outlineIcon,
    describedBy: { args: { type: 'object', properties: {} } },
    execute: async () => {
      await run(WORKBENCH, await newNotebook());
    }
  });
}

function requestOf(args: ReadonlyPartialJSONObject, backends: IBackends): IMapRequest {
  const backend = backends.find(textOf(args, 'backend'));
  const { collection, selection, process } = args;
  return {
    ...(isRecord(collection) && { collection }),
    ...(isRecord(selection) && { selection: selection as unknown as IMapRequest['selection'] }),
    ...(isRecord(process) && { process }),
    ...(textOf(args, 'job') && { job: textOf(args, 'job') }),
    ...(textOf(args, 'title') && { title: textOf(args, 'title') }),
    ...(backend && backend !== backends.own && { url: backend.url })
  };
}

/** Run code in a cell below the active one, or in that cell where it is empty. */
async function runBelow({ content, sessionContext }: NotebookPanel, code: string): Promise<void> {
  const active = content.activeCell?.model;
  if (active?.type !== 'code' || active.sharedModel.getSource().trim()) {
    NotebookActions.insertBelow(content);
  }
  content.activeCell?.model.sharedModel.setSource(code);
  await NotebookActions.run(content, sessionContext);
  await NotebookActions.focusActiveCell(content);
}

/** The name of a kernel that runs Python, the default one where that does. */
async function pythonKernel(app: JupyterFrontEnd): Promise<string> {
  const { kernelspecs } = app.serviceManager;
  await kernelspecs.ready;
  const specs = kernelspecs.specs;
  const names = [specs?.default ?? '', ...Object.keys(specs?.kernelspecs ?? {})];
  return names.find(name => specs?.kernelspecs[name]?.language.toLowerCase() === 'python') ?? '';
}
