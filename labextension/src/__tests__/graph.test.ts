import { describe, expect, it } from 'vitest';

import { GraphModel } from '../models/graph';
import { edgesOf, EditRefused, graphAt, nodeAt, orderOf } from '../models/graph_document';
import { graphOf, keyOf, type NodePath, pathOfKey, pointerTo, withValueAt } from '../models/graph_paths';
import { outlineRows } from '../models/outline';
import { CATALOG, NDVI } from './graph_samples';

const opened = (source: unknown = NDVI): GraphModel => {
  const model = new GraphModel(source);
  model.processes = CATALOG;
  return model;
};

/** Numbers that are the same at each run (Park and Miller's generator). */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return below => {
    state = (state * 48271) % 2147483647;
    return state % below;
  };
}

describe('paths', () => {
  it('are kept by their keys, whatever ids are called', () => {
    const path = ['a/b', 'properties~/eo:cloud', '', 'x~1'];
    expect(pathOfKey(keyOf(path))).toEqual(path);
  });

  it('replace, add and remove parts of values, and share the others', () => {
    const value = { list: [1, { a: 2 }], other: { b: 3 } };
    const changed = withValueAt(value, ['list', '1', 'a'], 5) as typeof value;
    expect(changed).toEqual({ list: [1, { a: 5 }], other: { b: 3 } });
    expect(changed.other).toBe(value.other);
    expect(withValueAt(value, ['list', '0'], undefined)).toEqual({ list: [{ a: 2 }], other: { b: 3 } });
    expect(withValueAt({}, ['properties', 'eo:cloud_cover'], 1)).toEqual({ properties: { 'eo:cloud_cover': 1 } });
  });
});

describe('a graph', () => {
  it('gives back what it was given, in the same order', () => {
    const odd = {
      zebra: 1,
      process_graph: {
        second: { process_id: 'nobody_knows', arguments: { b: [{ from_node: 'first' }], a: null }, 'x-note': '<b>' },
        first: { process_id: 'add', namespace: 'https://elsewhere.example', arguments: { y: 2, x: 1e300 } }
      },
      links: [],
      apple: [[]]
    };
    for (const source of [NDVI, odd]) {
      expect(JSON.stringify(opened(JSON.stringify(source)).document)).toBe(JSON.stringify(source));
    }
    expect(opened({ title: 'A job', process: NDVI }).document).toEqual(NDVI);
    expect(opened(NDVI.process_graph).document).toEqual({ process_graph: NDVI.process_graph });
    expect(() => opened('{"a": ')).toThrow(EditRefused);
    expect(() => opened({ a: 1 })).toThrow('no process graph');
  });

  it('is in an order in which each node follows those that it needs', () => {
    const { process_graph: graph } = opened().document;
    expect(orderOf({ reduce: graph.reduce, index: graph.index, load: graph.load })).toEqual(['load', 'index', 'reduce']);
    expect(edgesOf(graph)).toEqual([
      { from: 'load', to: 'index', argument: 'data' },
      { from: 'index', to: 'reduce', argument: 'data' }
    ]);
    expect(pathsOf(opened()).map(keyOf)).toEqual(['load', 'index', 'reduce', 'reduce/reducer/mean1']);
    const circle = { a: { arguments: { x: { from_node: 'b' } } }, b: { arguments: { x: { from_node: 'a' } } } };
    expect([...orderOf(circle)].sort()).toEqual(['a', 'b']);
  });

  it('grows by nodes that take in the result before, and the parameters of a callback', () => {
    const model = opened({});
    const load = model.addNode([], 'load_collection');
    const reduce = model.addNode([], 'reduce_dimension', 'load_collection1');
    const mean = model.addNode([...reduce, 'reducer'], 'mean');
    expect(load).toEqual(['load_collection1']);
    expect(model.selection).toEqual(mean);
    expect(nodeAt(model.document, reduce)).toMatchObject({ arguments: { data: { from_node: 'load_collection1' } }, result: true });
    expect(nodeAt(model.document, load)).not.toHaveProperty('result');
    expect(nodeAt(model.document, mean)).toEqual({
      process_id: 'mean',
      arguments: { data: { from_parameter: 'data' } },
      result: true
    });
  });

  it('tells which arguments are empty after a node is gone', () => {
    const model = opened();
    model.select(['index']);
    expect(model.removeNode(['index'])).toEqual([{ from: 'index', to: 'reduce', argument: 'data' }]);
    expect(nodeAt(model.document, ['reduce'])).not.toHaveProperty('arguments.data');
    expect(model.selection).toEqual(['reduce']);
    model.removeNode(['reduce', 'reducer', 'mean1']);
    expect(model.selection).toEqual(['reduce']);
    expect(graphAt(model.document, ['reduce', 'reducer'])).toEqual({});
  });

  it('renames nodes together with references, places and the selection', () => {
    const model = opened();
    model.setPositions(new Map([['reduce/reducer/mean1', { x: 1, y: 2.4 }]]));
    model.select(['reduce', 'reducer', 'mean1']);
    model.renameNode(['reduce'], 'over/time');
    expect(model.selection).toEqual(['over/time', 'reducer', 'mean1']);
    expect(model.positions.get(keyOf(['over/time', 'reducer', 'mean1']))).toEqual({ x: 1, y: 2 });
    expect(Object.keys(model.process)).toEqual(Object.keys(NDVI));
    model.renameNode(['load'], 'loaded');
    expect(nodeAt(model.document, ['index'])).toMatchObject({ arguments: { data: { from_node: 'loaded' } } });
    expect(Object.keys(model.document.process_graph)).toEqual(['loaded', 'index', 'over/time']);
    expect(() => model.renameNode(['loaded'], 'index')).toThrow(EditRefused);
  });

  it('moves nodes only where they do not need each other', () => {
    const model = opened();
    model.addNode([], 'load_collection');
    expect(() => {
      model.moveNode(['index'], -1);
    }).toThrow("'index' uses the result of 'load'");
    model.moveNode(['load_collection1'], -1);
    expect(orderOf(model.document.process_graph)).toEqual(['load', 'index', 'load_collection1', 'reduce']);
  });

  it('refuses connections that would be circles', () => {
    const model = opened();
    expect(() => {
      model.connect(['load'], 'id', 'reduce');
    }).toThrow(EditRefused);
    model.connect(['reduce'], 'data', 'load');
    expect(edgesOf(model.document.process_graph)).toContainEqual({ from: 'load', to: 'reduce', argument: 'data' });
  });

  it('makes one step of what is typed into a field', () => {
    const model = opened();
    for (const text of ['B', 'B0', 'B08']) {
      model.setArgument(['index'], 'nir', text, { run: 'index#nir' });
    }
    model.endRun();
    model.setArgument(['index'], 'nir', 'B8A', { run: 'index#nir' });
    model.undo();
    expect(nodeAt(model.document, ['index'])).toMatchObject({ arguments: { nir: 'B08' } });
    model.undo();
    expect(model.document).toEqual(NDVI);
    expect(model.canUndo).toBe(false);
    model.redo();
    expect(nodeAt(model.document, ['index'])).toMatchObject({ arguments: { nir: 'B08' } });
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8])('gives each earlier document back by undo, and the later ones by redo (%i)', seed => {
    const random = numbers(seed * 7919);
    const model = opened();
    const steps = [JSON.stringify(model.document)];
    for (let count = 0; count < 60; count += 1) {
      operate(model, random);
      if (JSON.stringify(model.document) !== steps.at(-1)) {
        steps.push(JSON.stringify(model.document));
      }
    }
    expect(steps.length).toBeGreaterThan(20);
    const back = steps.slice(0, -1).map(() => (model.undo(), JSON.stringify(model.document)));
    expect(back).toEqual(steps.slice(0, -1).reverse());
    expect(model.canUndo).toBe(false);
    const forth = back.map(() => (model.redo(), JSON.stringify(model.document)));
    expect(forth).toEqual(steps.slice(1));
    expect(model.canRedo).toBe(false);
  });
});

/** The paths of all nodes, each before those in its callbacks. */
function pathsOf(model: GraphModel): NodePath[] {
  return outlineRows(model, new Set()).filter(row => !row.isGraph).map(row => row.path);
}

/** Do one thing to a graph; what it refuses is done to nothing. */
function operate(model: GraphModel, random: (below: number) => number): void {
  const names = ['load_collection', 'reduce_dimension', 'mean', 'add', 'not_known'];
  const paths = pathsOf(model);
  const path = paths[random(Math.max(paths.length, 1))] ?? model.addNode([], 'add');
  const graph = graphOf(path);
  const siblings = Object.keys(graphAt(model.document, graph));
  const before = JSON.stringify(model.document);
  const set = (argument: string, value: unknown): void => {
    model.setArgument(path, argument, value);
  };
  const operations: (() => unknown)[] = [
    () => model.addNode(graph, names[random(names.length)] ?? 'add', path.at(-1)),
    () => model.removeNode(path),
    () => model.renameNode(path, `n/${random(30)}`),
    () => model.duplicateNode(path),
    () => { model.moveNode(path, random(2) ? 1 : -1); },
    () => { set(pointerTo('x', random(3)), [random(9), { from_node: siblings[0] }]); },
    () => { model.connect(path, 'data', siblings[random(siblings.length)] ?? ''); },
    () => { model.setResult(path); },
    () => model.addCallback(path, 'reducer'),
    () => { model.setPositions(new Map([[keyOf(path), { x: random(500), y: random(500) }]])); },
    () => { model.setField('summary', random(2) ? `No. ${random(9)}` : undefined); },
    () => { set('data', undefined); }
  ];
  try {
    operations[random(operations.length)]?.();
  } catch (error) {
    expect(error).toBeInstanceOf(EditRefused);
    expect(JSON.stringify(model.document)).toBe(before);
  }
  for (const { path: place } of model.faults) {
    expect(place.length % 2 === 0 || nodeAt(model.document, place)).toBeTruthy();
  }
}
