/** Finds the process in what was given: a text, a process, a bare graph, a job, a request to run something. */
import { isRecord, type JsonRecord } from '../reading';
import { EditRefused, type IGraphDocument } from './graph_document';

/**
 * The process in a source.
 *
 * @throws EditRefused where there is none, with what was found instead
 */
export function readGraph(source: unknown): IGraphDocument {
  const value = typeof source === 'string' ? parsed(source) : source;
  if (!isRecord(value)) {
    throw new EditRefused('A process graph is a JSON object.');
  }
  const holder = [value, value.process, value.data].find(hasGraph);
  if (holder) {
    return holder;
  }
  if (isGraph(value)) {
    return { process_graph: value };
  }
  throw new EditRefused("There is no process graph in it: a 'process_graph', or nodes with a 'process_id'.");
}

/** Whether a record is a graph by itself: all members are nodes. */
export function isGraph(value: JsonRecord): boolean {
  return Object.values(value).every(node => isRecord(node) && typeof node.process_id === 'string');
}

function hasGraph(value: unknown): value is IGraphDocument {
  return isRecord(value) && isRecord(value.process_graph) && typeof value.process_id !== 'string';
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new EditRefused('This is not JSON: %1', error instanceof Error ? error.message : String(error));
  }
}
