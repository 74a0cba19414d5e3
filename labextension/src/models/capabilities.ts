/** What a back-end offers, by its landing page. */
import { isRecord, listOf, textOf, textsOf } from '../reading';

export interface ICapabilities {
  /** What the back-end calls itself. */
  readonly title: string;
  /** Whether process graphs run there. */
  readonly openeo: boolean;
  /** Whether items of several collections are searched, by STAC. */
  readonly search: boolean;
  /** Whether items come with the wanted fields alone. */
  readonly fields: boolean;
  readonly coverage: boolean;
  /** Whether it makes map tiles of process graphs. */
  readonly tiles: boolean;
}

export const UNKNOWN: ICapabilities = {
  title: '',
  openeo: false,
  search: false,
  fields: false,
  coverage: false,
  tiles: false
};

/** What a landing page tells, with the conformance classes of `/conformance` where it has none itself. */
export function readCapabilities(landing: unknown, conformance: unknown = null): ICapabilities {
  const classes = [...textsOf(landing, 'conformsTo'), ...textsOf(conformance, 'conformsTo')];
  const conforms = (pattern: RegExp): boolean => classes.some(one => pattern.test(one));
  const paths = listOf(landing, 'endpoints').map(endpoint => textOf(endpoint, 'path'));
  return {
    title: textOf(landing, 'title'),
    openeo: Boolean(textOf(landing, 'api_version')) || conforms(/^https:\/\/api\.openeo\.org\//),
    search: conforms(/\/item-search$/) || listOf(landing, 'links').some(link => textOf(link, 'rel') === 'search'),
    fields: conforms(/\/ogcapi-features#fields$/),
    coverage: conforms(/\/ogcapi-coverages-1\/.*\/conf\/core$/),
    tiles: paths.includes('/services')
  };
}

/** Whether a landing page tells its conformance classes; those of older STAC APIs and openEO are asked for. */
export function tellsConformance(landing: unknown): boolean {
  return isRecord(landing) && Array.isArray(landing.conformsTo);
}
