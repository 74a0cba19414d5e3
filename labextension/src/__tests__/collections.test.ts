import { describe, expect, it } from 'vitest';

import { BackendError } from '../backend/backend';
import { readCapabilities, UNKNOWN } from '../models/capabilities';
import { CollectionList, MOST_COLLECTIONS } from '../models/collection_list';
import { found, indexed, NOTHING_CHOSEN, ticked } from '../models/collection_filter';
import { type ICollection, readCollection } from '../models/collections';
import { FakeBackend, OPENEO_LANDING, STAC_LANDING } from './fake_backend';

const SOURCE = { id: 'one', url: 'https://one.example.org/api/' };
const OPENEO = { ...UNKNOWN, openeo: true };

function read(json: unknown, can = OPENEO): ICollection {
  const collection = readCollection(json, SOURCE, can);
  if (!collection) {
    throw new Error('no collection');
  }
  return collection;
}

describe('a collection', () => {
  it('has the bands of its dimensions, described by its summaries', () => {
    const { bands } = read({
      id: 'S2',
      'cube:dimensions': { bands: { type: 'bands', values: ['B04', 'B08', null] } },
      summaries: { 'eo:bands': [{ name: 'B08', common_name: 'nir', center_wavelength: 0.842 }], 'raster:bands': [{ unit: '1' }] }
    });
    expect(bands.map(({ name, commonName, wavelength, unit }) => [name, commonName, wavelength, unit])).toEqual([
      ['B04', '', null, ''],
      ['B08', 'nir', 0.842, '1']
    ]);
  });

  it('has the bands of STAC 1.1 where it has no dimensions', () => {
    expect(read({ id: 'S2', bands: [{ name: 'red', 'eo:common_name': 'red' }] }).bands[0]?.commonName).toBe('red');
    expect(read({ id: 'S2', item_assets: { a: { 'eo:bands': [{ name: 'nir' }] } } }).bands[0]?.name).toBe('nir');
  });

  it('is read whatever is in it', () => {
    const odd = read({
      id: 'odd',
      title: null,
      keywords: 'not a list',
      license: 5,
      links: [{ href: 'javascript:alert(1)', rel: 'license' }, null, 'x'],
      providers: { a: 1 },
      extent: { spatial: { bbox: [[null, null, null, null]] }, temporal: { interval: [['yesterday', 7]] } },
      'cube:dimensions': { x: { type: 'spatial' }, what: {}, bands: { type: 'bands', values: [1, null] }, no: null },
      summaries: []
    });
    expect([odd.area.whole, odd.interval, odd.keywords, odd.licence]).toEqual([null, null, [], '']);
    expect(readCollection({ title: 'without an id' }, SOURCE, OPENEO)).toBeNull();
    expect(readCollection('text', SOURCE, OPENEO)).toBeNull();
  });

  it('lies on both sides of the antimeridian, or in several areas', () => {
    expect(read({ id: 'a', extent: { spatial: { bbox: [[177, -21, -178, -12]] } } }).area.whole).toEqual([177, -21, 182, -12]);
    const boxes = [[-180, -90, 180, 90], [5, 45, 10, 50], [100, -10, 0, 110, 0, 9]];
    expect(read({ id: 'a', extent: { spatial: { bbox: boxes } } }).area.parts).toEqual([[5, 45, 10, 50], [100, -10, 110, 0]]);
  });

  it('has the extent of its dimensions where it tells no other', () => {
    const dimensions = {
      x: { axis: 'x', extent: [5, 10] },
      y: { axis: 'y', extent: [45, 50], reference_system: 4326 },
      t: { type: 'temporal', extent: ['2015-06-23T00:00:00Z', null] }
    };
    const { area, interval } = read({ id: 'a', 'cube:dimensions': dimensions });
    expect([area.whole, interval]).toEqual([[5, 45, 10, 50], ['2015-06-23T00:00:00Z', null]]);
  });

  it('can do what its links and its back-end say', () => {
    const links = (...rels: string[]): unknown => rels.map(rel => ({ rel, href: 'https://one.example.org/x' }));
    expect(read({ id: 'a' }).abilities).toEqual(['openeo']);
    expect(read({ id: 'a', links: links('items') }, UNKNOWN).abilities).toEqual(['items']);
    expect(read({ id: 'a', links: links('http://www.opengis.net/def/rel/ogc/1.0/coverage', 'wmts') }, UNKNOWN).abilities).toEqual([
      'coverage',
      'tiles'
    ]);
    const dap = { id: 'a', assets: { data: { href: 'https://x.example.org/opendap/a.nc' } } };
    expect(read(dap, UNKNOWN).abilities).toEqual(['opendap']);
    const services = readCapabilities({ api_version: '1.2.0', endpoints: [{ path: '/services', methods: ['POST'] }] });
    expect(read({ id: 'a' }, services).abilities).toEqual(['openeo', 'tiles']);
    expect(read({ id: 'a', dataType: 'vector' }, services).abilities).toEqual(['openeo']);
  });
});

function many(count: number): ICollection[] {
  const words = ['Surface reflectance', 'Backscatter', 'Temperature', 'Vegetation', 'Weather'];
  return Array.from({ length: count }, (_, number) =>
    read({
      id: `COLLECTION_${number}`,
      title: `${words[number % 5] ?? ''} of place ${number % 97}`,
      description: 'A sentence that says little, as descriptions do. '.repeat(20),
      keywords: [words[number % 5], `Keyword ${number % 40}`],
      extent: { temporal: { interval: [[`${1980 + (number % 40)}-01-01T00:00:00Z`, null]] } },
      'cube:dimensions': { bands: { type: 'bands', values: number % 2 ? ['VV', 'VH'] : ['B04', 'B08'] } }
    })
  );
}

describe('a search', () => {
  const index = indexed(
    [
      read({ id: 'S2', title: 'Sentinel-2', description: 'From El Niño to radar', keywords: ['Optical'], bands: [{ name: 'B04' }, { name: 'B08' }] }),
      read({ id: 'S1', title: 'Radar of Sentinel-1', keywords: ['radar'], bands: [{ name: 'VV' }] }),
      read({ id: 'L8', title: 'Landsat', keywords: ['optical '], bands: [{ name: 'B04' }], extent: { temporal: { interval: [['1969-01-01T00:00:00Z', '1985-01-01T00:00:00Z']] } } })
    ],
    new Date('2026-06-01')
  );
  const ids = (query: string, chosen = NOTHING_CHOSEN): string[] => found(index, query, chosen).rows.map(({ id }) => id);

  it('finds all the words in any case and without accents, titles first', () => {
    expect(ids('RADAR')).toEqual(['S1', 'S2']);
    expect(ids('el nino')).toEqual(['S2']);
    expect(ids('sentinel  opt')).toEqual(['S2']);
    expect(ids('b04')).toEqual(['S2', 'L8']);
    expect(ids('  ')).toHaveLength(3);
    expect(ids('nothing of this')).toEqual([]);
  });

  it('counts what a tick would leave', () => {
    const { facets } = found(index, '', NOTHING_CHOSEN);
    expect(facets.bands.map(({ key, count }) => [key, count])).toEqual([['B04', 2], ['B08', 1], ['VV', 1]]);
    expect(facets.keywords.map(({ label, count }) => [label, count])).toEqual([['Optical', 2], ['radar', 1]]);
    expect(facets.time.map(({ key }) => key)).toEqual(['1980', '1970', 'before']);
    const withB04 = ticked(NOTHING_CHOSEN, 'bands', 'B04');
    expect(ids('', withB04)).toEqual(['S2', 'L8']);
    expect(ids('', ticked(withB04, 'bands', 'B08'))).toEqual(['S2']);
    expect(found(index, '', withB04).facets.bands.find(({ key }) => key === 'VV')).toBeUndefined();
    expect(ids('', ticked(ticked(NOTHING_CHOSEN, 'time', '1970'), 'time', 'before'))).toEqual(['L8']);
    expect(ticked(withB04, 'bands', 'B04')).toEqual(NOTHING_CHOSEN);
  });

  it('is through with 2,000 collections within 50 ms', () => {
    const large = indexed(many(2000));
    const durations = ['v', 've', 'veg', 'vegetation 3', ''].map(query => {
      const before = performance.now();
      found(large, query, ticked(NOTHING_CHOSEN, 'bands', 'B04'));
      return performance.now() - before;
    });
    expect(Math.min(...durations)).toBeLessThan(50);
    expect(durations.sort((one, other) => one - other)[2]).toBeLessThan(50);
  });
});

async function settled(list: CollectionList): Promise<void> {
  await new Promise<void>(resolve => {
    const check = (): void => {
      if (list.store.get().sources.every(({ state }) => state !== 'loading')) {
        resolve();
      }
    };
    list.store.subscribe(check);
    list.load();
  });
}

describe('a list of collections', () => {
  it('is merged from the faces of a server, and from other servers', async () => {
    const openeo = new FakeBackend('a', { '': OPENEO_LANDING, collections: { collections: [{ id: 'S2' }, { id: 'S1' }] } }, 'https://x.org/openeo/');
    const items = [{ rel: 'items', href: 'https://x.org/stac/collections/S2/items' }];
    const stac = new FakeBackend('b', { '': STAC_LANDING, collections: { collections: [{ id: 'S2', title: 'Two', links: items }] } }, 'https://x.org/stac/');
    const other = new FakeBackend('c', { '': STAC_LANDING, collections: { collections: [{ id: 'S2' }] } });
    const list = new CollectionList([openeo, stac, other]);
    await settled(list);
    const { rows } = list.store.get();
    expect(rows.map(({ id, sources, abilities }) => [id, sources, abilities])).toEqual([
      ['S2', ['a', 'b'], ['openeo', 'items']],
      ['S1', ['a'], ['openeo']],
      ['S2', ['c'], []]
    ]);
    expect([rows[0]?.title, rows[0]?.offers]).toEqual(['Two', { openeo: 'a', items: 'b' }]);
    expect(openeo.asked).toContain('collections');
    expect(stac.asked).toContain('collections?limit=100');
  });

  it('follows the pages, keeps what came before a failure, and goes on from there', async () => {
    const next = 'https://a.example.org/collections?page=2';
    const backend = new FakeBackend('a', {
      '': OPENEO_LANDING,
      collections: { collections: [{ id: 'one' }], links: [{ rel: 'next', href: next }] },
      [next]: new BackendError('failed', 'Internal', 500)
    });
    const list = new CollectionList([backend]);
    await settled(list);
    expect(list.store.get().rows.map(({ id }) => id)).toEqual(['one']);
    expect(list.store.get().sources[0]).toMatchObject({ state: 'failed', loaded: 1, problem: { kind: 'failed' } });
    backend.answers[next] = { collections: [{ id: 'two' }], links: [{ rel: 'next', href: next }] };
    list.retry('a');
    await expect.poll(() => list.store.get().sources[0]?.state).toBe('ready');
    expect(list.store.get().rows.map(({ id }) => id)).toEqual(['one', 'two']);
    expect(backend.asked.filter(path => path === 'collections')).toHaveLength(1);
  });

  it('stays when the server is gone at the next look', async () => {
    const backend = new FakeBackend('a', { '': OPENEO_LANDING, collections: { collections: [{ id: 'one' }] } });
    const list = new CollectionList([backend]);
    await settled(list);
    backend.answers[''] = new BackendError('offline', 'gone');
    await settled(list);
    expect(list.store.get().rows).toHaveLength(1);
    expect(list.store.get().sources[0]?.problem?.kind).toBe('offline');
  });

  it('keeps what it had of back-ends that stay when others come', async () => {
    const backend = new FakeBackend('a', { '': OPENEO_LANDING, collections: { collections: [{ id: 'one' }] } });
    const list = new CollectionList([backend]);
    await settled(list);
    const other = new FakeBackend('b', { '': OPENEO_LANDING, collections: { collections: [{ id: 'two' }] } });
    const more = new CollectionList([backend, other], list);
    expect(more.store.get().rows.map(({ id }) => id)).toEqual(['one']);
    more.load();
    expect(more.store.get().rows.map(({ id }) => id)).toEqual(['one']);
    await expect.poll(() => more.store.get().rows.length).toBe(2);
    // Another user of the same back-end may see others.
    const another = new FakeBackend('a', { '': OPENEO_LANDING });
    expect(new CollectionList([another], more).store.get().rows).toEqual([]);
  });

  it('ends with a note where there are too many', async () => {
    const page = Array.from({ length: 4000 }, (_, number) => ({ id: String(number) }));
    let turn = 0;
    const backend = new FakeBackend('a', { '': OPENEO_LANDING });
    backend.request = path => {
      turn += 1;
      const links = [{ rel: 'next', href: `https://a.example.org/${turn}` }];
      const collections = page.map(({ id }) => ({ id: `${turn}-${id}` }));
      return Promise.resolve({ status: 200, headers: {}, body: path ? { collections, links } : OPENEO_LANDING });
    };
    const list = new CollectionList([backend]);
    await settled(list);
    expect(list.store.get().rows).toHaveLength(MOST_COLLECTIONS);
    expect(list.store.get().sources[0]).toMatchObject({ cut: true, state: 'ready' });
  });

  it('tells all of a collection of which the list tells a part', async () => {
    const backend = new FakeBackend('a', {
      '': OPENEO_LANDING,
      collections: { collections: [{ id: 'S 2', title: 'Two' }] },
      'collections/S%202': { id: 'S 2', license: 'CC0-1.0', bands: [{ name: 'B04' }] }
    });
    const list = new CollectionList([backend]);
    await settled(list);
    const [row] = list.store.get().rows;
    const whole = row && (await list.describe(row));
    expect([whole?.title, whole?.licence, whole?.bands.length]).toEqual(['Two', 'CC0-1.0', 1]);
  });
});
