/** Descriptions of processes as back-ends give them, of any version, and a search in them. */
import { isRecord, isSafeAddress, type JsonRecord, listOf, recordOf, textOf, textsOf } from '../reading';

export interface IParameter {
  readonly name: string;
  readonly description: string;
  /** Alternatives; an empty schema takes anything. */
  readonly schemas: readonly JsonRecord[];
  readonly optional: boolean;
  readonly hasDefault: boolean;
  readonly default: unknown;
  readonly deprecated: boolean;
  readonly experimental: boolean;
}

export interface IProcess {
  readonly id: string;
  /** `user` for processes that the user has stored, null for those of the back-end. */
  readonly namespace: string | null;
  readonly summary: string;
  readonly description: string;
  readonly categories: readonly string[];
  readonly parameters: readonly IParameter[];
  readonly returns: { readonly description: string; readonly schemas: readonly JsonRecord[] };
  readonly deprecated: boolean;
  readonly experimental: boolean;
  readonly links: readonly { readonly href: string; readonly title: string }[];
}

/** Read a description; null where it is none of a process that a graph can use. */
export function readProcess(raw: unknown, namespace: string | null = null): IProcess | null {
  const id = textOf(raw, 'id');
  // OGC processes, which some back-ends list as well, are not for graphs.
  if (!isRecord(raw) || id === '' || 'jobControlOptions' in raw) {
    return null;
  }
  const returns = recordOf(raw, 'returns');
  return {
    id,
    namespace,
    summary: textOf(raw, 'summary'),
    description: textOf(raw, 'description'),
    categories: textsOf(raw, 'categories'),
    parameters: readParameters(raw),
    returns: { description: textOf(returns, 'description'), schemas: schemasOf(returns.schema) },
    deprecated: raw.deprecated === true,
    experimental: raw.experimental === true,
    links: listOf(raw, 'links').flatMap(link => {
      const href = textOf(link, 'href');
      return isSafeAddress(href) ? [{ href, title: textOf(link, 'title') || href }] : [];
    })
  };
}

/** Parameters: a list, or before version 1.0 an object with `required` and an order beside it. */
export function readParameters(holder: JsonRecord): IParameter[] {
  const { parameters } = holder;
  if (isRecord(parameters)) {
    const order = textsOf(holder, 'parameter_order');
    const names = [...new Set([...order.filter(name => name in parameters), ...Object.keys(parameters)])];
    return names.flatMap(name => readParameter(parameters[name], name));
  }
  return listOf(holder, 'parameters').flatMap(raw => readParameter(raw, textOf(raw, 'name')));
}

function readParameter(raw: unknown, name: string): IParameter[] {
  if (!isRecord(raw) || name === '') {
    return [];
  }
  const schemas = schemasOf(raw.schema);
  const inSchema = schemas.find(schema => Object.hasOwn(schema, 'default'));
  const hasDefault = Object.hasOwn(raw, 'default') || (inSchema !== undefined && schemas.length === 1);
  return [
    {
      name,
      description: textOf(raw, 'description'),
      schemas,
      optional: raw.optional === true || raw.required === false || Object.hasOwn(raw, 'default'),
      hasDefault,
      default: Object.hasOwn(raw, 'default') ? raw.default : hasDefault ? inSchema?.default : undefined,
      deprecated: raw.deprecated === true,
      experimental: raw.experimental === true
    }
  ];
}

/** The alternatives that a schema is written as: itself, a list, `anyOf` and `oneOf`. */
export function schemasOf(schema: unknown): JsonRecord[] {
  if (Array.isArray(schema)) {
    return (schema as unknown[]).flatMap(schemasOf);
  }
  if (!isRecord(schema)) {
    return [{}];
  }
  for (const key of ['anyOf', 'oneOf']) {
    const inner = listOf(schema, key);
    if (inner.length) {
      return inner.flatMap(schemasOf);
    }
  }
  return [schema];
}

/** The parameters that the graph in an argument may refer to; null where the argument takes no graph. */
export function callbackParameters(parameter: Pick<IParameter, 'schemas'>): IParameter[] | null {
  const schema = parameter.schemas.find(isCallbackSchema);
  if (schema) {
    return readParameters(schema);
  }
  // A filter by metadata has a graph for each property.
  const inner = parameter.schemas.map(each => each.additionalProperties).find(isCallbackSchema);
  return inner ? readParameters(inner) : null;
}

export function isCallbackSchema(schema: unknown): schema is JsonRecord {
  return isRecord(schema) && (schema.subtype === 'process-graph' || schema.format === 'callback');
}

const NOBODY: readonly IProcess[] = [];

/** The processes that a graph can use. */
export class ProcessCatalog {
  constructor(readonly all: readonly IProcess[] = NOBODY) {
    for (const process of all) {
      const known = process.namespace === null ? this.predefined : this.ofUser;
      known.set(process.id, process);
    }
    this.texts = all.map(process => ({
      process,
      id: process.id.toLowerCase(),
      words: process.id.toLowerCase().split(/[^a-z0-9]+/),
      summary: process.summary.toLowerCase(),
      categories: process.categories.join(' ').toLowerCase(),
      description: process.description.toLowerCase()
    }));
  }

  /** The process that a node means: without a namespace that of the back-end, else that of the user. */
  find(id: string, namespace: unknown = null): IProcess | null {
    if (namespace === null || namespace === undefined) {
      return this.predefined.get(id) ?? this.ofUser.get(id) ?? null;
    }
    if (namespace === 'backend') {
      return this.predefined.get(id) ?? null;
    }
    return namespace === 'user' ? (this.ofUser.get(id) ?? null) : null;
  }

  /** The process of a node. */
  of(node: unknown): IProcess | null {
    return this.find(textOf(node, 'process_id'), isRecord(node) ? node.namespace : null);
  }

  /** The processes that have all words of a text somewhere, those first where they say most. */
  search(text: string): IProcess[] {
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    if (words.length === 0) {
      return [...this.all].sort((a, b) => a.id.localeCompare(b.id));
    }
    return this.texts
      .map(entry => ({ entry, score: total(words.map(word => scoreOf(entry, word))) }))
      .filter(({ score }) => score > 0)
      .sort((a, b) => b.score - a.score || a.entry.id.length - b.entry.id.length || a.entry.id.localeCompare(b.entry.id))
      .map(({ entry }) => entry.process);
  }

  private readonly predefined = new Map<string, IProcess>();
  private readonly ofUser = new Map<string, IProcess>();
  private readonly texts: readonly ISearchText[];
}

interface ISearchText {
  process: IProcess;
  id: string;
  words: string[];
  summary: string;
  categories: string;
  description: string;
}

function scoreOf({ process, id, words, summary, categories, description }: ISearchText, word: string): number {
  const found =
    (id === word ? 100 : 0) ||
    (id.startsWith(word) ? 60 : 0) ||
    (words.some(each => each.startsWith(word)) ? 45 : 0) ||
    (id.includes(word) ? 30 : 0) ||
    (summary.includes(word) ? 15 : 0) ||
    (categories.includes(word) ? 10 : 0) ||
    (description.includes(word) ? 3 : 0);
  return process.deprecated ? found / 2 : found;
}

/** The sum, or nothing where one of the words was not found. */
function total(scores: number[]): number {
  return scores.includes(0) ? 0 : scores.reduce((sum, score) => sum + score, 0);
}
