import { describe, expect, it } from 'vitest';

import { countedPeriods, countItems, periodsBetween, toldAvailability } from '../models/availability';
import { boxTexts, chosenOf, doubts, NO_CHOICE, selectionOf, timePresets, typedBox, typedInterval } from '../models/choice';
import { UNKNOWN } from '../models/capabilities';
import { readCollection } from '../models/collections';
import { itemsRequest, ItemList, readItem } from '../models/items';
import { blocksOf, inlinesOf } from '../models/markdown';
import { englishWords } from '../translation';
import { FakeBackend } from './fake_backend';

const NOW = new Date('2026-06-15T12:00:00Z');

function collectionOf(json: object): NonNullable<ReturnType<typeof readCollection>> {
  const collection = readCollection({ id: 'S2', ...json }, { id: 'a', url: 'https://a.example.org/' }, UNKNOWN);
  if (!collection) {
    throw new Error('no collection');
  }
  return collection;
}

describe('what is typed', () => {
  const box = (...texts: string[]): unknown => typedBox(texts, englishWords);
  it('is a box, its west on the usual turn of the world', () => {
    expect(box('11,3', ' 46', '12', '47.5')).toEqual({ value: [11.3, 46, 12, 47.5], fault: '' });
    expect(box('530', '-20', '550', '-10')).toEqual({ value: [170, -20, 190, -10], fault: '' });
    expect(box('', '', '', ' ')).toEqual({ value: null, fault: '' });
  });
  it.each([
    ['1', '2', '', '4', 'all four'],
    ['a', '2', '3', '4', 'not a number'],
    ['1', '4', '3', '2', 'swapped'],
    ['1', '-91', '3', '2', 'Latitudes'],
    ['170', '-20', '-170', '-10', 'write 190 for east'],
    ['10', '0', '5', '1', 'swapped'],
    ['-200', '0', '200', '1', '360 degrees wide']
  ])('is no box: %s %s %s %s', (west, south, east, north, words) => {
    expect(typedBox([west, south, east, north], englishWords).fault).toContain(words);
  });
  it('is an interval', () => {
    expect(typedInterval('2022-06-01', '', englishWords).value).toEqual(['2022-06-01', null]);
    expect(typedInterval('', '', englishWords)).toEqual({ value: null, fault: '' });
    expect(typedInterval('2022-06-02', '2022-06-02', englishWords).fault).toContain('before the end');
  });
  it('stands in fields with six decimals', () => {
    expect(boxTexts([11.12345678, 0, 12, 1])).toEqual(['11.123457', '0', '12', '1']);
    expect(boxTexts(null)).toEqual(['', '', '', '']);
  });
});

describe('a choice', () => {
  it('keeps of another collection what is possible', () => {
    const before = { ...NO_CHOICE, collection: 'old', bbox: [1, 2, 3, 4] as const, bands: ['B08', 'VV'] };
    const now = chosenOf(collectionOf({ bands: [{ name: 'B04' }, { name: 'B08' }] }), before);
    expect(now).toEqual({ source: 'a', collection: 'S2', bbox: [1, 2, 3, 4], datetime: null, bands: ['B08'] });
    expect(selectionOf(now)).toEqual({ collection: 'S2', bbox: [1, 2, 3, 4], bands: ['B08'] });
    expect(selectionOf(NO_CHOICE)).toBeNull();
  });
  it('is doubted where the collection has nothing', () => {
    const extent = { spatial: { bbox: [[177, -21, -178, -12]] }, temporal: { interval: [['2020-01-01T00:00:00Z', '2021-01-01T00:00:00Z']] } };
    const there = collectionOf({ extent });
    expect(doubts({ ...NO_CHOICE, bbox: [-180, -20, -179, -15] }, there, englishWords)).toEqual([]);
    expect(doubts({ ...NO_CHOICE, bbox: [10, -20, 11, -15] }, there, englishWords)).toHaveLength(1);
    expect(doubts({ ...NO_CHOICE, datetime: ['2022-01-01', null] }, there, englishWords)).toHaveLength(1);
    expect(doubts({ ...NO_CHOICE, datetime: [null, '2020-01-01'] }, there, englishWords)).toHaveLength(1);
    expect(doubts({ ...NO_CHOICE, bbox: [10, -20, 11, -15] }, collectionOf({}), englishWords)).toEqual([]);
  });
  it('has presets that end with the data', () => {
    const interval = [['2015-07-01T00:00:00Z', '2022-10-28T10:10:00Z']];
    const presets = timePresets(collectionOf({ extent: { temporal: { interval } } }), NOW, englishWords);
    expect(presets.map(({ datetime }) => datetime)).toEqual([
      null,
      ['2022-09-29', '2022-10-29'],
      ['2021-10-29', '2022-10-29'],
      ['2021-01-01', '2022-01-01']
    ]);
  });
});

describe('availability', () => {
  it('is counted per month, with the months that have nothing', () => {
    const periods = countedPeriods(['2022-04-01', '2022-06-30T23:00:00Z', '2022-04-30T10:00:00Z', 'rubbish']);
    expect(periods.map(({ label, count }) => [label, count])).toEqual([['2022-04', 2], ['2022-05', 0], ['2022-06', 1]]);
    expect(periods[2]).toMatchObject({ start: '2022-06-01', end: '2022-07-01' });
  });
  it('is told per year or decade where months are too many', () => {
    expect(periodsBetween('1984-03-01', '2026-06-15').map(({ label }) => label)).toHaveLength(43);
    expect(periodsBetween('1984-03-01', '2026-06-15', 10).map(({ label }) => label)).toEqual([
      '1980–1989',
      '1990–1999',
      '2000–2009',
      '2010–2019',
      '2020–2029'
    ]);
    expect(periodsBetween('2022-01-01', '2021-01-01')).toEqual([]);
  });
  it('is that of the dimensions, of the extent, or unknown', () => {
    const values = ['2022-04-01T10:10:00Z', '2022-04-06T10:10:00Z'];
    const told = toldAvailability(collectionOf({ 'cube:dimensions': { t: { type: 'temporal', values } } }), NOW);
    expect([told?.of, told?.periods.length, told?.periods[0]?.count]).toEqual(['dates', 1, 2]);
    const open = collectionOf({ extent: { temporal: { interval: [['2026-01-01T00:00:00Z', null]] } } });
    expect(toldAvailability(open, NOW)?.periods.map(({ label }) => label).at(-1)).toBe('2026-06');
    expect(toldAvailability(collectionOf({}), NOW)).toBeNull();
  });
  it('is counted of the items page by page', async () => {
    const next = 'https://a.example.org/page2';
    const item = (datetime: string): unknown => ({ id: datetime, properties: { datetime } });
    const backend = new FakeBackend('a', {
      'collections/S2/items': { features: [item('2022-04-01T00:00:00Z')], links: [{ rel: 'next', href: next }] },
      [next]: { features: [item('2022-05-01T00:00:00Z')], links: [] }
    });
    const options = { fields: false, now: NOW, signal: new AbortController().signal };
    const counted = await countItems(backend, { id: 'S2', interval: null }, options);
    expect(counted.partial).toBe(false);
    expect(counted.periods.map(({ count }) => count)).toEqual([1, 1]);
  });
  it('is asked for by period where the items are many', async () => {
    const backend = new FakeBackend('a', { 'collections/S2/items': { features: [], numberMatched: 50_000 } });
    const options = { fields: true, now: NOW, signal: new AbortController().signal };
    const counted = await countItems(backend, { id: 'S2', interval: ['2020-01-01', null] }, options);
    expect(counted.periods.map(({ label }) => label)).toEqual(['2020', '2021', '2022', '2023', '2024', '2025', '2026']);
    expect(backend.asked[0]).toContain('fields=');
    expect(backend.asked.at(-1)).toContain('datetime=2026-01-01T00%3A00%3A00Z%2F2026-12-31T23%3A59%3A59.999Z');
  });
});

describe('items', () => {
  it('are asked for within the choice', () => {
    const request = itemsRequest('S 2', { bbox: [170, -20, 190, -10], datetime: ['2022-06-01', '2022-07-01'] });
    expect(request.path).toBe('collections/S%202/items');
    expect(request.query).toEqual({ limit: 20, bbox: '170,-20,-170,-10', datetime: '2022-06-01T00:00:00Z/2022-06-30T23:59:59.999Z' });
  });
  it('come page by page, each once', async () => {
    const next = 'https://a.example.org/page2';
    const backend = new FakeBackend('a', {
      'collections/S2/items': { features: [{ id: '1' }, {}, null], links: [{ rel: 'next', href: next }], numberMatched: 2 },
      [next]: { features: [{ id: '1' }, { id: '2' }], links: [] }
    });
    const list = new ItemList(backend, itemsRequest('S2', NO_CHOICE));
    await list.more();
    expect(list.store.get()).toMatchObject({ matched: 2, more: true, state: 'ready' });
    await list.more();
    await list.more();
    expect(list.store.get().items.map(({ id }) => id)).toEqual(['1', '2']);
    expect(list.store.get().more).toBe(false);
  });
  it('are read whatever is missing', () => {
    const bare = readItem({ id: 'x', geometry: null, properties: null });
    expect(bare).toMatchObject({ box: null, date: '', thumbnail: '', cloudCover: null });
    const year = { datetime: null, start_datetime: '2019-01-01T00:00:00Z', end_datetime: '2019-12-31T23:59:59Z' };
    expect(readItem({ id: 'x', properties: year })?.date).toBe('2019-01-01 – 2019-12-31');
    const geometry = { type: 'Polygon', coordinates: [[[1, 2], [3, 2], [3, 5], [1, 2]]] };
    expect(readItem({ id: 'x', geometry, properties: {} })?.box).toEqual([1, 2, 3, 5]);
  });
});

describe('a description', () => {
  it('is taken apart into headings, lists and paragraphs', () => {
    const blocks = blocksOf('# Heading\n\nTwo\nlines with `code`.\n\n* one\n* **two**');
    expect(blocks.map(({ kind }) => kind)).toEqual(['heading', 'paragraph', 'item', 'item']);
    expect(blocks[1]?.inlines).toEqual([
      { kind: 'text', text: 'Two lines with ' },
      { kind: 'code', text: 'code' },
      { kind: 'text', text: '.' }
    ]);
  });
  it('has no links but those to pages, and HTML is text', () => {
    expect(inlinesOf('[a](https://example.org) [b](javascript:alert(1)) <b>x</b>')).toEqual([
      { kind: 'link', text: 'a', href: 'https://example.org' },
      { kind: 'text', text: ' ' },
      { kind: 'text', text: '[b](javascript:alert(1)' },
      { kind: 'text', text: ') <b>x</b>' }
    ]);
  });
});
