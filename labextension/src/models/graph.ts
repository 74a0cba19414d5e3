/** A process that is edited: its document, every step of which can be undone, what is selected, and what is wrong. */
import type { JsonRecord } from '../reading';
import { englishWords, type ITranslation } from '../translation';
import {
  dependsOn,
  EditRefused,
  EMPTY_DOCUMENT,
  freeId,
  graphAt,
  type IEdge,
  type IGraphDocument,
  inOrder,
  type IPosition,
  isResult,
  LAYOUT,
  nodeAt,
  orderOf,
  positionsOf,
  resultOf,
  withArgument,
  withGraph,
  withMember,
  withoutLayout,
  withoutNode,
  withPositions,
  withRenamed,
  withResult
} from './graph_document';
import { type GraphPath, graphOf, idOf, isWithin, type NodePath, samePath, withValueAt } from './graph_paths';
import { readGraph } from './graph_sources';
import { firstArguments } from './new_node';
import { type IProcess, ProcessCatalog } from './processes';
import { type IScope, scopeOf } from './scope';
import { Store } from './store';
import { type IFault, mergedFaults, validate } from './validation';

/** How many steps can be undone. */
const DEPTH = 500;

interface IStep {
  readonly document: IGraphDocument;
  readonly selection: NodePath | null;
}

/** Steps of the same run, such as keys that are typed into one field, are undone together. */
export interface IEditOptions {
  run?: string;
}

export class GraphModel {
  constructor(source?: unknown) {
    if (source !== undefined) {
      this.load(source);
      this.past = [];
    }
  }

  get document(): IGraphDocument {
    return this.current.document;
  }

  /** The path of the node that is selected. */
  get selection(): NodePath | null {
    return this.current.selection;
  }

  /** The words of faults. */
  trans: ITranslation = englishWords;

  /** Unlike before after every change: of the document, the selection, the processes or the faults. */
  get version(): number {
    return this.versions.get();
  }

  get processes(): ProcessCatalog {
    return this.catalog;
  }

  set processes(catalog: ProcessCatalog) {
    this.catalog = catalog;
    this.known = null;
    this.tell();
  }

  get canUndo(): boolean {
    return this.past.length > 0;
  }

  get canRedo(): boolean {
    return this.future.length > 0;
  }

  /** What the page and the back-end have found wrong with the document as it is now. */
  get faults(): readonly IFault[] {
    this.known ??= mergedFaults(validate(this.document, this.catalog, this.trans), this.document, this.told);
    return this.known;
  }

  /** The faults of a node, of those in its callbacks too where `inside` is set. */
  faultsOf(path: NodePath, inside = false): IFault[] {
    return this.faults.filter(fault => (inside ? isWithin(fault.path, path) : samePath(fault.path, path)));
  }

  /** The version, for those who follow the model. */
  readonly versions = new Store(0);

  /**
   * Take another process: as JSON text, as a process, a bare graph, or something with a process in it such as a job.
   *
   * @throws EditRefused where there is no graph in it
   */
  load(source: unknown, options?: IEditOptions): void {
    this.change(readGraph(source), this.selection, options);
  }

  /** The process as back-ends take it. */
  get process(): IGraphDocument {
    return LAYOUT in this.document ? withoutLayout(this.document) : this.document;
  }

  undo(): void {
    this.travel(this.past, this.future);
  }

  redo(): void {
    this.travel(this.future, this.past);
  }

  /** End a run of typing: what comes next is a step of its own. */
  endRun(): void {
    this.run = '';
  }

  select(path: NodePath | null): void {
    if (!samePath(path, this.selection)) {
      this.current = { ...this.current, selection: path };
      this.tell();
    }
  }

  /** What a back-end says of a document; of nodes that have changed since, nothing is told. */
  setServerFaults(document: IGraphDocument, faults: readonly IFault[]): void {
    this.told = { document, faults };
    this.known = null;
    this.tell();
  }

  /**
   * Add a node, and select it.
   *
   * Its arguments are those it cannot do without that are known: the result of the node `after` and the parameters of a
   * callback. It is the result of a graph that had none, or whose result was `after`.
   */
  addNode(graphPath: GraphPath, process: string | IProcess, after?: string | null): NodePath {
    const described = typeof process === 'string' ? this.catalog.find(process) : process;
    const name = typeof process === 'string' ? process : process.id;
    const graph = graphAt(this.document, graphPath);
    const id = freeId(graph, name);
    const before = after ?? null;
    const scope = graphPath.length ? this.scopeOf(graphPath) : null;
    const node: JsonRecord = {
      process_id: name,
      ...(described?.namespace ? { namespace: described.namespace } : {}),
      arguments: firstArguments(described, before, scope)
    };
    const result = resultOf(graph);
    const added = insertedAfter(graph, id, node, before);
    const isNewResult = result === null || result === before;
    const path = [...graphPath, id];
    this.change(
      withGraph(this.document, graphPath, () => (isNewResult ? withResult(added, id) : added)),
      path
    );
    return path;
  }

  /** Remove a node; the arguments that referred to it are empty then, and are told. */
  removeNode(path: NodePath): IEdge[] {
    const order = orderOf(graphAt(this.document, graphOf(path)));
    const index = order.indexOf(idOf(path));
    const { document, emptied } = withoutNode(this.document, path);
    const neighbour = order[index + 1] ?? order[index - 1];
    this.change(document, neighbour === undefined ? outerNode(path) : [...graphOf(path), neighbour]);
    return emptied;
  }

  renameNode(path: NodePath, id: string): NodePath {
    const renamed = [...graphOf(path), id];
    const { selection } = this;
    const selected = selection && isWithin(selection, path) ? [...renamed, ...selection.slice(path.length)] : selection;
    this.change(withRenamed(this.document, path, id), selected);
    return renamed;
  }

  /** Add a copy of a node behind it. */
  duplicateNode(path: NodePath): NodePath {
    const node = this.existing(path);
    const copy = Object.fromEntries(Object.entries(node).filter(([name]) => name !== 'result'));
    const graph = graphAt(this.document, graphOf(path));
    const id = freeId(graph, typeof node.process_id === 'string' ? node.process_id : idOf(path));
    const target = [...graphOf(path), id];
    this.change(
      withGraph(this.document, graphOf(path), () => insertedAfter(graph, id, copy, idOf(path))),
      target
    );
    return target;
  }

  /** Move a node one place up (-1) or down (1) in the order in which nodes are written. */
  moveNode(path: NodePath, by: 1 | -1): void {
    const graph = graphAt(this.document, graphOf(path));
    const order = orderOf(graph);
    const id = idOf(path);
    const index = order.indexOf(id);
    const other = order[index + by];
    if (index < 0 || other === undefined) {
      throw new EditRefused(by < 0 ? "'%1' is the first already." : "'%1' is the last already.", id);
    }
    const [first, second] = by < 0 ? [other, id] : [id, other];
    if (dependsOn(graph, second, first)) {
      throw new EditRefused("'%1' uses the result of '%2', and stays behind it.", second, first);
    }
    order[index] = other;
    order[index + by] = id;
    this.change(
      withGraph(this.document, graphOf(path), () => inOrder(graph, order)),
      path
    );
  }

  /** Set an argument or, by a pointer, a part of it; undefined removes it. */
  setArgument(path: NodePath, argument: string, value: unknown, options?: IEditOptions): void {
    this.change(withArgument(this.document, path, argument, value), this.selection, options);
  }

  /** Set a member of a node beside its arguments, such as its description. */
  setMember(path: NodePath, name: string, value: unknown, options?: IEditOptions): void {
    this.change(withMember(this.document, path, name, value), this.selection, options);
  }

  /** Why an argument cannot be the result of a node; null where it can. */
  whyNotConnect(path: NodePath, from: string): EditRefused | null {
    const graph = graphAt(this.document, graphOf(path));
    if (!Object.hasOwn(graph, from)) {
      return new EditRefused("There is no node '%1' in this graph.", from);
    }
    const id = idOf(path);
    return dependsOn(graph, from, id) ? new EditRefused("'%1' needs the result of '%2' itself.", from, id) : null;
  }

  connect(path: NodePath, argument: string, from: string): void {
    const reason = this.whyNotConnect(path, from);
    if (reason) {
      throw reason;
    }
    this.setArgument(path, argument, { from_node: from });
  }

  disconnect(path: NodePath, argument: string): void {
    this.setArgument(path, argument, undefined);
  }

  setResult(path: NodePath): void {
    this.existing(path);
    this.change(
      withGraph(this.document, graphOf(path), graph => (isResult(graph[idOf(path)]) ? graph : withResult(graph, idOf(path)))),
      this.selection
    );
  }

  addCallback(path: NodePath, argument: string): GraphPath {
    this.setArgument(path, argument, { process_graph: {} });
    return [...path, argument];
  }

  removeCallback(path: NodePath, argument: string): void {
    this.setArgument(path, argument, undefined);
  }

  /** Set a member of the process itself, such as its parameters or its summary; undefined removes it. */
  setField(name: string, value: unknown, options?: IEditOptions): void {
    this.change(withValueAt(this.document, [name], value) as IGraphDocument, this.selection, options);
  }

  /** The places of nodes in the picture, by the keys of their paths. */
  get positions(): ReadonlyMap<string, IPosition> {
    return positionsOf(this.document);
  }

  setPositions(places: ReadonlyMap<string, IPosition>, options?: IEditOptions): void {
    this.change(withPositions(this.document, places), this.selection, options);
  }

  /** The parameters that nodes of a graph can refer to. */
  scopeOf(graphPath: GraphPath): IScope {
    return scopeOf(this.document, graphPath, this.catalog);
  }

  private change(document: IGraphDocument, selection: NodePath | null, { run = '' }: IEditOptions = {}): void {
    if (JSON.stringify(document) !== JSON.stringify(this.document)) {
      if (run === '' || run !== this.run) {
        this.past = [...this.past.slice(1 - DEPTH), this.current];
      }
      this.future = [];
      this.run = run;
    }
    this.current = { document, selection: selection && nodeAt(document, selection) ? selection : null };
    this.known = null;
    this.tell();
  }

  private travel(from: IStep[], to: IStep[]): void {
    const step = from.pop();
    if (step) {
      to.push(this.current);
      this.current = step;
      this.run = '';
      this.known = null;
      this.tell();
    }
  }

  private existing(path: NodePath): JsonRecord {
    const node = nodeAt(this.document, path);
    if (!node) {
      throw new EditRefused("There is no node '%1' here any more.", idOf(path));
    }
    return node;
  }

  private tell(): void {
    this.versions.set(this.version + 1);
  }

  private current: IStep = { document: EMPTY_DOCUMENT, selection: null };
  private past: IStep[] = [];
  private future: IStep[] = [];
  private run = '';
  private catalog = new ProcessCatalog();
  private told: { document: IGraphDocument; faults: readonly IFault[] } = { document: EMPTY_DOCUMENT, faults: [] };
  private known: readonly IFault[] | null = null;
}

function insertedAfter(graph: JsonRecord, id: string, node: JsonRecord, after: string | null): JsonRecord {
  const entries = Object.entries(graph);
  const index = after === null ? -1 : entries.findIndex(([key]) => key === after);
  entries.splice(index < 0 ? entries.length : index + 1, 0, [id, node]);
  return Object.fromEntries(entries);
}

function outerNode(path: NodePath): NodePath | null {
  return path.length > 1 ? path.slice(0, -2) : null;
}
