/** Checks values against the part of JSON schema that descriptions of processes use. */
import { isRecord, type JsonRecord, listOf, recordOf, textOf, textsOf } from '../reading';
import { englishWords, type ITranslation } from '../translation';
import { isCallback, referenceOf } from './graph_paths';
import { isCallbackSchema, schemasOf } from './processes';

const CUBES = ['raster-cube', 'vector-cube', 'datacube', 'cube', 'feature-collection', 'ml-model'];
/** Texts that are longer are not tried against patterns, which can take very long. */
const LONGEST_MATCHED = 2000;

export function subtypeOf(schema: JsonRecord): string {
  return textOf(schema, 'subtype') || textOf(schema, 'format');
}

/** Whether a schema stands for a cube, of which graphs have no literals. */
export function isCube(schema: JsonRecord): boolean {
  return CUBES.includes(subtypeOf(schema));
}

export function typesOf(schema: JsonRecord): string[] {
  return typeof schema.type === 'string' ? [schema.type] : textsOf(schema, 'type');
}

/** What is wrong with a value that is to be one of several schemas; null where it is right. */
export function problemOf(value: unknown, schemas: readonly JsonRecord[], trans: ITranslation = englishWords): string | null {
  if (referenceOf(value) || schemas.length === 0) {
    return null;
  }
  const problems: string[] = [];
  for (const schema of schemas) {
    const problem = hasType(value, schema) ? problemWith(value, schema, trans) : undefined;
    if (problem === null) {
      return null;
    }
    if (problem !== undefined) {
      problems.push(problem);
    }
  }
  return problems[0] ?? wrongType(value, schemas, trans);
}

function wrongType(value: unknown, schemas: readonly JsonRecord[], trans: ITranslation): string {
  if (schemas.every(isCube)) {
    return trans.__('This is the result of another node: choose which.');
  }
  const wanted = [...new Set(schemas.flatMap(schema => nameOf(schema, trans)))];
  return trans.__('This wants %1, and not %2.', wanted.join(trans.__(' or ')), typeName(kindOfValue(value), trans));
}

function nameOf(schema: JsonRecord, trans: ITranslation): string[] {
  if (isCube(schema)) {
    return [trans.__('the result of a node')];
  }
  if (isCallbackSchema(schema)) {
    return [trans.__('a graph')];
  }
  return typesOf(schema).map(type => typeName(type, trans));
}

function typeName(type: string, trans: ITranslation): string {
  switch (type) {
    case 'string':
      return trans.__('a text');
    case 'number':
      return trans.__('a number');
    case 'integer':
      return trans.__('a whole number');
    case 'boolean':
      return trans.__('true or false');
    case 'array':
      return trans.__('a list');
    case 'null':
      return trans.__('null');
    case 'object':
      return trans.__('an object');
    default:
      return type;
  }
}

function kindOfValue(value: unknown): string {
  if (value === null) {
    return 'null';
  }
  return Array.isArray(value) ? 'array' : typeof value;
}

function hasType(value: unknown, schema: JsonRecord): boolean {
  const kind = kindOfValue(value);
  if (isCallbackSchema(schema)) {
    return isCallback(value);
  }
  if (isCube(schema) && kind === 'object') {
    // A vector cube can be given as GeoJSON, and what else a back-end takes is not known here.
    return subtypeOf(schema) === 'vector-cube' || 'type' in (value as JsonRecord);
  }
  const types = typesOf(schema);
  return (
    types.length === 0 ||
    types.includes(kind) ||
    (kind === 'number' && types.includes('integer') && Number.isInteger(value))
  );
}

/** What is wrong with a value of the right type. */
function problemWith(value: unknown, schema: JsonRecord, trans: ITranslation): string | null {
  const choices = listOf(schema, 'enum');
  if (choices.length && !choices.some(choice => same(choice, value))) {
    return trans.__('This is one of: %1.', choices.map(shown).join(', '));
  }
  if (Object.hasOwn(schema, 'const') && !same(schema.const, value)) {
    return trans.__('This can only be %1.', shown(schema.const));
  }
  if (typeof value === 'number') {
    return numberProblem(value, schema, trans);
  }
  if (typeof value === 'string') {
    return textProblem(value, schema, trans);
  }
  if (Array.isArray(value)) {
    return listProblem(value as unknown[], schema, trans);
  }
  return isRecord(value) && !isCallback(value) ? recordProblem(value, schema, trans) : null;
}

function numberProblem(value: number, schema: JsonRecord, trans: ITranslation): string | null {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = schema;
  if (typeof minimum === 'number' && value < minimum) {
    return trans.__('This is at least %1.', minimum);
  }
  if (typeof maximum === 'number' && value > maximum) {
    return trans.__('This is at most %1.', maximum);
  }
  if (typeof exclusiveMinimum === 'number' && value <= exclusiveMinimum) {
    return trans.__('This is more than %1.', exclusiveMinimum);
  }
  if (typeof exclusiveMaximum === 'number' && value >= exclusiveMaximum) {
    return trans.__('This is less than %1.', exclusiveMaximum);
  }
  if (typeof multipleOf === 'number' && Math.abs(value / multipleOf - Math.round(value / multipleOf)) > 1e-9) {
    return trans.__('This is a multiple of %1.', multipleOf);
  }
  return null;
}

function textProblem(value: string, schema: JsonRecord, trans: ITranslation): string | null {
  const { minLength, maxLength } = schema;
  if (typeof minLength === 'number' && value.length < minLength) {
    return trans.__('This has at least %1 characters.', minLength);
  }
  if (typeof maxLength === 'number' && value.length > maxLength) {
    return trans.__('This has at most %1 characters.', maxLength);
  }
  const pattern = patternOf(schema);
  if (pattern && value.length <= LONGEST_MATCHED && !pattern.test(value)) {
    return trans.__('This is written as %1.', pattern.source);
  }
  switch (subtypeOf(schema)) {
    case 'date':
      return /^\d{4}-\d{2}-\d{2}$/.test(value) && isDate(value) ? null : trans.__('This is a date such as 2022-06-30.');
    case 'date-time':
      return /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:?\d{2})$/i.test(value) && isDate(value)
        ? null
        : trans.__('This is a time such as 2022-06-30T12:00:00Z.');
    default:
      return null;
  }
}

function isDate(text: string): boolean {
  const day = new Date(`${text.slice(0, 10)}T00:00:00Z`);
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text.slice(0, 10));
}

const patterns = new Map<string, RegExp | null>();

function patternOf(schema: JsonRecord): RegExp | null {
  const source = textOf(schema, 'pattern');
  if (source === '') {
    return null;
  }
  let pattern = patterns.get(source);
  if (pattern === undefined) {
    pattern = compiled(source, 'u') ?? compiled(source, '');
    patterns.set(source, pattern);
  }
  return pattern;
}

function compiled(source: string, flags: string): RegExp | null {
  try {
    return new RegExp(source, flags);
  } catch {
    return null;
  }
}

function listProblem(value: unknown[], schema: JsonRecord, trans: ITranslation): string | null {
  const { minItems, maxItems } = schema;
  if (typeof minItems === 'number' && value.length < minItems) {
    return trans._n('This has at least one entry.', 'This has at least %1 entries.', minItems);
  }
  if (typeof maxItems === 'number' && value.length > maxItems) {
    return trans._n('This has at most one entry.', 'This has at most %1 entries.', maxItems);
  }
  if (schema.uniqueItems === true && new Set(value.map(each => JSON.stringify(each))).size < value.length) {
    return trans.__('An entry is here twice.');
  }
  const items = isRecord(schema.items) ? schemasOf(schema.items) : [];
  for (const [index, each] of value.entries()) {
    const problem = problemOf(each, items, trans);
    if (problem) {
      return trans.__('Entry %1: %2', index + 1, problem);
    }
  }
  if (subtypeOf(schema) === 'temporal-interval' && value.every(each => typeof each === 'string')) {
    const [start = '', end = ''] = value;
    return start > end ? trans.__('The start is after the end.') : null;
  }
  return null;
}

const GEOJSON_TYPES = [
  ...['Point', 'MultiPoint', 'LineString', 'MultiLineString', 'Polygon', 'MultiPolygon'],
  ...['GeometryCollection', 'Feature', 'FeatureCollection']
];

function recordProblem(value: JsonRecord, schema: JsonRecord, trans: ITranslation): string | null {
  const missing = textsOf(schema, 'required').find(name => !Object.hasOwn(value, name));
  if (missing !== undefined) {
    return trans.__("'%1' is missing.", missing);
  }
  const properties = recordOf(schema, 'properties');
  for (const [name, inner] of Object.entries(value)) {
    const problem = Object.hasOwn(properties, name) ? problemOf(inner, schemasOf(properties[name]), trans) : null;
    if (problem) {
      return trans.__('%1: %2', name, problem);
    }
  }
  if (subtypeOf(schema) === 'geojson' && !GEOJSON_TYPES.includes(textOf(value, 'type'))) {
    return trans.__('This is GeoJSON: an object with a type such as FeatureCollection.');
  }
  if (subtypeOf(schema) === 'bounding-box') {
    const { south, north } = value;
    return typeof south === 'number' && typeof north === 'number' && south > north
      ? trans.__('South is north of north.')
      : null;
  }
  return null;
}

function same(one: unknown, other: unknown): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}

function shown(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
