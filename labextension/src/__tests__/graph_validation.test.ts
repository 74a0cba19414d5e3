import { describe, expect, it } from 'vitest';

import { GraphModel } from '../models/graph';
import { EditRefused } from '../models/graph_document';
import { cutAt, withParameters } from '../models/graph_parts';
import { outlineRows } from '../models/outline';
import { ProcessCatalog, readProcess } from '../models/processes';
import { problemOf } from '../models/schema_check';
import { readServerFaults } from '../models/validation';
import { alternativesOf, kindOf } from '../models/value_kinds';
import { CATALOG, NDVI } from './graph_samples';

const opened = (graph: object = NDVI): GraphModel => {
  const model = new GraphModel(graph);
  model.processes = CATALOG;
  return model;
};

const told = (model: GraphModel): string[] =>
  model.faults.map(({ path, argument, message }) => `${path.join('/')}${argument ? `#${argument}` : ''}: ${message}`);

describe('the faults of a graph', () => {
  it('are none where all is right', () => {
    expect(told(opened())).toEqual([]);
  });

  it('are told at their node and argument', () => {
    const model = opened();
    model.setArgument(['load'], 'id', 'no blanks');
    model.setArgument(['load'], 'spatial_extent', { west: 'x', south: 1, east: 2, north: 3 });
    model.setArgument(['load'], 'temporal_extent', ['2022-06-31', null]);
    model.setArgument(['index'], 'blue', 'B02');
    model.setArgument(['reduce'], 'dimension', undefined);
    model.setArgument(['reduce'], 'data', { from_node: 'gone' });
    model.setArgument(['reduce', 'reducer', 'mean1'], 'data', { from_parameter: 'x' });
    expect(told(model)).toEqual([
      'load#id: This is written as ^[\\w\\-\\.~/]+$.',
      'load#spatial_extent: west: This wants a number, and not a text.',
      'load#temporal_extent: Entry 1: This is a time such as 2022-06-30T12:00:00Z.',
      "index#blue: The process has no parameter 'blue'.",
      'reduce#dimension: This is needed.',
      "reduce#data: There is no node 'gone' in this graph.",
      "reduce/reducer/mean1#data: There is no parameter 'x' here; there are: data, context."
    ]);
  });

  it('include unknown processes, circles, and graphs without a result or with two', () => {
    const a = { process_id: 'add', arguments: { x: { from_node: 'b' }, y: 1 }, result: true };
    const b = { process_id: 'add', arguments: { x: { from_node: 'a' }, y: 1 }, result: true };
    const messages = told(opened({ a, b, c: { process_id: 'magic', arguments: {} } })).join('\n');
    expect(messages).toContain('Only one node can be the result, and these are: a, b.');
    expect(messages.match(/This node needs its own result/g)).toHaveLength(2);
    expect(messages).toContain("c: The back-end has no process 'magic'.");
    expect(told(opened({ a: { process_id: 'add', arguments: { x: 1, y: 2 } } }))).toEqual([
      ': No node is marked as the result: choose which one is.'
    ]);
    expect(told(opened({}))).toEqual([': This graph has no nodes yet: add one.']);
  });

  it('of the back-end are told until their node changes, and once', () => {
    const model = opened();
    const errors = [
      { code: 'A', message: "load (load_collection), argument 'id': There is no such collection.", path: [{ node_id: 'load', parameter: 'id' }] },
      { code: 'B', message: 'Of the mean.', path: [{ node_id: 'mean1' }, { node_id: 'reduce' }] },
      { code: 'C', message: 'Of all.' },
      'nonsense'
    ];
    model.setServerFaults(model.document, readServerFaults({ errors }));
    expect(told(model)).toEqual(['load#id: There is no such collection.', 'reduce/reducer/mean1: Of the mean.', ': Of all.']);
    model.setArgument(['load'], 'id', 'S2');
    expect(told(model)).toEqual(['reduce/reducer/mean1: Of the mean.']);
    model.undo();
    expect(model.faults).toHaveLength(3);
  });

  it('of a thousand nodes are found between two keys', () => {
    const nodes = Array.from({ length: 1000 }, (_, index) => {
      const before = index ? { from_node: `n${index - 1}` } : 1;
      return [`n${index}`, { process_id: 'add', arguments: { x: before, y: index }, ...(index === 999 ? { result: true } : {}) }];
    });
    const model = opened(Object.fromEntries(nodes) as object);
    expect(model.faults).toEqual([]);
    const times = Array.from({ length: 7 }, (_, index) => {
      const start = performance.now();
      model.setArgument([`n${index * 100}`], 'y', index, { run: 'y' });
      expect(model.faults).toEqual([]);
      expect(outlineRows(model, new Set())).toHaveLength(1000);
      return performance.now() - start;
    });
    expect(Math.min(...times)).toBeLessThan(30);
  });
});

describe('values', () => {
  it.each([
    [1, [{ type: 'number', minimum: 2 }], 'This is at least 2.'],
    [1.5, [{ type: 'integer' }], 'This wants a whole number, and not a number.'],
    ['c', [{ type: 'string', enum: ['a', 'b'] }], 'This is one of: a, b.'],
    [[], [{ type: 'array', minItems: 1 }], 'This has at least one entry.'],
    [null, [{ type: 'string' }, { type: 'null' }], null],
    [{ from_node: 'a' }, [{ type: 'number' }], null],
    ['x', [{ type: 'object', subtype: 'datacube' }], 'This is the result of another node: choose which.'],
    [{ a: 1 }, [{ type: 'object', subtype: 'geojson' }], 'This is GeoJSON: an object with a type such as FeatureCollection.'],
    ['x', [{ type: 'string', pattern: '(' }], null],
    [['2022-02-01', '2022-01-01'], [{ type: 'array', subtype: 'temporal-interval' }], 'The start is after the end.']
  ])('%j as %j', (value, schemas, problem) => {
    expect(problemOf(value, schemas)).toBe(problem);
  });

  it('are edited in the way that suits them', () => {
    const extent = CATALOG.find('load_collection')?.parameters[1]?.schemas ?? [];
    const ways = alternativesOf(extent);
    expect(ways.map(({ kind }) => kind)).toEqual(['bbox', 'geojson', 'null']);
    expect(kindOf({ west: 1 }, ways)).toBe('bbox');
    expect(kindOf({ type: 'Point', coordinates: [] }, ways)).toBe('geojson');
    expect(kindOf(null, ways)).toBe('null');
    expect(kindOf({ from_parameter: 'x' }, ways)).toBe('parameter');
    expect(kindOf([1], ways)).toBe('json');
  });
});

describe('processes', () => {
  it('are found by their names first', () => {
    expect(CATALOG.search('load').map(({ id }) => id)).toEqual(['load_collection']);
    expect(CATALOG.search('MEAN')[0]?.id).toBe('mean');
    expect(CATALOG.search('vegetation index').map(({ id }) => id)).toEqual(['ndvi']);
    expect(CATALOG.search('reducer').map(({ id }) => id)).toEqual(['mean', 'reduce_dimension']);
    expect(CATALOG.search('nothing of this kind')).toEqual([]);
    expect(CATALOG.search('')).toHaveLength(6);
  });

  it('of before version 1.0, and odd ones, can be read', () => {
    const old = readProcess({
      id: 'filter',
      parameters: { second: { schema: { type: 'number' } }, first: { schema: { type: 'object', format: 'callback' }, required: true } },
      parameter_order: ['first', 'second']
    });
    expect(old?.parameters.map(({ name }) => name)).toEqual(['first', 'second']);
    expect(readProcess({ id: 'odd', parameters: [null, {}, { name: 'x' }], links: 'none' })?.parameters).toHaveLength(1);
    expect(readProcess({ parameters: [] })).toBeNull();
    expect(readProcess({ id: 'echo', jobControlOptions: [] })).toBeNull();
  });

  it('of the user are found by their namespace, and after those of the back-end', () => {
    const own = readProcess({ id: 'mean', parameters: [] }, 'user');
    const catalog = new ProcessCatalog([...CATALOG.all, ...(own ? [own] : [])]);
    expect(catalog.find('mean')?.namespace).toBeNull();
    expect(catalog.find('mean', 'user')?.namespace).toBe('user');
    expect(catalog.find('mean', 'https://elsewhere.example')).toBeNull();
  });
});

describe('parts of a graph', () => {
  it('end at a node', () => {
    const graph = cutAt(opened().document, ['index']);
    expect(Object.keys(graph)).toEqual(['load', 'index']);
    expect(graph.index).toMatchObject({ result: true });
    expect(() => cutAt(opened().document, ['reduce', 'reducer', 'mean1'])).toThrow(EditRefused);
  });

  it('have values in place of the parameters of the process, but not of those of callbacks', () => {
    const model = opened();
    model.setField('parameters', [
      { name: 'data', schema: {} },
      { name: 'red', schema: {}, optional: true, default: 'B04' }
    ]);
    model.setArgument(['index'], 'red', { from_parameter: 'red' });
    model.setArgument(['load'], 'bands', [{ from_parameter: 'data' }]);
    const graph = withParameters(model.document, { data: 'B08' }, CATALOG);
    expect(graph.index).toMatchObject({ arguments: { red: 'B04' } });
    expect(graph.load).toMatchObject({ arguments: { bands: ['B08'] } });
    expect(graph.reduce).toMatchObject({
      arguments: { reducer: { process_graph: { mean1: { arguments: { data: { from_parameter: 'data' } } } } } }
    });
    expect(() => withParameters(model.document, {}, CATALOG)).toThrow("The parameter 'data' needs a value.");
  });
});
