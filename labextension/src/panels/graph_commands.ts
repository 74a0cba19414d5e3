/** The commands of process graphs: a new one, one from a file, and what is done with the one that is open. */
import { InputDialog, Notification } from '@jupyterlab/apputils';
import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { IDocumentWidget } from '@jupyterlab/docregistry';
import { FileDialog, type IDefaultFileBrowser } from '@jupyterlab/filebrowser';
import { checkIcon, downloadIcon, fileUploadIcon, pythonIcon, redoIcon, runIcon, undoIcon } from '@jupyterlab/ui-components';

import { asBackendError, type IBackend, pathOf } from '../backend/backend';
import { graphIcon } from '../icons';
import { EditRefused, resultOf } from '../models/graph_document';
import { cutAt } from '../models/graph_parts';
import { idOf } from '../models/graph_paths';
import { readGraphFile } from '../models/graph_file';
import { readServerFaults } from '../models/validation';
import { isRecord, type JsonRecord, textOf } from '../reading';
import { CommandIDs, type IBackends, type IJobs } from '../tokens';
import type { ITranslation } from '../translation';
import { GRAPH_EXTENSION, type GraphDocument } from './graph_document';
import type { IPreview } from './preview';

interface IGraphCommandOptions {
  app: JupyterFrontEnd;
  backends: IBackends;
  jobs: IJobs;
  browser: IDefaultFileBrowser | null;
  /** The document that has the focus, or null. */
  current: () => GraphDocument | null;
  preview: (document: GraphDocument, what: IPreview) => void;
  trans: ITranslation;
}

const NOTHING = { args: { type: 'object', properties: {} } } as const;

export function addGraphCommands(options: IGraphCommandOptions): void {
  addOpening(options);
  addUsing(options);
  addTravelling(options);
}

/** The Python code of a process for a back-end, which the service of this Jupyter server writes for all. */
export async function pythonCode({ own }: IBackends, backend: IBackend, process: unknown): Promise<string> {
  const query: Record<string, string> = backend.id === own.id ? {} : { url: backend.url };
  const { body } = await own.request('python_code', { method: 'POST', query, body: process });
  return textOf(body, 'code');
}

function addOpening({ app, browser, current, trans }: IGraphCommandOptions): void {
  const { commands } = app;
  const { contents } = app.serviceManager;
  const folder = (): string => browser?.model.path ?? '';
  const open = async (content: unknown, path: string): Promise<IDocumentWidget> => {
    const file = await contents.newUntitled({ path, type: 'file', ext: GRAPH_EXTENSION });
    if (content !== null) {
      const text = `${JSON.stringify(content, null, 2)}\n`;
      await contents.save(file.path, { type: 'file', format: 'text', content: text });
    }
    return (await commands.execute('docmanager:open', { path: file.path })) as IDocumentWidget;
  };

  commands.addCommand(CommandIDs.newGraph, {
    label: args => (args.isLauncher ? trans.__('Process graph') : trans.__('New Process Graph')),
    caption: trans.__('A file with a process graph, in the graph editor'),
    icon: graphIcon,
    describedBy: {
      args: { type: 'object', properties: { cwd: { type: 'string', description: trans.__('The folder of the file') } } }
    },
    execute: args => open(null, textOf(args, 'cwd') || folder())
  });

  commands.addCommand(CommandIDs.openGraph, {
    label: trans.__('Open Process Graph'),
    caption: trans.__('Open a process in the graph editor, as a new file'),
    icon: graphIcon,
    isVisible: () => false,
    describedBy: {
      args: {
        type: 'object',
        required: ['process'],
        properties: {
          process: { type: 'object', description: trans.__('A process with a process graph') },
          title: { type: 'string', description: trans.__('What it is called') }
        }
      }
    },
    execute: args => {
      const process: JsonRecord = isRecord(args.process) ? args.process : {};
      const title = textOf(args, 'title');
      const isNamed = textOf(process, 'summary') || textOf(process, 'id') || !title;
      return open(isNamed ? process : { summary: title, ...process }, folder());
    }
  });

  commands.addCommand(CommandIDs.importGraph, {
    label: trans.__('Import Process Graph…'),
    caption: trans.__('Take the process of a JSON file into the graph that is open, or into a new one'),
    icon: fileUploadIcon,
    describedBy: {
      args: { type: 'object', properties: { path: { type: 'string', description: trans.__('The file; asked for by default') } } }
    },
    isEnabled: args => Boolean(textOf(args, 'path')) || browser !== null,
    execute: async args => {
      const path = textOf(args, 'path') || (browser && (await pickFile(browser, trans)));
      if (!path) {
        return;
      }
      const file = await contents.get(path, { content: true, format: 'text' });
      try {
        const { document } = readGraphFile(String(file.content));
        const target = current();
        if (target) {
          target.content.model.load(document);
        } else {
          await open(document, folder());
        }
      } catch (error) {
        if (!(error instanceof EditRefused)) {
          throw error;
        }
        Notification.error(trans.__('%1: %2', path, trans.__(error.text, ...error.values)), { autoClose: false });
      }
    }
  });
}

async function pickFile(browser: IDefaultFileBrowser, trans: ITranslation): Promise<string | null> {
  const { value } = await FileDialog.getOpenFiles({
    manager: browser.model.manager,
    title: trans.__('Import a process graph'),
    filter: ({ type, name }) => (type === 'directory' || name.toLowerCase().endsWith('.json') ? {} : null)
  });
  return value?.[0]?.path ?? null;
}

function addUsing({ app, backends, jobs, current, preview, trans }: IGraphCommandOptions): void {
  const { commands } = app;
  const isEnabled = (): boolean => current() !== null;
  const use = (act: (document: GraphDocument) => Promise<void> | void) => async (): Promise<void> => {
    const document = current();
    try {
      if (document) {
        await act(document);
      }
    } catch (error) {
      const isOwn = error instanceof EditRefused;
      const reason = isOwn ? trans.__(error.text, ...error.values) : asBackendError(error).message;
      Notification.error(reason, { autoClose: false });
    }
  };
  const nameOf = ({ context, content }: GraphDocument): string =>
    textOf(content.model.document, 'summary') ||
    textOf(content.model.document, 'id') ||
    (context.path.split('/').pop() ?? '').replace(GRAPH_EXTENSION, '');

  commands.addCommand(CommandIDs.runGraph, {
    label: trans.__('Run Process Graph as a Job…'),
    caption: trans.__('Create a job of the process graph that is open, and start it'),
    icon: runIcon,
    describedBy: NOTHING,
    isEnabled,
    execute: use(async document => {
      const { model, backend } = document.content;
      const { value: title } = await InputDialog.getText({
        title: trans.__('Run as a job'),
        label: trans.__('Title of the job'),
        text: nameOf(document),
        okLabel: trans.__('Run')
      });
      if (title === null) {
        return;
      }
      const body = { title, process: model.process };
      const { headers } = await backend.request('jobs', { method: 'POST', body });
      const job = headers['openeo-identifier'] ?? headers.location?.split('/').pop() ?? '';
      await backend.request(`${pathOf('jobs', job)}/results`, { method: 'POST' });
      tellStarted(commands, title, trans);
      await jobs.refresh();
    })
  });

  commands.addCommand(CommandIDs.validateGraph, {
    label: trans.__('Validate Process Graph'),
    caption: trans.__('Let the back-end check the process graph that is open'),
    icon: checkIcon,
    describedBy: NOTHING,
    isEnabled,
    execute: use(async ({ content: { model, backend } }) => {
      const { document } = model;
      const { body } = await backend.request('validation', { method: 'POST', body: model.process });
      model.setServerFaults(document, readServerFaults(body));
      const [first] = model.faults;
      if (first) {
        const where = first.path.length ? trans.__('%1: %2', first.path.join(' / '), first.message) : first.message;
        const message = trans._n('One fault: %2', '%1 faults, the first: %2', model.faults.length, where);
        Notification.warning(message, { autoClose: 15_000 });
      } else {
        Notification.success(trans.__('%1 finds no fault in the process graph.', backend.title), { autoClose: 5000 });
      }
    })
  });

  commands.addCommand(CommandIDs.previewGraph, {
    label: trans.__('Preview Process Graph'),
    caption: trans.__('Show the result of the selected node, or of the whole graph, as a picture'),
    icon: graphIcon,
    describedBy: NOTHING,
    isEnabled,
    execute: use(document => {
      const { model } = document.content;
      const result = resultOf(model.document.process_graph);
      const node = model.selection ?? (result === null ? null : [result]);
      if (node === null) {
        throw new EditRefused('This graph has no result yet: add a node.');
      }
      preview(document, { process: { process_graph: cutAt(model.document, node) }, title: idOf(node) });
    })
  });

  commands.addCommand(CommandIDs.exportGraphCode, {
    label: trans.__('Export Process Graph as Python'),
    caption: trans.__('Write code of the openEO client that makes the process graph that is open'),
    icon: pythonIcon,
    describedBy: NOTHING,
    isEnabled,
    execute: use(async document => {
      const code = await pythonCode(backends, document.content.backend, document.content.model.process);
      const path = document.context.path.split('/').slice(0, -1).join('/');
      const { contents } = app.serviceManager;
      const file = await contents.newUntitled({ path, type: 'file', ext: '.py' });
      await contents.save(file.path, { type: 'file', format: 'text', content: code });
      await commands.execute('docmanager:open', { path: file.path, options: { mode: 'split-right', ref: document.id } });
    })
  });

  commands.addCommand(CommandIDs.exportGraph, {
    label: trans.__('Download Process Graph'),
    caption: trans.__('Download the file of the process graph that is open'),
    icon: downloadIcon,
    describedBy: NOTHING,
    isEnabled,
    execute: use(async document => {
      await document.context.save();
      await document.context.download();
    })
  });
}

function addTravelling({ app, current, trans }: IGraphCommandOptions): void {
  const { commands } = app;
  commands.addCommand(CommandIDs.undoGraph, {
    label: trans.__('Undo in Process Graph'),
    caption: trans.__('Take back the last change of the process graph that is open'),
    icon: undoIcon,
    describedBy: NOTHING,
    isEnabled: () => current()?.content.model.canUndo ?? false,
    execute: () => {
      current()?.content.model.undo();
    }
  });

  commands.addCommand(CommandIDs.redoGraph, {
    label: trans.__('Redo in Process Graph'),
    caption: trans.__('Do again what was taken back in the process graph that is open'),
    icon: redoIcon,
    describedBy: NOTHING,
    isEnabled: () => current()?.content.model.canRedo ?? false,
    execute: () => {
      current()?.content.model.redo();
    }
  });
}

/** Tell that a job was started, with a way to see it. */
export function tellStarted(commands: JupyterFrontEnd['commands'], title: string, trans: ITranslation): void {
  Notification.success(trans.__('The job %1 is started.', title), {
    autoClose: 5000,
    actions: [{ label: trans.__('Show jobs'), callback: () => void commands.execute(CommandIDs.showJobs) }]
  });
}
