/** What is known of collections, in words. */
import type { Ability, ICollection } from '../../models/collections';
import type { Facet } from '../../models/collection_filter';
import { dayOf, type Interval } from '../../models/extents';
import type { Kind } from '../../models/snippets';
import type { ITranslation } from '../../translation';

export function abilityLabel(ability: Ability, trans: ITranslation): string {
  switch (ability) {
    case 'openeo':
      return trans.__('openEO');
    case 'items':
      return trans.__('Items');
    case 'coverage':
      return trans.__('Coverage');
    case 'opendap':
      return trans.__('OPeNDAP');
    case 'tiles':
      return trans.__('Map tiles');
  }
}

export function abilityHint(ability: Ability, trans: ITranslation): string {
  switch (ability) {
    case 'openeo':
      return trans.__('Process graphs of openEO run on it');
    case 'items':
      return trans.__('Its items can be searched, by STAC');
    case 'coverage':
      return trans.__('Parts of it come as files, by OGC API Coverages');
    case 'opendap':
      return trans.__('Its arrays can be opened by OPeNDAP');
    case 'tiles':
      return trans.__('It can be shown as map tiles');
  }
}

export function facetLabel(facet: Facet, trans: ITranslation): string {
  switch (facet) {
    case 'abilities':
      return trans.__('Can do');
    case 'bands':
      return trans.__('Bands');
    case 'keywords':
      return trans.__('Keywords');
    case 'time':
      return trans.__('Time');
    case 'source':
      return trans.__('Source');
  }
}

export function decadeLabel(decade: string, trans: ITranslation): string {
  return decade === 'before' ? trans.__('Before 1970') : trans.__('%1s', decade);
}

export function kindLabel(kind: Kind, trans: ITranslation): string {
  switch (kind) {
    case 'openeo':
      return trans.__('openEO');
    case 'stac':
      return trans.__('STAC search (pystac-client)');
    case 'xarray':
      return trans.__('xarray');
    case 'dap':
      return trans.__('OPeNDAP');
  }
}

/** The years of a collection, `2015 – today`; empty where it tells none. */
export function yearsOf({ interval }: Pick<ICollection, 'interval'>, trans: ITranslation): string {
  if (!interval) {
    return '';
  }
  const [start, end] = edgesOf(interval, 4, trans);
  return start === end ? start : `${start} – ${end}`;
}

export function daysOf({ interval }: Pick<ICollection, 'interval'>, trans: ITranslation): string {
  return interval ? edgesOf(interval, 10, trans).join(' – ') : trans.__('No dates are told.');
}

function edgesOf([start, end]: Interval, length: number, trans: ITranslation): [string, string] {
  return [start ? dayOf(start).slice(0, length) : '…', end ? dayOf(end).slice(0, length) : trans.__('today')];
}

/** A number with at most so many digits behind the point. */
export function rounded(value: number, digits = 4): string {
  return String(Number(value.toFixed(digits)));
}
