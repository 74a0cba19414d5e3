/** The plugin of process graphs: their documents, their commands, and that they are there again after a reload. */
import { ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, WidgetTracker } from '@jupyterlab/apputils';
import { IDefaultFileBrowser } from '@jupyterlab/filebrowser';
import { ILauncher } from '@jupyterlab/launcher';
import { IMainMenu } from '@jupyterlab/mainmenu';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { graphIcon } from '../icons';
import { isRecord } from '../reading';
import { CommandIDs, DOMAIN, IBackends, IJobs } from '../tokens';
import { addGraphCommands, pythonCode, tellStarted } from './graph_commands';
import {
  GRAPH_EXTENSION,
  GRAPH_FACTORY,
  GRAPH_FILE,
  type GraphDocument,
  GraphDocumentFactory,
  type IGraphDocumentServices
} from './graph_document';
import { panelHost } from './host';
import { addJobCommands } from './job_commands';
import { type IPreview, PreviewWidget } from './preview';

const IN_PALETTE = [
  CommandIDs.newGraph,
  CommandIDs.importGraph,
  CommandIDs.runGraph,
  CommandIDs.validateGraph,
  CommandIDs.previewGraph,
  CommandIDs.exportGraphCode,
  CommandIDs.exportGraph,
  CommandIDs.undoGraph,
  CommandIDs.redoGraph,
  CommandIDs.startJob,
  CommandIDs.cancelJob,
  CommandIDs.deleteJob,
  CommandIDs.openJobGraph
];

export const graphsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'gdc-jupyter:graphs',
  description: 'Process graphs as documents, and the commands of graphs and jobs.',
  autoStart: true,
  requires: [IBackends, IJobs],
  optional: [ITranslator, ICommandPalette, ILauncher, IDefaultFileBrowser, ILayoutRestorer, IMainMenu],
  activate: (
    app: JupyterFrontEnd,
    backends: IBackends,
    jobs: IJobs,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
    launcher: ILauncher | null,
    browser: IDefaultFileBrowser | null,
    restorer: ILayoutRestorer | null,
    menu: IMainMenu | null
  ): void => {
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    const { commands, docRegistry, serviceManager, shell } = app;
    const tracker = new WidgetTracker<GraphDocument>({ namespace: 'gdc-graphs' });
    const preview = previewer(app, backends, trans);
    const services: IGraphDocumentServices = {
      backends,
      contents: serviceManager.contents,
      host: document => ({
        ...panelHost(commands, backends, trans),
        showOnMap: ({ process, title }) => {
          if (isRecord(process)) {
            preview(document, { process, title });
          }
        }
      }),
      actions: ({ content }) => ({
        pythonCode: process => pythonCode(backends, content.backend, process),
        onJob: (_, title) => {
          tellStarted(commands, title, trans);
          void jobs.refresh();
        }
      }),
      openText: path => void commands.execute('docmanager:open', { path, factory: 'Editor' })
    };
    docRegistry.addFileType({
      name: GRAPH_FILE,
      displayName: trans.__('openEO process graph'),
      extensions: [GRAPH_EXTENSION],
      mimeTypes: ['application/json'],
      contentType: 'file',
      fileFormat: 'text',
      icon: graphIcon
    });
    const factory = new GraphDocumentFactory(
      {
        name: GRAPH_FACTORY,
        label: trans.__('Process Graph'),
        modelName: 'text',
        fileTypes: [GRAPH_FILE, 'json'],
        defaultFor: [GRAPH_FILE],
        translator: translator ?? nullTranslator
      },
      services
    );
    factory.widgetCreated.connect((_, document) => {
      document.title.icon = graphIcon;
      document.context.pathChanged.connect(() => void tracker.save(document));
      void tracker.add(document);
    });
    docRegistry.addWidgetFactory(factory);
    void restorer?.restore(tracker, {
      command: 'docmanager:open',
      args: ({ context }) => ({ path: context.path, factory: GRAPH_FACTORY }),
      name: ({ context }) => context.path
    });
    const current = (): GraphDocument | null => {
      const { currentWidget } = tracker;
      return currentWidget && currentWidget === shell.currentWidget ? currentWidget : null;
    };
    tracker.currentChanged.connect(() => {
      commands.notifyCommandChanged();
    });
    window.addEventListener('focus', () => void current()?.content.checkFile());
    addGraphCommands({ app, backends, jobs, browser, current, preview, trans });
    addJobCommands(commands, { backends, jobs, trans });
    const isEnabled = (): boolean => current() !== null;
    menu?.editMenu.undoers.undo.add({ id: CommandIDs.undoGraph, isEnabled });
    menu?.editMenu.undoers.redo.add({ id: CommandIDs.redoGraph, isEnabled });
    const category = trans.__('Data cube');
    for (const command of IN_PALETTE) {
      palette?.addItem({ command, category });
    }
    launcher?.add({ command: CommandIDs.newGraph, category, rank: 2, args: { isLauncher: true } });
  }
};

/** Shows pictures beside documents, each in one pane of its own. */
function previewer(
  app: JupyterFrontEnd,
  backends: IBackends,
  trans: ReturnType<ITranslator['load']>
): (document: GraphDocument, what: IPreview) => void {
  const panes = new WeakMap<GraphDocument, PreviewWidget>();
  return (document, what) => {
    const known = panes.get(document);
    if (known && !known.isDisposed) {
      known.setPreview(what);
      app.shell.activateById(known.id);
      return;
    }
    const pane = new PreviewWidget(document.content.backend, panelHost(app.commands, backends, trans), what);
    pane.id = `gdc-preview-${document.id}`;
    pane.title.icon = graphIcon;
    panes.set(document, pane);
    app.shell.add(pane, 'main', { ref: document.id, mode: 'split-right' });
    document.disposed.connect(() => {
      pane.dispose();
    });
  };
}
