/** Keeps the process of an editor and of its kernel the same, also over times in which the kernel does not answer. */
import type { GraphModel } from '../models/graph';
import { EditRefused, type IGraphDocument, nodeAt } from '../models/graph_document';
import { keyOf, pathOfKey } from '../models/graph_paths';
import { Store } from '../models/store';
import { isRecord, numberOf, recordOf, textOf } from '../reading';
import type { IWidgetModel } from './mounting';

/** How long after a key what was typed is sent, and how long the kernel may take before that is told, in milliseconds. */
const DELAY = 200;
const PATIENCE = 4000;

export class GraphSync {
  constructor(
    private readonly widget: IWidgetModel,
    private readonly graph: GraphModel
  ) {}

  /** Whether the kernel has not taken over the last changes for a while. */
  readonly behind = new Store(false);

  start(): () => void {
    this.takeDocument();
    this.takeSelection();
    const stop = this.graph.versions.subscribe(this.onEdit);
    this.widget.on('change:_document', this.takeDocument);
    this.widget.on('change:selected_node', this.takeSelection);
    this.widget.on('msg:custom', this.onMessage);
    return () => {
      clearTimeout(this.timer);
      clearTimeout(this.patience);
      this.send();
      stop();
      this.widget.off('change:_document', this.takeDocument);
      this.widget.off('change:selected_node', this.takeSelection);
      this.widget.off('msg:custom', this.onMessage);
    };
  }

  private readonly onEdit = (): void => {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.send();
    }, DELAY);
  };

  private send(): void {
    const { document, selection, faults } = this.graph;
    if (document !== this.shared) {
      this.shared = document;
      this.number += 1;
      this.widget.set('_document', { origin: this.view, number: this.number, process: document });
      this.expectAnswer();
    }
    const told = faults.map(({ path, ...fault }) => ({ node: keyOf(path), ...fault }));
    if (JSON.stringify(told) !== JSON.stringify(this.widget.get('faults'))) {
      this.widget.set('faults', told);
    }
    const selected = selection ? keyOf(selection) : '';
    if (selected !== this.widget.get('selected_node')) {
      this.widget.set('selected_node', selected);
    }
    this.save();
  }

  private save(): void {
    try {
      this.widget.save_changes();
    } catch {
      // The kernel is away for good: the page goes on without it.
      this.behind.set(true);
    }
  }

  private expectAnswer(): void {
    clearTimeout(this.patience);
    this.patience = setTimeout(() => {
      this.behind.set(true);
      // Sent once more: what was on its way when the connection broke is lost.
      this.number += 1;
      this.widget.set('_document', { origin: this.view, number: this.number, process: this.shared });
      this.save();
      this.expectAnswer();
    }, PATIENCE);
  }

  private readonly onMessage = (content: unknown): void => {
    if (isRecord(content) && content.kind === 'kept' && content.origin === this.view && numberOf(content, 'number') === this.number) {
      clearTimeout(this.patience);
      this.behind.set(false);
    }
  };

  private readonly takeDocument = (): void => {
    const told = this.widget.get('_document');
    if (!isRecord(told) || textOf(told, 'origin') === this.view) {
      return;
    }
    const process = recordOf(told, 'process');
    try {
      if (JSON.stringify(process) !== JSON.stringify(this.graph.document)) {
        this.graph.load(process);
      }
      this.shared = this.graph.document;
    } catch (error) {
      if (!(error instanceof EditRefused)) {
        throw error;
      }
    }
  };

  private readonly takeSelection = (): void => {
    const key = this.widget.get('selected_node');
    const path = typeof key === 'string' && key !== '' ? pathOfKey(key) : null;
    if (path === null || nodeAt(this.graph.document, path)) {
      this.graph.select(path);
    }
  };

  private readonly view = Math.random().toString(36).slice(2);
  private number = 0;
  private shared: IGraphDocument | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private patience: ReturnType<typeof setTimeout> | undefined;
}
