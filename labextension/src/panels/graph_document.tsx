/** Documents `*.openeo.json`: a process in the graph editor, saved, reverted and restored as any other file. */
import { ReactWidget, UseSignal } from '@jupyterlab/apputils';
import { ABCWidgetFactory, type DocumentRegistry, DocumentWidget } from '@jupyterlab/docregistry';
import type { Contents } from '@jupyterlab/services';
import { PromiseDelegate } from '@lumino/coreutils';
import type { Message } from '@lumino/messaging';
import React from 'react';

import type { IBackend } from '../backend/backend';
import { BackendChoice } from '../components/backend_choice';
import { GraphEditor } from '../components/graph/editor';
import type { IGraphActions } from '../components/graph/toolbar';
import { Loading } from '../components/states';
import { HostContext, type IHost, useHost } from '../host';
import type { GraphModel } from '../models/graph';
import type { IBackends } from '../tokens';
import { GraphBinding } from './graph_binding';

type Context = DocumentRegistry.IContext<DocumentRegistry.ICodeModel>;

export const GRAPH_FILE = 'openeo-graph';
export const GRAPH_EXTENSION = '.openeo.json';
export const GRAPH_FACTORY = 'openEO Process Graph';

/** What a document needs of the application. */
export interface IGraphDocumentServices {
  readonly backends: IBackends;
  readonly contents: Contents.IManager;
  /** The host of the editor in a document. */
  host(document: GraphDocument): IHost;
  actions(document: GraphDocument): IGraphActions;
  /** Open the file as text. */
  openText(path: string): void;
}

/** The editor of a document, or why there is none. */
export class GraphDocumentPanel extends ReactWidget {
  constructor(
    private readonly context: Context,
    private readonly services: IGraphDocumentServices
  ) {
    super();
    this.addClass('gdc-Panel');
    this.addClass('gdc-GraphDocument');
    this.node.tabIndex = -1;
    this.binding = new GraphBinding(context);
    this.chosen = services.backends.own.id;
  }

  readonly binding: GraphBinding;
  /** The document around, which is made later. */
  document: GraphDocument | null = null;

  get model(): GraphModel {
    return this.binding.model;
  }

  /** The back-end whose processes are used. */
  get backend(): IBackend {
    const { backends } = this.services;
    return backends.find(this.chosen) ?? backends.own;
  }

  override dispose(): void {
    this.binding.dispose();
    super.dispose();
  }

  override render(): React.JSX.Element | null {
    const { document } = this;
    if (!document) {
      return null;
    }
    this.host ??= this.services.host(document);
    this.actions ??= this.services.actions(document);
    return (
      <HostContext.Provider value={this.host}>
        <UseSignal signal={this.binding.changed}>
          {() => <UseSignal signal={this.services.backends.changed}>{() => this.renderDocument()}</UseSignal>}
        </UseSignal>
      </HostContext.Provider>
    );
  }

  /** Look whether somebody else has changed the file, and take that over where nothing would be lost. */
  async checkFile(): Promise<void> {
    const { context } = this;
    if (!context.isReady || context.isDisposed) {
      return;
    }
    const now = await this.services.contents.get(context.path, { content: false }).catch(() => null);
    const known = this.lastModified();
    if (!now || known === null || now.last_modified === known) {
      return;
    }
    if (context.model.dirty) {
      this.isOutdated = true;
      this.update();
    } else {
      await context.revert();
    }
  }

  /** When the file was changed, as far as it is known here; null where it was closed meanwhile. */
  private lastModified(): string | null {
    return this.isDisposed ? null : (this.context.contentsModel?.last_modified ?? null);
  }

  protected override onActivateRequest(message: Message): void {
    super.onActivateRequest(message);
    if (!this.node.contains(document.activeElement)) {
      (this.node.querySelector<HTMLElement>('[role="tree"] [tabindex="0"], [role="tab"]') ?? this.node).focus();
    }
  }

  private renderDocument(): React.JSX.Element {
    if (!this.binding.isRead) {
      return <ReadingFile />;
    }
    if (this.binding.problem) {
      const { text, values } = this.binding.problem;
      return (
        <Unreadable
          reason={trans => trans.__(text, ...values)}
          text={this.context.model.sharedModel.getSource()}
          onText={() => {
            this.services.openText(this.context.path);
          }}
        />
      );
    }
    return (
      <GraphEditor
        key={this.backend.id}
        model={this.model}
        backend={this.backend}
        actions={this.actions ?? {}}
        notice={this.renderNotice()}
      />
    );
  }

  private renderNotice(): React.JSX.Element {
    const { backends } = this.services;
    return (
      <>
        <BackendChoice
          backends={backends.all}
          chosen={this.backend.id}
          onChoose={id => {
            this.chosen = id;
            this.update();
          }}
        />
        {this.isOutdated && (
          <Outdated
            onReload={() => {
              this.isOutdated = false;
              void this.context.revert().then(() => {
                this.update();
              });
            }}
            onKeep={() => {
              this.isOutdated = false;
              this.update();
            }}
          />
        )}
      </>
    );
  }

  private chosen: string;
  private isOutdated = false;
  private host: IHost | null = null;
  private actions: IGraphActions | null = null;
}

function ReadingFile(): React.JSX.Element {
  const { trans } = useHost();
  return <Loading what={trans.__('The file is being read…')} />;
}

interface IUnreadableProps {
  reason: (trans: IHost['trans']) => string;
  text: string;
  onText: () => void;
}

function Unreadable({ reason, text, onText }: IUnreadableProps): React.JSX.Element {
  const { trans } = useHost();
  return (
    <>
      <div className="gdc-State gdc-mod-problem" role="alert">
        <p>
          <strong>{trans.__('This file holds no process graph.')}</strong> {reason(trans)}{' '}
          {trans.__('The file is left as it is: put it right as text, and it opens here.')}
        </p>
        <button type="button" className="gdc-Button gdc-mod-primary" onClick={onText}>
          {trans.__('Open as text')}
        </button>
      </div>
      <pre className="gdc-GraphDocument-text" tabIndex={0} aria-label={trans.__('Text of the file')}>
        {text}
      </pre>
    </>
  );
}

function Outdated({ onReload, onKeep }: { onReload: () => void; onKeep: () => void }): React.JSX.Element {
  const { trans } = useHost();
  return (
    <div className="gdc-State gdc-mod-problem gdc-mod-timeout" role="alert">
      <p>
        <strong>{trans.__('The file has changed on the disk.')}</strong>{' '}
        {trans.__('To reload it can be undone.')}
      </p>
      <span>
        <button type="button" className="gdc-Button" onClick={onReload}>
          {trans.__('Reload')}
        </button>{' '}
        <button type="button" className="gdc-Button" onClick={onKeep}>
          {trans.__('Keep mine')}
        </button>
      </span>
    </div>
  );
}

export class GraphDocument extends DocumentWidget<GraphDocumentPanel, DocumentRegistry.ICodeModel> {
  constructor(options: DocumentWidget.IOptions<GraphDocumentPanel, DocumentRegistry.ICodeModel>) {
    const revealed = new PromiseDelegate<void>();
    super({ ...options, reveal: revealed.promise });
    this.content.document = this;
    void this.context.ready.then(() => {
      revealed.resolve();
    });
  }

  protected override onActivateRequest(message: Message): void {
    super.onActivateRequest(message);
    void this.content.checkFile();
  }
}

export class GraphDocumentFactory extends ABCWidgetFactory<GraphDocument, DocumentRegistry.ICodeModel> {
  constructor(
    options: DocumentRegistry.IWidgetFactoryOptions<GraphDocument>,
    private readonly services: IGraphDocumentServices
  ) {
    super(options);
  }

  protected override createNewWidget(context: Context): GraphDocument {
    return new GraphDocument({ context, content: new GraphDocumentPanel(context, this.services) });
  }
}
