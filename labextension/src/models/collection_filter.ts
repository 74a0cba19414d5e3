/** Finds collections as one types, and counts what they have in common. */
import { ABILITIES, type ICollection, plain } from './collections';
import { dayOf } from './extents';

export const FACETS = ['abilities', 'bands', 'keywords', 'time', 'source'] as const;
export type Facet = (typeof FACETS)[number];

/** What is ticked: values of facets by their keys. */
export type Chosen = Readonly<Record<Facet, readonly string[]>>;

export const NOTHING_CHOSEN: Chosen = { abilities: [], bands: [], keywords: [], time: [], source: [] };

export interface IFacetValue {
  readonly key: string;
  readonly label: string;
  readonly count: number;
}

export interface IFound {
  readonly rows: readonly ICollection[];
  /** Of each facet its values, those that most collections have first, with how many a tick would leave. */
  readonly facets: Readonly<Record<Facet, readonly IFacetValue[]>>;
}

/** Facets of which a collection must have all that is ticked; of the others it must have one. */
const ALL_OF: readonly Facet[] = ['abilities', 'bands', 'keywords'];
const OLDEST_DECADE = 1970;

interface IFacetIndex {
  readonly labels: Map<string, string>;
  /** Of each row the keys of its values. */
  readonly keys: readonly (readonly string[])[];
}

/** What is worked out once for a list of collections, so that a search is quick. */
export interface ICollectionIndex {
  readonly rows: readonly ICollection[];
  readonly facets: Readonly<Record<Facet, IFacetIndex>>;
}

export function indexed(rows: readonly ICollection[], now = new Date()): ICollectionIndex {
  const facet = (valuesOf: (row: ICollection) => readonly (readonly [string, string])[]): IFacetIndex => {
    const labels = new Map<string, string>();
    const keys = rows.map(row =>
      valuesOf(row).map(([key, label]) => {
        if (!labels.has(key)) {
          labels.set(key, label);
        }
        return key;
      })
    );
    return { labels, keys };
  };
  const year = now.getUTCFullYear();
  return {
    rows,
    facets: {
      abilities: facet(row => row.abilities.map(ability => [ability, ability])),
      bands: facet(row => row.bands.map(({ name }) => [name, name])),
      keywords: facet(row => unique(row.keywords.map(keyword => [plain(keyword).trim(), keyword.trim()]))),
      time: facet(row => decadesOf(row, year).map(decade => [decade, decade])),
      source: facet(row => row.sources.map(source => [source, source]))
    }
  };
}

function unique(pairs: readonly (readonly [string, string])[]): (readonly [string, string])[] {
  return [...new Map(pairs.filter(([key]) => key).map(pair => [pair[0], pair])).values()];
}

/** The decades of a collection's data, as the years they begin with; `before` for all that is older. */
function decadesOf({ interval }: ICollection, thisYear: number): string[] {
  if (!interval) {
    return [];
  }
  const edges = interval.map(edge => (edge ? Number(dayOf(edge).slice(0, 4)) : null));
  const start = edges[0] ?? OLDEST_DECADE - 10;
  const end = Math.min(edges[1] ?? thisYear, thisYear + 9);
  const decades = start < OLDEST_DECADE ? ['before'] : [];
  for (let decade = Math.max(OLDEST_DECADE, Math.floor(start / 10) * 10); decade <= end; decade += 10) {
    decades.push(String(decade));
  }
  return decades;
}

/** The collections that have all the words, and the ticked values; those with the words in their title first. */
export function found(index: ICollectionIndex, query: string, chosen: Chosen): IFound {
  const words = plain(query).split(/\s+/).filter(Boolean);
  const counts = Object.fromEntries(FACETS.map(facet => [facet, new Map<string, number>()])) as Record<
    Facet,
    Map<string, number>
  >;
  const first: ICollection[] = [];
  const second: ICollection[] = [];
  index.rows.forEach((row, position) => {
    if (!words.every(word => row.text.includes(word))) {
      return;
    }
    const misses = FACETS.filter(facet => !fits(index, facet, position, chosen));
    if (!misses.length) {
      (words.every(word => row.head.includes(word)) ? first : second).push(row);
    }
    for (const facet of FACETS) {
      const counted = !misses.length || (misses.length === 1 && misses[0] === facet && !ALL_OF.includes(facet));
      if (counted) {
        for (const key of index.facets[facet].keys[position] ?? []) {
          counts[facet].set(key, (counts[facet].get(key) ?? 0) + 1);
        }
      }
    }
  });
  const facets = Object.fromEntries(
    FACETS.map(facet => [facet, facetValues(facet, index, counts[facet], chosen)])
  ) as Record<Facet, IFacetValue[]>;
  return { rows: [...first, ...second], facets };
}

function fits(index: ICollectionIndex, facet: Facet, position: number, chosen: Chosen): boolean {
  const wanted = chosen[facet];
  if (!wanted.length) {
    return true;
  }
  const keys = index.facets[facet].keys[position] ?? [];
  const has = (key: string): boolean => keys.includes(key);
  return ALL_OF.includes(facet) ? wanted.every(has) : wanted.some(has);
}

function facetValues(
  facet: Facet,
  index: ICollectionIndex,
  counts: ReadonlyMap<string, number>,
  chosen: Chosen
): IFacetValue[] {
  const { labels } = index.facets[facet];
  const keys = new Set([...counts.keys(), ...chosen[facet]]);
  const values = [...keys].map(key => ({ key, label: labels.get(key) ?? key, count: counts.get(key) ?? 0 }));
  const ranked = (key: string): number => (ABILITIES as readonly string[]).indexOf(key);
  switch (facet) {
    case 'time':
      return values.sort((one, other) => (other.key === 'before' ? -1 : one.key === 'before' ? 1 : other.key.localeCompare(one.key)));
    case 'abilities':
      return values.sort((one, other) => ranked(one.key) - ranked(other.key));
    default:
      return values.sort((one, other) => other.count - one.count || one.label.localeCompare(other.label));
  }
}

/** What is ticked after a tick was put or taken away. */
export function ticked(chosen: Chosen, facet: Facet, key: string): Chosen {
  const values = chosen[facet];
  return { ...chosen, [facet]: values.includes(key) ? values.filter(one => one !== key) : [...values, key] };
}
