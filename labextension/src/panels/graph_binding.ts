/** Keeps the process in an editor and the text of its file the same. */
import type { DocumentRegistry } from '@jupyterlab/docregistry';
import type { IDisposable } from '@lumino/disposable';
import { type ISignal, Signal } from '@lumino/signaling';

import { GraphModel } from '../models/graph';
import { EditRefused, type IGraphDocument } from '../models/graph_document';
import { type IGraphFile, readGraphFile } from '../models/graph_file';

export class GraphBinding implements IDisposable {
  constructor(private readonly context: DocumentRegistry.IContext<DocumentRegistry.ICodeModel>) {
    void context.ready.then(() => {
      if (!this.disposed) {
        this.saved = context.model.sharedModel.getSource();
        this.read();
        context.model.contentChanged.connect(this.onText);
        context.saveState.connect(this.onSave);
        context.fileChanged.connect(this.onFile);
      }
    });
  }

  /** The process that is edited; another object once the file has been read. */
  model = new GraphModel();

  /** Why the text of the file is no process; null where it is one, or is not read yet. */
  get problem(): EditRefused | null {
    return this.reason;
  }

  get isRead(): boolean {
    return this.file !== null || this.reason !== null;
  }

  /** Emitted when the text has become a process, or has ceased to be one. */
  get changed(): ISignal<this, void> {
    return this.signal;
  }

  get isDisposed(): boolean {
    return this.disposed;
  }

  dispose(): void {
    this.disposed = true;
    this.stop();
    this.context.model.contentChanged.disconnect(this.onText);
    this.context.saveState.disconnect(this.onSave);
    this.context.fileChanged.disconnect(this.onFile);
    Signal.clearData(this);
  }

  private readonly onText = (): void => {
    this.read();
    this.mark();
  };

  private readonly onSave = (_: unknown, state: DocumentRegistry.SaveState): void => {
    if (state === 'completed') {
      this.saved = this.context.model.sharedModel.getSource();
    }
  };

  private readonly onFile = (): void => {
    // What came from the disk, after somebody else had changed the file, is there already.
    if (this.isFromFile) {
      this.saved = this.text ?? '';
      this.mark();
    }
  };

  /** Tell whether there is something to save. */
  private mark(): void {
    const { model } = this.context;
    model.dirty = model.sharedModel.getSource() !== this.saved;
  }

  private read(): void {
    const text = this.context.model.sharedModel.getSource();
    if (text === this.text) {
      return;
    }
    this.text = text;
    this.isFromFile = true;
    try {
      const file = readGraphFile(text);
      if (this.file) {
        this.file = file;
        this.taken = file.document;
        this.model.load(file.document);
      } else {
        this.begin(file);
      }
      this.reason = null;
    } catch (error) {
      if (!(error instanceof EditRefused)) {
        throw error;
      }
      // What the editor had stays in its history; the text is left as it is.
      this.reason = error;
    }
    this.signal.emit();
  }

  private begin(file: IGraphFile): void {
    this.file = file;
    this.taken = file.document;
    this.model = new GraphModel(file.document);
    this.stop = this.model.versions.subscribe(() => {
      this.write();
    });
  }

  private write(): void {
    const { document } = this.model;
    if (document === this.taken || !this.file || this.reason) {
      return;
    }
    this.taken = document;
    this.text = this.file.write(document);
    this.isFromFile = false;
    this.context.model.sharedModel.setSource(this.text);
    this.mark();
  }

  private stop: () => void = () => undefined;
  private readonly signal = new Signal<this, void>(this);
  private file: IGraphFile | null = null;
  private reason: EditRefused | null = null;
  /** The text that editor and file agree on. */
  private text: string | null = null;
  /** The text that is on the disk. */
  private saved = '';
  private isFromFile = true;
  private taken: IGraphDocument | null = null;
  private disposed = false;
}
