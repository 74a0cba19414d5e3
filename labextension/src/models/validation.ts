/** What is wrong with a process, found in the page while it is edited. */
import { isRecord, type JsonRecord, listOf, numberOf, recordOf, textOf } from '../reading';
import { englishWords, type ITranslation } from '../translation';
import { argumentsOf, graphAt, type IGraphDocument, isResult, nodeAt, processOf, referencesOf } from './graph_document';
import { type GraphPath, isCallback, keyOf, linksOf, type NodePath, partsOf, valueAt } from './graph_paths';
import { callbackParameters, type IParameter, type ProcessCatalog } from './processes';
import { problemOf } from './schema_check';
import { callbackScope, type IScope, processScope } from './scope';

export interface IFault {
  /** Of the node at fault, or of the graph where it is not one node's. */
  readonly path: NodePath | GraphPath;
  /** The name of the argument at fault. */
  readonly argument?: string;
  readonly code: string;
  readonly message: string;
  readonly severity: 'error' | 'warning';
  readonly source: 'page' | 'server';
}

type LocalFault = Omit<IFault, 'path'>;

/** All faults that can be found without the back-end. What has not changed since the last time is not looked at again. */
export function validate(
  document: IGraphDocument,
  catalog: ProcessCatalog,
  trans: ITranslation = englishWords
): IFault[] {
  return new Validator(document, catalog, trans).faults();
}

interface ILocalFaults {
  catalog: ProcessCatalog;
  trans: ITranslation;
  faults: LocalFault[];
}

// Nodes are never changed, but replaced: what is wrong with one by itself stays so.
const known = new WeakMap<JsonRecord, ILocalFaults>();

class Validator {
  constructor(
    private readonly document: IGraphDocument,
    private readonly catalog: ProcessCatalog,
    private readonly trans: ITranslation
  ) {}

  faults(): IFault[] {
    this.graph(this.document.process_graph, [], processScope(this.document));
    return this.found;
  }

  private graph(graph: JsonRecord, path: GraphPath, scope: IScope): void {
    const { trans } = this;
    const ids = Object.keys(graph);
    if (ids.length === 0) {
      this.add(path, fault('ProcessGraphMissing', trans.__('This graph has no nodes yet: add one.')));
      return;
    }
    const results = ids.filter(id => isResult(graph[id]));
    if (results.length === 0) {
      this.add(path, fault('ProcessGraphInvalid', trans.__('No node is marked as the result: choose which one is.')));
    } else if (results.length > 1) {
      const message = trans.__('Only one node can be the result, and these are: %1.', results.join(', '));
      this.add(path, fault('ProcessGraphInvalid', message));
    }
    const circles = inCircles(graph);
    for (const id of ids) {
      this.node(graph, id, [...path, id], scope, circles);
    }
  }

  private node(graph: JsonRecord, id: string, path: NodePath, scope: IScope, circles: ReadonlySet<string>): void {
    const { trans } = this;
    const node = graph[id];
    if (!isRecord(node)) {
      this.add(path, fault('ProcessGraphInvalid', trans.__("A node is an object with a 'process_id'.")));
      return;
    }
    for (const each of this.local(node)) {
      this.add(path, each);
    }
    if (circles.has(id)) {
      const message = trans.__('This node needs its own result, through the nodes that it refers to.');
      this.add(path, fault('ProcessGraphInvalid', message));
    }
    const { references, callbacks } = linksOf(argumentsOf(node));
    for (const { kind, name, argument } of references) {
      if (kind === 'node' && !Object.hasOwn(graph, name)) {
        const message = trans.__("There is no node '%1' in this graph.", name);
        this.add(path, fault('ProcessGraphInvalid', message, partsOf(argument)[0]));
      } else if (kind === 'parameter' && !scope.open && !scope.parameters.some(each => each.name === name)) {
        this.add(path, fault('ProcessParameterMissing', this.unknownParameter(name, scope), partsOf(argument)[0]));
      }
    }
    const process = this.catalog.of(node);
    for (const argument of callbacks) {
      const inner = recordOf(valueAt(argumentsOf(node), partsOf(argument)), 'process_graph');
      this.graph(inner, [...path, argument], callbackScope(scope, process, argument));
    }
  }

  private unknownParameter(name: string, { parameters }: IScope): string {
    const names = parameters.map(each => each.name).join(', ');
    return names
      ? this.trans.__("There is no parameter '%1' here; there are: %2.", name, names)
      : this.trans.__("The process has no parameter '%1': add it under Parameters.", name);
  }

  /** What is wrong with a node whatever stands around it. */
  private local(node: JsonRecord): readonly LocalFault[] {
    const { catalog, trans } = this;
    const before = known.get(node);
    if (before?.catalog === catalog && before.trans === trans) {
      return before.faults;
    }
    const faults = localFaults(node, catalog, trans);
    known.set(node, { catalog, trans, faults });
    return faults;
  }

  private add(path: NodePath, { argument, ...rest }: LocalFault): void {
    this.found.push({ path, ...rest, ...(argument === undefined ? {} : { argument }) });
  }

  private readonly found: IFault[] = [];
}

function fault(
  code: string,
  message: string,
  argument?: string,
  severity: IFault['severity'] = 'error'
): LocalFault {
  return { code, message, severity, source: 'page', ...(argument === undefined ? {} : { argument }) };
}

function localFaults(node: JsonRecord, catalog: ProcessCatalog, trans: ITranslation): LocalFault[] {
  const id = processOf(node);
  if (id === '') {
    return [fault('ProcessGraphInvalid', trans.__("A node is an object with a 'process_id'."))];
  }
  const process = catalog.of(node);
  if (!process) {
    const message = trans.__("The back-end has no process '%1'. It is kept as it is.", id);
    // Before the processes are known, none is unknown.
    return catalog.all.length ? [fault('ProcessUnsupported', message)] : [];
  }
  const given = argumentsOf(node);
  const names = new Set(process.parameters.map(({ name }) => name));
  const unknown = Object.keys(given).filter(name => !names.has(name));
  return [
    ...(process.deprecated ? [fault('Deprecated', trans.__('This process is outdated.'), undefined, 'warning')] : []),
    ...process.parameters.flatMap(parameter => parameterFaults(parameter, given, trans)),
    ...unknown.map(name =>
      fault('ProcessParameterUnsupported', trans.__("The process has no parameter '%1'.", name), name)
    )
  ];
}

function parameterFaults(parameter: IParameter, given: JsonRecord, trans: ITranslation): LocalFault[] {
  const { name } = parameter;
  if (!Object.hasOwn(given, name)) {
    return parameter.optional ? [] : [fault('ProcessParameterRequired', trans.__('This is needed.'), name)];
  }
  const value = given[name];
  if (value === null && parameter.hasDefault && parameter.default === null) {
    return [];
  }
  if (isCallback(value) && !callbackParameters(parameter) && parameter.schemas.every(schema => schema.type !== undefined)) {
    return [fault('ProcessParameterInvalid', trans.__('This takes no graph.'), name)];
  }
  const problem = problemOf(value, parameter.schemas, trans);
  return problem === null ? [] : [fault('ProcessParameterInvalid', problem, name)];
}

/** The nodes that need their own result (Tarjan's strongly connected components, without recursion). */
function inCircles(graph: JsonRecord): Set<string> {
  const number = new Map<string, number>();
  const lowest = new Map<string, number>();
  const open: string[] = [];
  const isOpen = new Set<string>();
  const found = new Set<string>();
  const needs = (id: string): string[] =>
    referencesOf(graph[id]).flatMap(({ kind, name }) => (kind === 'node' && Object.hasOwn(graph, name) ? [name] : []));
  const lower = (id: string, value: number): void => {
    lowest.set(id, Math.min(lowest.get(id) ?? value, value));
  };
  const enter = (id: string): [string, Iterator<string>] => {
    number.set(id, number.size);
    lowest.set(id, number.get(id) ?? 0);
    open.push(id);
    isOpen.add(id);
    return [id, needs(id)[Symbol.iterator]()];
  };
  const leave = (id: string): void => {
    if (lowest.get(id) !== number.get(id)) {
      return;
    }
    const component = open.splice(open.lastIndexOf(id));
    for (const each of component) {
      isOpen.delete(each);
    }
    if (component.length > 1 || needs(id).includes(id)) {
      component.forEach(each => found.add(each));
    }
  };
  for (const first of Object.keys(graph)) {
    const stack = number.has(first) ? [] : [enter(first)];
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const next = top[1].next();
      if (next.done) {
        stack.pop();
        leave(top[0]);
        const around = stack.at(-1);
        if (around) {
          lower(around[0], lowest.get(top[0]) ?? 0);
        }
      } else if (!number.has(next.value)) {
        stack.push(enter(next.value));
      } else if (isOpen.has(next.value)) {
        lower(top[0], number.get(next.value) ?? 0);
      }
    }
  }
  return found;
}

/** Read the answer of `POST /validation`; this project's server tells the nodes on the way, the one at fault first. */
export function readServerFaults(body: unknown): IFault[] {
  return listOf(body, 'errors').flatMap((error): IFault[] => {
    const message = textOf(error, 'message');
    const nodes = listOf(error, 'path');
    if (!isRecord(error) || message === '') {
      return [];
    }
    const ids = nodes.map(node => textOf(node, 'node_id')).reverse();
    const argument = textOf(nodes[0], 'parameter');
    return [
      {
        path: ids,
        code: textOf(error, 'code') || String(numberOf(error, 'code') ?? ''),
        message: ids.length ? withoutPlace(message) : message,
        severity: 'error',
        source: 'server',
        ...(argument ? { argument } : {})
      }
    ];
  });
}

/** A message without the place that it begins with, which is shown anyway. */
function withoutPlace(message: string): string {
  return message.replace(/^\S+ \([^)]*\)(, argument '[^']*')?: /, '');
}

/** Complete the ids of nodes that a server tells with the arguments between them; null where there is no such node. */
export function placed(document: IGraphDocument, ids: readonly string[]): NodePath | null {
  const look = (graphPath: GraphPath, left: readonly string[]): NodePath | null => {
    const [id, ...rest] = left;
    const graph = graphAt(document, graphPath);
    if (id === undefined || !Object.hasOwn(graph, id)) {
      return null;
    }
    const path = [...graphPath, id];
    if (rest.length === 0) {
      return path;
    }
    for (const argument of linksOf(argumentsOf(graph[id])).callbacks) {
      const found = look([...path, argument], rest);
      if (found) {
        return found;
      }
    }
    return path;
  };
  return look([], ids);
}

/** The faults of both, each once; what a server told of nodes that have changed since is left out. */
export function mergedFaults(
  page: readonly IFault[],
  document: IGraphDocument,
  told: { document: IGraphDocument; faults: readonly IFault[] }
): readonly IFault[] {
  const places = new Set(page.map(placeOf));
  const nodes = new Set(page.map(({ path }) => keyOf(path)));
  const added = told.faults.flatMap((each): IFault[] => {
    const path = each.path.length ? placed(told.document, each.path) : [];
    if (path === null) {
      return [{ ...each, path: [] }];
    }
    const isOld = path.length ? nodeAt(told.document, path) !== nodeAt(document, path) : told.document !== document;
    const fault = { ...each, path };
    const isKnown = each.argument === undefined ? nodes.has(keyOf(path)) : places.has(placeOf(fault));
    return isOld || isKnown ? [] : [fault];
  });
  return added.length ? [...page, ...added] : page;
}

function placeOf({ path, argument }: IFault): string {
  return `${keyOf(path)}#${argument ?? ''}`;
}
