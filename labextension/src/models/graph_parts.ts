/** Processes that are made of a process: up to one of its nodes, and with values for its parameters. */
import { isRecord, type JsonRecord, recordOf } from '../reading';
import {
  argumentsOf,
  EditRefused,
  graphAt,
  type IGraphDocument,
  processOf,
  referencesOf,
  withResult
} from './graph_document';
import { graphOf, idOf, isCallback, type NodePath, referenceOf } from './graph_paths';
import { callbackParameters, type ProcessCatalog, readParameters } from './processes';

/**
 * The graph that has the result of one node.
 *
 * @throws EditRefused for a node in a callback, which has a result for each pixel or each row only
 */
export function cutAt(document: IGraphDocument, path: NodePath): JsonRecord {
  if (path.length > 1) {
    throw new EditRefused(
      "'%1' is a step inside '%2', done once for each pixel or each series of values: look at the result of '%2' instead.",
      idOf(path),
      path[0] ?? ''
    );
  }
  const graph = graphAt(document, graphOf(path));
  const result = shownNode(graph, idOf(path));
  const needed = new Set<string>();
  const open = [result];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (!needed.has(id) && Object.hasOwn(graph, id)) {
      needed.add(id);
      open.push(...referencesOf(graph[id]).flatMap(({ kind, name }) => (kind === 'node' ? [name] : [])));
    }
  }
  return withResult(Object.fromEntries(Object.entries(graph).filter(([id]) => needed.has(id))), result);
}

/** What is to be seen of a node that saves a result is what it saves. */
function shownNode(graph: JsonRecord, id: string): string {
  const data = processOf(graph[id]) === 'save_result' ? referenceOf(argumentsOf(graph[id]).data) : null;
  return data?.kind === 'node' ? data.name : id;
}

/** The graph with values in place of the parameters of the process; those without a value keep their default. */
export function withParameters(document: IGraphDocument, values: JsonRecord, catalog: ProcessCatalog): JsonRecord {
  const given: JsonRecord = {};
  for (const { name, optional, hasDefault, default: standard } of readParameters(document)) {
    if (Object.hasOwn(values, name)) {
      given[name] = values[name];
    } else if (hasDefault || optional) {
      given[name] = standard ?? null;
    } else {
      throw new EditRefused("The parameter '%1' needs a value.", name);
    }
  }
  return filledGraph(document.process_graph, given, catalog);
}

function filledGraph(graph: JsonRecord, values: JsonRecord, catalog: ProcessCatalog): JsonRecord {
  const entries = Object.entries(graph).map(([id, node]): [string, unknown] => {
    const parameters = catalog.of(node)?.parameters ?? [];
    const filled = Object.entries(argumentsOf(node)).map(([name, value]): [string, unknown] => {
      const parameter = parameters.find(each => each.name === name);
      const hidden = parameter ? callbackParameters(parameter) : null;
      return [name, filledValue(value, values, new Set(hidden?.map(each => each.name)), catalog)];
    });
    return [id, isRecord(node) ? { ...node, arguments: Object.fromEntries(filled) } : node];
  });
  return Object.fromEntries(entries);
}

function filledValue(value: unknown, values: JsonRecord, hidden: ReadonlySet<string>, catalog: ProcessCatalog): unknown {
  const reference = referenceOf(value);
  if (reference) {
    return reference.kind === 'parameter' && Object.hasOwn(values, reference.name) ? values[reference.name] : value;
  }
  if (isCallback(value)) {
    const visible = Object.fromEntries(Object.entries(values).filter(([name]) => !hidden.has(name)));
    return { ...value, process_graph: filledGraph(recordOf(value, 'process_graph'), visible, catalog) };
  }
  if (Array.isArray(value)) {
    return value.map(each => filledValue(each, values, hidden, catalog));
  }
  return isRecord(value)
    ? Object.fromEntries(Object.entries(value).map(([name, each]) => [name, filledValue(each, values, hidden, catalog)]))
    : value;
}
