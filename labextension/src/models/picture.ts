/** What the picture of a graph shows: a card for each node, with its inputs, callbacks and faults, and how large it is. */
import { recordOf } from '../reading';
import type { GraphModel } from './graph';
import { argumentsOf, graphAt, type IEdge, edgesOf, isResult, processOf, referencesOf } from './graph_document';
import { type GraphPath, isWithin, keyOf, linksOf, partsOf, valueAt } from './graph_paths';
import { takesData } from './new_node';
import type { IParameter, ProcessCatalog } from './processes';
import { isCube } from './schema_check';
import type { IFault } from './validation';

/** An argument that the result of a node can be led to. */
export interface IInput {
  /** A pointer. */
  readonly argument: string;
  readonly label: string;
  /** The parameter that it takes instead of the result of a node, or an empty text. */
  readonly parameter: string;
}

/** A graph inside a node. */
export interface ICallback {
  readonly argument: string;
  readonly label: string;
  readonly count: number;
}

export interface ICard extends Record<string, unknown> {
  readonly id: string;
  readonly process: string;
  readonly inputs: readonly IInput[];
  readonly callbacks: readonly ICallback[];
  /** Its own, and those of the nodes in its callbacks. */
  readonly faults: readonly IFault[];
  readonly isKnown: boolean;
  readonly isResult: boolean;
}

/** Sizes in pixels, which the style sheet knows too. */
export const CARD = { width: 190, head: 46, row: 22, end: 8 } as const;

export function heightOf({ inputs, callbacks }: ICard): number {
  return CARD.head + CARD.row * (inputs.length + callbacks.length) + CARD.end;
}

/** Where the handle of an input is, from the top of its card. */
export function inputTop(index: number): number {
  return CARD.head + CARD.row * (index + 0.5);
}

/** The cards of a graph, and the connections between them. A card that is as before is the same object. */
export function pictureOf(
  model: GraphModel,
  level: GraphPath,
  before: ReadonlyMap<string, ICard> = new Map()
): { cards: ReadonlyMap<string, ICard>; edges: IEdge[] } {
  const graph = graphAt(model.document, level);
  const faults = faultsByNode(model.faults, level);
  const cards = Object.entries(graph).map(([id, node]): [string, ICard] => {
    const card: ICard = {
      id,
      process: processOf(node),
      inputs: inputsOf(node, model.processes),
      callbacks: callbacksOf(node),
      faults: faults.get(id) ?? NONE,
      isKnown: model.processes.all.length === 0 || model.processes.of(node) !== null,
      isResult: isResult(node)
    };
    const known = before.get(id);
    return [id, known && JSON.stringify(known) === JSON.stringify(card) ? known : card];
  });
  const shown = new Map(cards);
  return { cards: shown, edges: edgesOf(graph) };
}

const NONE: readonly IFault[] = [];

function faultsByNode(faults: readonly IFault[], level: GraphPath): Map<string, IFault[]> {
  const found = new Map<string, IFault[]>();
  for (const fault of faults) {
    const id = fault.path[level.length];
    if (id !== undefined && isWithin(fault.path, level)) {
      found.set(id, [...(found.get(id) ?? []), fault]);
    }
  }
  return found;
}

function inputsOf(node: unknown, catalog: ProcessCatalog): IInput[] {
  const references = referencesOf(node);
  const free = (catalog.of(node)?.parameters ?? []).filter(isInput).map(({ name }) => keyOf([name]));
  const pointers = [...new Set([...free, ...references.map(({ argument }) => argument)])];
  // An argument whose members are references is no input by itself.
  const inputs = pointers.filter(pointer => !pointers.some(other => other.startsWith(`${pointer}/`)));
  return inputs.map(argument => {
    const reference = references.find(each => each.argument === argument);
    return { argument, label: labelOf(argument), parameter: reference?.kind === 'parameter' ? reference.name : '' };
  });
}

/** Whether a parameter is for results of other nodes above all, and not for a value that is typed. */
function isInput(parameter: IParameter): boolean {
  const [first = {}] = parameter.schemas;
  const isTyped = parameter.schemas.some(schema => isCube(schema) || schema.subtype === 'temporal-interval');
  return isCube(first) || (!parameter.optional && !isTyped && takesData(parameter));
}

function callbacksOf(node: unknown): ICallback[] {
  const given = argumentsOf(node);
  return linksOf(given).callbacks.map(argument => ({
    argument,
    label: labelOf(argument),
    count: Object.keys(recordOf(valueAt(given, partsOf(argument)), 'process_graph')).length
  }));
}

function labelOf(argument: string): string {
  const [name, ...rest] = partsOf(argument);
  return [name, ...rest.map(part => (/^\d+$/.test(part) ? `[${part}]` : `.${part}`))].join('');
}

/** The part of a path that leads to a graph which is there. */
export function existingLevel(model: GraphModel, level: GraphPath): GraphPath {
  for (let length = level.length; length > 0; length -= 2) {
    const [id, argument] = [level[length - 2] ?? '', level[length - 1] ?? ''];
    const graph = graphAt(model.document, level.slice(0, length - 2));
    if (Object.hasOwn(graph, id) && linksOf(argumentsOf(graph[id])).callbacks.includes(argument)) {
      return level.slice(0, length);
    }
  }
  return [];
}
