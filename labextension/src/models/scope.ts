/** The parameters that nodes can refer to: those of the callback that they are in, those around it, those of the process. */
import { type IGraphDocument, nodeAt } from './graph_document';
import { type GraphPath, partsOf } from './graph_paths';
import { callbackParameters, type IParameter, type IProcess, type ProcessCatalog, readParameters } from './processes';

export interface IScope {
  /** The innermost first. */
  readonly parameters: readonly IParameter[];
  /** How many of them belong to the graph itself. */
  readonly own: number;
  /** Whether there may be others, because a process around is not known. */
  readonly open: boolean;
}

export function scopeOf(document: IGraphDocument, path: GraphPath, catalog: ProcessCatalog): IScope {
  let scope = processScope(document);
  for (let length = 1; length < path.length; length += 2) {
    const process = catalog.of(nodeAt(document, path.slice(0, length)));
    scope = callbackScope(scope, process, path[length] ?? '');
  }
  return scope;
}

/** The parameters of the process itself. */
export function processScope(document: IGraphDocument): IScope {
  const parameters = readParameters(document);
  return { parameters, own: parameters.length, open: false };
}

/** What the callback in an argument of a process sees. */
export function callbackScope(outer: IScope, process: IProcess | null, argument: string): IScope {
  const name = partsOf(argument)[0] ?? '';
  const parameter = process?.parameters.find(each => each.name === name);
  const inner = parameter ? callbackParameters(parameter) : null;
  const names = new Set(inner?.map(each => each.name));
  return {
    parameters: [...(inner ?? []), ...outer.parameters.filter(each => !names.has(each.name))],
    own: inner?.length ?? 0,
    open: outer.open || inner === null
  };
}
