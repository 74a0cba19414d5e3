/** The graph that makes a picture of the result of a node. */
import { isRecord, type JsonRecord, recordOf } from '../reading';
import { argumentsOf, freeId, processOf, resultOf, withResult } from './graph_document';

/**
 * A graph whose result is a PNG.
 *
 * @param graph - a graph with a result
 * @param lastDate - whether only the last date is shown: a picture has one
 */
export function pictureGraph(graph: JsonRecord, lastDate: boolean): JsonRecord {
  const result = resultOf(graph);
  const saved = result === null ? null : graph[result];
  const isSaved = processOf(saved) === 'save_result' && isRecord(saved);
  const source = isSaved ? argumentsOf(saved).data : { from_node: result };
  const without = Object.fromEntries(Object.entries(graph).filter(([id]) => !(isSaved && id === result)));
  const reduced = freeId(without, 'reduce_dimension');
  const last = { last1: { process_id: 'last', arguments: { data: { from_parameter: 'data' } }, result: true } };
  const reduce = {
    process_id: 'reduce_dimension',
    arguments: { data: source, dimension: 't', reducer: { process_graph: last } }
  };
  const options = isSaved ? recordOf(argumentsOf(saved), 'options') : {};
  const save = {
    process_id: 'save_result',
    arguments: {
      data: lastDate ? { from_node: reduced } : source,
      format: 'PNG',
      ...(isPng(saved) && Object.keys(options).length ? { options } : {})
    }
  };
  const saving = freeId(without, 'save_result');
  return withResult({ ...without, ...(lastDate ? { [reduced]: reduce } : {}), [saving]: save }, saving);
}

function isPng(node: unknown): boolean {
  const { format } = argumentsOf(node);
  return typeof format === 'string' && format.toUpperCase() === 'PNG';
}
