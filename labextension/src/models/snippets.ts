/** Code for a selection: the text that `gdc_jupyter.widgets.snippets.snippet` gives, for places without a kernel. */
import type { ISelection } from '../host';
import type { Ability } from './collections';
import { closedInterval, wrappedBox } from './extents';

export const KINDS = ['openeo', 'stac', 'xarray', 'dap'] as const;
export type Kind = (typeof KINDS)[number];

const WIDTH = 88;

/** A number that Python writes with a point. */
class Float {
  constructor(readonly value: number) {}
}
/** A list that Python writes in parentheses. */
class Tuple {
  constructor(readonly entries: readonly Literal[]) {}
}
type Literal = string | null | Float | Tuple | readonly Literal[] | Readonly<{ [key: string]: Literal }>;

/** The kinds of code that make sense for what a collection can do. */
export function kindsFor(abilities: readonly Ability[], isOwn: boolean): Kind[] {
  const makesSense: Record<Kind, boolean> = {
    openeo: abilities.includes('openeo'),
    stac: abilities.includes('items'),
    xarray: abilities.includes('openeo') && (!isOwn || abilities.includes('coverage')),
    dap: abilities.includes('opendap')
  };
  return KINDS.filter(kind => makesSense[kind]);
}

/**
 * A selection as Python.
 *
 * @param rootUrl - the address of the API; null for the server of the notebook, which the code finds by itself
 */
export function snippet(selection: ISelection, kind: Kind, rootUrl: string | null): string {
  switch (kind) {
    case 'openeo':
      return openeo(selection, rootUrl);
    case 'stac':
      return stac(selection, rootUrl);
    case 'xarray':
      return rootUrl === null ? xarrayHere(selection) : xarrayElsewhere(selection, rootUrl);
    case 'dap':
      return dap(selection, rootUrl);
  }
}

function openeo(selection: ISelection, rootUrl: string | null): string {
  const { bbox, datetime, bands } = selection;
  const load = call('con.load_collection', [selection.collection], {
    spatial_extent: bbox
      ? { west: new Float(bbox[0]), south: new Float(bbox[1]), east: new Float(bbox[2]), north: new Float(bbox[3]) }
      : null,
    temporal_extent: datetime ?? null,
    bands: bands ?? null
  });
  return rootUrl === null
    ? `import gdc_jupyter as gdc\n\ncon = gdc.connect()\ncube = ${load}`
    : `import openeo\n\ncon = openeo.connect(${literal(rootUrl)})\ncube = ${load}`;
}

function stac({ collection, bbox, datetime }: ISelection, rootUrl: string | null): string {
  const search = call('catalog.search', [], {
    collections: [collection],
    bbox: bbox ? wrappedBox(bbox).map(edge => new Float(edge)) : null,
    datetime: datetime ? closedInterval(datetime) : null
  });
  const imports = `${rootUrl === null ? 'import gdc_jupyter as gdc\n' : ''}from pystac_client import Client`;
  const address = rootUrl === null ? 'gdc.connect().root_url' : literal(rootUrl);
  return `${imports}\n\ncatalog = Client.open(${address})\nsearch = ${search}\nitems = list(search.items())`;
}

function xarrayHere(selection: ISelection): string {
  const parts = { ...pythonParts(selection), bands: selection.bands ?? null };
  return `import gdc_jupyter as gdc\n\ndata = ${call('gdc.open_collection', [selection.collection], parts)}`;
}

function xarrayElsewhere(selection: ISelection, rootUrl: string): string {
  const loaded = openeo(selection, rootUrl).replace('import openeo\n', 'import openeo\nimport xarray as xr\n');
  return `${loaded}\ncube.download("cube.nc", format="NetCDF")\ndata = xr.open_dataset("cube.nc", decode_coords="all")`;
}

function dap(selection: ISelection, rootUrl: string | null): string {
  const bands = selection.bands ? new Tuple(selection.bands) : null;
  const made = call('gdc.Selection', [selection.collection], { ...pythonParts(selection), bands });
  const server = rootUrl === null ? '' : `, ${literal(rootUrl)}`;
  return `import gdc_jupyter as gdc\n\nselection = ${made}\ndata = gdc.open_dap(selection${server})`;
}

function pythonParts({ bbox, datetime }: ISelection): Record<string, Literal> {
  return {
    bbox: bbox ? new Tuple(bbox.map(edge => new Float(edge))) : null,
    datetime: datetime ? new Tuple(datetime) : null
  };
}

/** A call as code, on several lines where it is long; arguments that are null are left out. */
function call(name: string, positional: readonly string[], named: Readonly<Record<string, Literal>>): string {
  const given = Object.entries(named).filter(([, value]) => value !== null);
  const parts = [...positional.map(literal), ...given.map(([key, value]) => `${key}=${literal(value)}`)];
  const line = `${name}(${parts.join(', ')})`;
  if (parts.length < 3 && Array.from(line).length < WIDTH) {
    return line;
  }
  return `${name}(\n${parts.map(part => `    ${part},\n`).join('')})`;
}

function literal(value: Literal): string {
  if (value === null) {
    return 'None';
  }
  if (typeof value === 'string') {
    return quoted(value);
  }
  if (value instanceof Float) {
    return floatText(value.value);
  }
  if (value instanceof Tuple) {
    return `(${value.entries.map(literal).join(', ')}${value.entries.length === 1 ? ',' : ''})`;
  }
  if (isList(value)) {
    return `[${value.map(literal).join(', ')}]`;
  }
  return `{${Object.entries(value).map(([key, entry]) => `${quoted(key)}: ${literal(entry)}`).join(', ')}}`;
}

function isList(value: Literal): value is readonly Literal[] {
  return Array.isArray(value);
}

/** A number as Python's `repr` has it. */
function floatText(value: number): string {
  const size = Math.abs(value);
  if (Object.is(value, -0)) {
    return '-0.0';
  }
  if (size !== 0 && (size < 1e-4 || size >= 1e16)) {
    return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
  }
  return Number.isInteger(value) ? `${value}.0` : String(value);
}

/** A text as Python, in double quotes where it has none of them. */
function quoted(text: string): string {
  const quote = text.includes('"') ? "'" : '"';
  return quote + Array.from(text, character => escaped(character, quote)).join('') + quote;
}

const SHORT: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function escaped(character: string, quote: string): string {
  if (character === quote) {
    return `\\${character}`;
  }
  const short = SHORT[character];
  if (short !== undefined || character === ' ' || !/[\p{C}\p{Z}]/u.test(character)) {
    return short ?? character;
  }
  const code = character.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  return code < 0x100 ? `\\x${hex.padStart(2, '0')}` : code < 0x10000 ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`;
}
