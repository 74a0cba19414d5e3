/** A process in the text of a file: what surrounds it there, a job for example, stays around it. */
import { isRecord, type JsonRecord } from '../reading';
import { EMPTY_DOCUMENT, type IGraphDocument } from './graph_document';
import { readGraph } from './graph_sources';

export interface IGraphFile {
  readonly document: IGraphDocument;
  /** The text of the file with another process in place of this one. */
  write(document: IGraphDocument): string;
}

/**
 * Read the text of a file; an empty one is a process without nodes.
 *
 * @throws EditRefused where the text is not JSON, or has no process in it
 */
export function readGraphFile(text: string): IGraphFile {
  if (text.trim() === '') {
    return { document: EMPTY_DOCUMENT, write: textOfJson };
  }
  const document = readGraph(text);
  const value = JSON.parse(text) as JsonRecord;
  const indent = /^\{\r?\n([ \t]+)/.exec(text.trimStart())?.[1] ?? '  ';
  return { document, write: changed => textOfJson(around(value, document, changed), indent) };
}

function around(value: JsonRecord, document: IGraphDocument, changed: IGraphDocument): unknown {
  const isSame = (member: unknown): boolean =>
    isRecord(member) && JSON.stringify(member) === JSON.stringify(document);
  if (isSame(value)) {
    return changed;
  }
  const holder = ['process', 'data'].find(name => isSame(value[name]));
  if (holder !== undefined) {
    return { ...value, [holder]: changed };
  }
  // A graph by itself stays one for as long as there is nothing beside it.
  return Object.keys(changed).length === 1 ? changed.process_graph : changed;
}

function textOfJson(value: unknown, indent: string | IGraphDocument = '  '): string {
  return `${JSON.stringify(value, null, typeof indent === 'string' ? indent : '  ')}\n`;
}
