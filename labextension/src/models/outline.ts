/** The rows of the outline: nodes in the order in which they run, and the graphs inside them. */
import { isRecord, type JsonRecord } from '../reading';
import { argumentsOf, callbacksOf, graphAt, isResult, orderOf, processOf, referencesOf } from './graph_document';
import type { GraphModel } from './graph';
import { type GraphPath, keyOf, partsOf } from './graph_paths';

export interface IOutlineRow {
  readonly key: string;
  /** Of a node, or of the graph in an argument of one. */
  readonly path: readonly string[];
  readonly isGraph: boolean;
  /** The id of the node, or the name of the argument. */
  readonly label: string;
  readonly process: string;
  /** Whether the back-end has the process. */
  readonly isKnown: boolean;
  readonly isResult: boolean;
  readonly inputs: readonly string[];
  readonly summary: string;
  readonly errors: number;
  readonly warnings: number;
  readonly level: number;
  /** Null where there is nothing inside. */
  readonly expanded: boolean | null;
  readonly position: number;
  readonly size: number;
}

/** The rows that are shown while some, by their keys, are collapsed. */
export function outlineRows(model: GraphModel, collapsed: ReadonlySet<string>): IOutlineRow[] {
  const counts = faultCounts(model);
  const isKnown = (node: unknown): boolean => model.processes.all.length === 0 || model.processes.of(node) !== null;
  const rows: IOutlineRow[] = [];
  const addGraph = (path: GraphPath, level: number): void => {
    const graph = graphAt(model.document, path);
    const order = orderOf(graph);
    order.forEach((id, index) => {
      addNode(graph[id], [...path, id], { level, position: index + 1, size: order.length });
    });
  };
  const addNode = (node: unknown, path: readonly string[], place: IPlace): void => {
    const callbacks = callbacksOf(node);
    const row = rowOf(path, place, callbacks.length > 0, collapsed, counts);
    const inputs = referencesOf(node).map(({ kind, name }) => (kind === 'node' ? name : `{${name}}`));
    rows.push({
      ...row,
      isGraph: false,
      process: processOf(node),
      isKnown: isKnown(node),
      isResult: isResult(node),
      inputs: [...new Set(inputs)],
      summary: summaryOf(argumentsOf(node))
    });
    if (row.expanded) {
      callbacks.forEach((argument, index) => {
        addCallback([...path, argument], { level: place.level + 1, position: index + 1, size: callbacks.length });
      });
    }
  };
  const addCallback = (path: GraphPath, place: IPlace): void => {
    const size = Object.keys(graphAt(model.document, path)).length;
    const row = rowOf(path, place, size > 0, collapsed, counts);
    const label = partsOf(row.label).join(' › ');
    rows.push({ ...row, label, isGraph: true, process: '', isKnown: true, isResult: false, inputs: [], summary: '' });
    if (row.expanded) {
      addGraph(path, place.level + 1);
    }
  };
  addGraph([], 1);
  return rows;
}

interface IPlace {
  level: number;
  position: number;
  size: number;
}

interface ICounts {
  errors: number;
  warnings: number;
}

function rowOf(
  path: readonly string[],
  place: IPlace,
  hasInside: boolean,
  collapsed: ReadonlySet<string>,
  counts: ReadonlyMap<string, ICounts>
): Pick<IOutlineRow, 'key' | 'path' | 'label' | 'errors' | 'warnings' | 'expanded' | keyof IPlace> {
  const key = keyOf(path);
  const isCollapsed = collapsed.has(key);
  const { errors, warnings } = counts.get(hasInside && isCollapsed ? `${key}/*` : key) ?? { errors: 0, warnings: 0 };
  return { key, path, label: path.at(-1) ?? '', errors, warnings, expanded: hasInside ? !isCollapsed : null, ...place };
}

/** How many faults there are at each path, and under `path/*` at it and inside. */
function faultCounts({ faults }: GraphModel): Map<string, ICounts> {
  const counts = new Map<string, ICounts>();
  const count = (key: string, severity: 'error' | 'warning'): void => {
    const before = counts.get(key) ?? { errors: 0, warnings: 0 };
    const isError = severity === 'error' ? 1 : 0;
    counts.set(key, { errors: before.errors + isError, warnings: before.warnings + 1 - isError });
  };
  for (const { path, severity } of faults) {
    count(keyOf(path), severity);
    for (let length = path.length; length > 0; length -= 1) {
      count(`${keyOf(path.slice(0, length))}/*`, severity);
    }
  }
  return counts;
}

const LONGEST_SUMMARY = 60;

/** The literal arguments of a node in a few words. */
function summaryOf(given: JsonRecord): string {
  const texts = Object.values(given).flatMap(value => brief(value) ?? []);
  const text = texts.join(' · ');
  return text.length > LONGEST_SUMMARY ? `${text.slice(0, LONGEST_SUMMARY)}…` : text;
}

function brief(value: unknown): string | null {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
    return String(value).split('\n', 1)[0] ?? '';
  }
  if (Array.isArray(value) && value.every(each => typeof each !== 'object' || each === null)) {
    return (value as (string | number | boolean | null)[]).slice(0, 6).map(each => String(each ?? '…')).join(', ');
  }
  if (isRecord(value) && typeof value.west === 'number' && typeof value.north === 'number') {
    return [value.west, value.south, value.east, value.north].map(String).join(', ');
  }
  return null;
}
