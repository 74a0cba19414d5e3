/** A collection of data as it is listed: read from the JSON of openEO, of a STAC API or of OGC API Coverages. */
import { isRecord, type JsonRecord, listOf, numberOf, recordOf, textOf, textsOf } from '../reading';
import type { ICapabilities } from './capabilities';
import { type Interval, type ISpatialExtent, readSpatialExtent, readTemporalExtent, readTimes } from './extents';

/** What can be done with a collection. */
export const ABILITIES = ['openeo', 'items', 'coverage', 'opendap', 'tiles'] as const;
export type Ability = (typeof ABILITIES)[number];

export interface IBand {
  readonly name: string;
  readonly commonName: string;
  readonly description: string;
  /** The centre of the band in micrometres. */
  readonly wavelength: number | null;
  readonly unit: string;
}

export interface IDimension {
  readonly name: string;
  readonly type: string;
  readonly extent: readonly (string | number | null)[];
  readonly values: readonly (string | number)[];
  readonly step: number | null;
  readonly unit: string;
  readonly referenceSystem: string;
}

export interface ILink {
  readonly rel: string;
  readonly href: string;
  readonly title: string;
  readonly type: string;
}

export interface IProvider {
  readonly name: string;
  readonly roles: readonly string[];
  readonly url: string;
}

export interface ICollection {
  /** Unlike that of any other collection: the server and the id. */
  readonly key: string;
  readonly id: string;
  /** The back-ends that have it, by their ids; the first one is asked. */
  readonly sources: readonly string[];
  readonly title: string;
  readonly description: string;
  readonly keywords: readonly string[];
  readonly licence: string;
  readonly providers: readonly IProvider[];
  readonly links: readonly ILink[];
  readonly bands: readonly IBand[];
  readonly dimensions: readonly IDimension[];
  readonly area: ISpatialExtent;
  readonly interval: Interval | null;
  /** The dates of its data, where they are told. */
  readonly times: readonly string[];
  /** The address of a small picture, or nothing. */
  readonly picture: string;
  readonly abilities: readonly Ability[];
  /** Which back-end offers which ability. */
  readonly offers: Readonly<Partial<Record<Ability, string>>>;
  /** Everything that a search looks at, plain; `head` is the id and the title alone. */
  readonly text: string;
  readonly head: string;
}

/** The collection that a JSON document describes, or null where it is none. */
export function readCollection(json: unknown, source: { id: string; url: string }, can: ICapabilities): ICollection | null {
  const id = textOf(json, 'id');
  if (!isRecord(json) || !id) {
    return null;
  }
  const title = textOf(json, 'title');
  const links = readLinks(json);
  const bands = readBands(json);
  const keywords = textsOf(json, 'keywords');
  const description = textOf(json, 'description');
  const abilities = abilitiesOf(json, links, bands, can);
  const head = plain(`${id} ${title}`);
  return {
    key: `${originOf(source.url)} ${id}`,
    id,
    sources: [source.id],
    title,
    description,
    keywords,
    licence: textOf(json, 'license'),
    providers: listOf(json, 'providers').flatMap(readProvider),
    links,
    bands,
    dimensions: Object.entries(recordOf(json, 'cube:dimensions')).flatMap(readDimension),
    area: readSpatialExtent(json),
    interval: readTemporalExtent(json),
    times: readTimes(json),
    picture: pictureOf(json, links),
    abilities,
    offers: Object.fromEntries(abilities.map(ability => [ability, source.id])),
    head,
    text: [
      head,
      plain(keywords.join(' ')),
      plain(bands.map(band => `${band.name} ${band.commonName}`).join(' ')),
      plain(description)
    ].join('\n')
  };
}

/** A text as it is compared: in lower case, without accents. */
export function plain(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
}

/** One collection of what several faces of a server tell of it; the first one's words come first. */
export function merged(one: ICollection, other: ICollection): ICollection {
  const abilities = ABILITIES.filter(ability => one.abilities.includes(ability) || other.abilities.includes(ability));
  const known = new Set(one.links.map(link => `${link.rel} ${link.href}`));
  return {
    ...one,
    sources: [...new Set([...one.sources, ...other.sources])],
    title: one.title || other.title,
    description: one.description || other.description,
    keywords: one.keywords.length ? one.keywords : other.keywords,
    licence: one.licence || other.licence,
    providers: one.providers.length ? one.providers : other.providers,
    links: [...one.links, ...other.links.filter(link => !known.has(`${link.rel} ${link.href}`))],
    bands: one.bands.length ? one.bands : other.bands,
    dimensions: one.dimensions.length ? one.dimensions : other.dimensions,
    area: one.area.whole ? one.area : other.area,
    interval: one.interval ?? other.interval,
    times: one.times.length ? one.times : other.times,
    picture: one.picture || other.picture,
    abilities,
    offers: { ...other.offers, ...one.offers },
    text: one.text === other.text ? one.text : `${one.text}\n${other.text}`
  };
}

/** What people call a collection. */
export function nameOf(collection: Pick<ICollection, 'id' | 'title'>): string {
  return collection.title || collection.id;
}

function originOf(url: string): string {
  return /^https?:\/\/[^/]+/i.exec(url)?.[0].toLowerCase() ?? '';
}

function readLinks(json: JsonRecord): ILink[] {
  return listOf(json, 'links').flatMap(link => {
    const href = textOf(link, 'href');
    return href ? [{ href, rel: textOf(link, 'rel'), title: textOf(link, 'title'), type: textOf(link, 'type') }] : [];
  });
}

function readProvider(json: unknown): IProvider[] {
  const name = textOf(json, 'name');
  return name ? [{ name, roles: textsOf(json, 'roles'), url: textOf(json, 'url') }] : [];
}

const isLabel = (value: unknown): value is string | number => typeof value === 'string' || typeof value === 'number';

function readDimension([name, json]: [string, unknown]): IDimension[] {
  if (!isRecord(json)) {
    return [];
  }
  const system = json.reference_system;
  return [
    {
      name,
      type: textOf(json, 'type'),
      extent: listOf(json, 'extent').filter((edge): edge is string | number | null => edge === null || isLabel(edge)),
      values: listOf(json, 'values').filter(isLabel),
      step: numberOf(json, 'step'),
      unit: textOf(json, 'unit'),
      referenceSystem: isRecord(system) ? textOf(system, 'name') : isLabel(system) ? systemName(system) : ''
    }
  ];
}

function systemName(system: string | number): string {
  return typeof system === 'number' ? `EPSG:${system}` : system.length > 60 ? `${system.slice(0, 60)}…` : system;
}

function readBands(json: JsonRecord): IBand[] {
  const summaries = recordOf(json, 'summaries');
  const listed = [summaries, json, ...Object.values(recordOf(json, 'item_assets'))].flatMap(place => [
    ...listOf(place, 'eo:bands'),
    ...listOf(place, 'bands')
  ]);
  const units = listOf(summaries, 'raster:bands').map(band => textOf(band, 'unit'));
  const described = new Map<string, IBand>();
  listed.forEach((band, position) => {
    const name = textOf(band, 'name');
    if (name && !described.has(name)) {
      described.set(name, { ...readBand(name, band), unit: textOf(band, 'unit') || (units[position] ?? '') });
    }
  });
  const dimension = Object.values(recordOf(json, 'cube:dimensions')).find(one => textOf(one, 'type') === 'bands');
  const names = textsOf(dimension, 'values');
  return names.length
    ? [...new Set(names)].map(name => described.get(name) ?? { ...readBand(name, {}), unit: '' })
    : [...described.values()];
}

function readBand(name: string, json: unknown): Omit<IBand, 'unit'> {
  return {
    name,
    commonName: textOf(json, 'common_name') || textOf(json, 'eo:common_name'),
    description: textOf(json, 'description') || textOf(json, 'title'),
    wavelength: numberOf(json, 'center_wavelength') ?? numberOf(json, 'eo:center_wavelength')
  };
}

function pictureOf(json: JsonRecord, links: readonly ILink[]): string {
  const assets = Object.values(recordOf(json, 'assets'));
  const asset = assets.find(one => textsOf(one, 'roles').some(role => role === 'thumbnail' || role === 'overview'));
  const link = links.find(({ rel, type }) => ['preview', 'thumbnail', 'icon'].includes(rel) && !type.startsWith('text/'));
  return textOf(asset, 'href') || (link?.href ?? '');
}

const MAP_TILES = /^(xyz|wmts|wms|tilejson|3d-tiles|pmtiles)$|\/tilesets-(map|coverage)$/;
const COVERAGE = /(^|[/:])coverage\]?$/;

function abilitiesOf(json: JsonRecord, links: readonly ILink[], bands: readonly IBand[], can: ICapabilities): Ability[] {
  const isVector = textOf(json, 'itemType') === 'feature' || textOf(json, 'dataType') === 'vector';
  const has: Record<Ability, boolean> = {
    openeo: can.openeo,
    items: links.some(({ rel }) => rel === 'items'),
    coverage: links.some(({ rel }) => COVERAGE.test(rel)) || (can.coverage && bands.length > 0 && !can.openeo),
    opendap: hasOpendap(json, links),
    tiles: links.some(({ rel }) => MAP_TILES.test(rel)) || (can.tiles && !isVector)
  };
  return ABILITIES.filter(ability => has[ability]);
}

function hasOpendap(json: JsonRecord, links: readonly ILink[]): boolean {
  const assets = Object.values(recordOf(json, 'assets')).flatMap(asset => [textOf(asset, 'href'), textOf(asset, 'type')]);
  const told = [...links.flatMap(({ rel, href, type }) => [rel, href, type]), ...assets];
  return told.some(text => /opendap|thredds\/dods/i.test(text));
}
