/** The ways in which the value of an argument can be given, from the schemas of its parameter. */
import { isRecord, type JsonRecord, listOf } from '../reading';
import { isCallback, referenceOf } from './graph_paths';
import { isCallbackSchema } from './processes';
import { isCube, problemOf, subtypeOf, typesOf } from './schema_check';

export type ValueKind =
  | 'unset'
  | 'node'
  | 'parameter'
  | 'graph'
  | 'graphs'
  | 'null'
  | 'text'
  | 'code'
  | 'number'
  | 'boolean'
  | 'choice'
  | 'bbox'
  | 'interval'
  | 'collection'
  | 'format'
  | 'runtime'
  | 'bands'
  | 'band'
  | 'list'
  | 'geojson'
  | 'json';

/** One way to give a value. */
export interface IAlternative {
  readonly kind: ValueKind;
  readonly schema: JsonRecord;
}

/** The alternatives of some schemas, each kind once, without references; JSON is the last resort. */
export function alternativesOf(schemas: readonly JsonRecord[]): IAlternative[] {
  const found = new Map<ValueKind, IAlternative>();
  for (const schema of schemas) {
    for (const kind of kindsOf(schema)) {
      if (!found.has(kind)) {
        found.set(kind, { kind, schema });
      }
    }
  }
  return [...found.values()];
}

const BY_SUBTYPE: Readonly<Record<string, ValueKind>> = {
  'bounding-box': 'bbox',
  'temporal-interval': 'interval',
  'collection-id': 'collection',
  'output-format': 'format',
  'udf-runtime': 'runtime',
  'udf-code': 'code',
  'commonmark': 'code',
  'band-name': 'band',
  'metadata-filter': 'graphs',
  'geojson': 'geojson',
  'vector-cube': 'geojson'
};

function kindsOf(schema: JsonRecord): ValueKind[] {
  const types = typesOf(schema);
  const nullable: ValueKind[] = types.includes('null') ? ['null'] : [];
  const bySubtype = BY_SUBTYPE[subtypeOf(schema)];
  if (isCallbackSchema(schema)) {
    return ['graph'];
  }
  if (subtypeOf(schema) === 'vector-cube') {
    return [];
  }
  if (bySubtype) {
    return [bySubtype, ...nullable];
  }
  if (isCube(schema)) {
    return [];
  }
  if (listOf(schema, 'enum').length || Object.hasOwn(schema, 'const')) {
    return types.length === 1 && types[0] === 'boolean' ? ['boolean'] : ['choice', ...nullable];
  }
  if (types.length === 0) {
    return ['number', 'text', 'boolean', 'list', 'json', 'null'];
  }
  return types.flatMap(type => kindOfType(type, schema));
}

function kindOfType(type: string, schema: JsonRecord): ValueKind[] {
  switch (type) {
    case 'number':
    case 'integer':
      return ['number'];
    case 'boolean':
      return ['boolean'];
    case 'null':
      return ['null'];
    case 'string':
      return ['text'];
    case 'array':
      return [isRecord(schema.items) && subtypeOf(schema.items) === 'band-name' ? 'bands' : 'list'];
    default:
      return ['json'];
  }
}

/** How a value is given. */
export function kindOf(value: unknown, alternatives: readonly IAlternative[]): ValueKind {
  if (value === undefined) {
    return 'unset';
  }
  const reference = referenceOf(value);
  if (reference) {
    return reference.kind;
  }
  if (isCallback(value)) {
    return 'graph';
  }
  const fitting = alternatives.filter(({ kind }) => fits(value, kind));
  const right = fitting.find(({ schema }) => problemOf(value, [schema]) === null);
  return (right ?? fitting[0])?.kind ?? 'json';
}

/** Whether a value can be edited as one of a kind, right or not. */
export function fits(value: unknown, kind: ValueKind): boolean {
  switch (kind) {
    case 'unset':
      return value === undefined;
    case 'null':
      return value === null;
    case 'number':
      return typeof value === 'number';
    case 'boolean':
      return typeof value === 'boolean';
    case 'text':
    case 'code':
    case 'collection':
    case 'format':
    case 'runtime':
    case 'band':
      return typeof value === 'string';
    case 'choice':
      return typeof value !== 'object' || value === null;
    case 'interval':
      return Array.isArray(value) && value.length <= 2 && value.every(each => each === null || typeof each === 'string');
    case 'bands':
      return Array.isArray(value) && value.every(each => typeof each === 'string');
    case 'list':
      return Array.isArray(value);
    case 'bbox':
      return isRecord(value) && !('type' in value);
    case 'geojson':
      return isRecord(value) && 'type' in value;
    case 'graphs':
      return isRecord(value);
    case 'graph':
      return isCallback(value);
    case 'node':
    case 'parameter':
      return referenceOf(value)?.kind === kind;
    case 'json':
      return true;
  }
}

/** The value that choosing a kind gives; undefined where one has to be typed first. */
export function firstValue({ kind, schema }: IAlternative): unknown {
  switch (kind) {
    case 'null':
      return null;
    case 'boolean':
      return schema.default === true;
    case 'graph':
      return { process_graph: {} };
    case 'list':
    case 'bands':
      return [];
    case 'interval':
      return [null, null];
    case 'graphs':
      return {};
    default:
      return undefined;
  }
}

/** The choices of a schema with `enum` or `const`. */
export function choicesOf(schema: JsonRecord): unknown[] {
  return Object.hasOwn(schema, 'const') ? [schema.const] : listOf(schema, 'enum');
}
