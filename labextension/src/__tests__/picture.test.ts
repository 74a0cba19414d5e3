import { describe, expect, it } from 'vitest';

import { GraphModel } from '../models/graph';
import { existingLevel, heightOf, inputTop, pictureOf } from '../models/picture';
import { arranged, placedCards } from '../models/picture_layout';
import { ProcessCatalog, readProcess } from '../models/processes';

const cube = { schema: { type: 'object', subtype: 'datacube' } };
const described = [
  { id: 'load_collection', parameters: [{ name: 'id', schema: { type: 'string' } }], returns: cube },
  {
    id: 'merge_cubes',
    parameters: [
      { name: 'cube1', ...cube },
      { name: 'cube2', ...cube },
      { name: 'context', optional: true, schema: {} }
    ],
    returns: cube
  },
  {
    id: 'reduce_dimension',
    parameters: [
      { name: 'data', ...cube },
      { name: 'reducer', schema: { type: 'object', subtype: 'process-graph', parameters: [{ name: 'data', schema: {} }] } }
    ],
    returns: cube
  },
  { id: 'mean', parameters: [{ name: 'data', schema: { type: 'array' } }], returns: {} }
];
const processes = new ProcessCatalog(described.flatMap(raw => readProcess(raw) ?? []));

function modelOf(process_graph: Record<string, unknown>): GraphModel {
  const model = new GraphModel({ process_graph });
  model.processes = processes;
  return model;
}

const graph = {
  load: { process_id: 'load_collection', arguments: { id: 'S2' } },
  reduce: {
    process_id: 'reduce_dimension',
    arguments: {
      data: { from_node: 'load' },
      reducer: {
        process_graph: { mean1: { process_id: 'mean', arguments: { data: { from_parameter: 'data' } }, result: true } }
      }
    }
  },
  merge: { process_id: 'merge_cubes', arguments: { cube1: { from_node: 'reduce' } } },
  strange: {
    process_id: 'strange',
    arguments: { cubes: [{ from_node: 'merge' }, { from_node: 'load' }], limit: 3 },
    result: true
  }
};

describe('pictureOf', () => {
  it('has a card for each node, with what can be led into it', () => {
    const { cards, edges } = pictureOf(modelOf(graph), []);
    expect([...cards.keys()]).toEqual(['load', 'reduce', 'merge', 'strange']);
    expect(cards.get('load')).toMatchObject({ inputs: [], callbacks: [], isKnown: true, isResult: false });
    expect(cards.get('merge')?.inputs.map(({ label }) => label)).toEqual(['cube1', 'cube2']);
    expect(cards.get('reduce')?.callbacks).toEqual([{ argument: 'reducer', label: 'reducer', count: 1 }]);
    expect(cards.get('strange')).toMatchObject({ isKnown: false, isResult: true });
    expect(cards.get('strange')?.inputs.map(({ label }) => label)).toEqual(['cubes[0]', 'cubes[1]']);
    expect(edges).toContainEqual({ from: 'merge', to: 'strange', argument: 'cubes/0' });
  });

  it('tells the faults of a node and of what is inside it', () => {
    const model = modelOf(graph);
    model.setArgument(['reduce', 'reducer', 'mean1'], 'data', { from_node: 'nobody' });
    const { cards } = pictureOf(model, []);
    expect(cards.get('reduce')?.faults.map(({ path }) => path)).toEqual([['reduce', 'reducer', 'mean1']]);
    expect(cards.get('merge')?.faults.map(({ argument }) => argument)).toEqual(['cube2']);
    expect(cards.get('strange')?.faults.map(({ code }) => code)).toEqual(['ProcessUnsupported']);
  });

  it('shows the graph inside a node, with the parameters it takes', () => {
    const { cards } = pictureOf(modelOf(graph), ['reduce', 'reducer']);
    expect([...cards.keys()]).toEqual(['mean1']);
    expect(cards.get('mean1')?.inputs).toEqual([{ argument: 'data', label: 'data', parameter: 'data' }]);
  });

  it('keeps the objects of cards that are as before', () => {
    const model = modelOf(graph);
    const before = pictureOf(model, []).cards;
    model.setArgument(['load'], 'id', 'S1');
    model.disconnect(['merge'], 'cube1');
    const after = pictureOf(model, [], before).cards;
    expect(after.get('reduce')).toBe(before.get('reduce'));
    expect(after.get('merge')).not.toBe(before.get('merge'));
  });
});

it('existingLevel leaves a graph that is gone', () => {
  const model = modelOf(graph);
  expect(existingLevel(model, ['reduce', 'reducer'])).toEqual(['reduce', 'reducer']);
  model.removeCallback(['reduce'], 'reducer');
  expect(existingLevel(model, ['reduce', 'reducer'])).toEqual([]);
});

describe('the layout', () => {
  const { cards, edges } = pictureOf(modelOf(graph), []);

  it('goes from left to right, and lays no card on another', () => {
    const places = arranged(cards, edges);
    for (const { from, to } of edges) {
      expect(places.get(to)?.x).toBeGreaterThanOrEqual((places.get(from)?.x ?? Infinity) + 190);
    }
  });

  it('leaves nodes where they were put, and puts others behind their sources', () => {
    const put = new Map([
      ['load', { x: 5, y: 7 }],
      ['reduce', { x: 400, y: 7 }],
      ['merge', { x: 700, y: 7 }]
    ]);
    const places = placedCards(cards, edges, put);
    expect(places.get('load')).toEqual({ x: 5, y: 7 });
    expect(places.get('strange')).toEqual({ x: 700 + 190 + 70, y: 7 });
    put.set('merge', { x: 5, y: 20 });
    put.delete('reduce');
    const reduce = placedCards(cards, edges, put).get('reduce');
    expect(reduce).toEqual({ x: 265, y: 7 });
  });

  it('knows where inputs are', () => {
    const merge = cards.get('merge');
    expect(inputTop(1)).toBe(79);
    expect(merge && heightOf(merge)).toBe(98);
  });

  it('takes 200 nodes within a fraction of a second', () => {
    const many = Object.fromEntries(
      Array.from({ length: 200 }, (_, i) => [
        `n${i}`,
        { process_id: 'merge_cubes', arguments: i ? { cube1: { from_node: `n${Math.floor(i / 2)}` } } : {} }
      ])
    );
    const picture = pictureOf(modelOf(many), []);
    expect(arranged(picture.cards, picture.edges).size).toBe(200);
  });
});
