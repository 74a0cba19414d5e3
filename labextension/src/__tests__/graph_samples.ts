/** Descriptions of processes and a graph, for the tests of graphs. */
import { ProcessCatalog, readProcess } from '../models/processes';

const CUBE = { type: 'object', subtype: 'datacube' };
const ANY = {};
const CONTEXT = { name: 'context', description: '', schema: ANY, optional: true, default: null };

const number = (name: string): object => ({ name, description: '', schema: { type: ['number', 'null'] } });
const reducer = {
  name: 'reducer',
  description: 'What makes one value of many.',
  schema: {
    type: 'object',
    subtype: 'process-graph',
    parameters: [{ name: 'data', description: '', schema: { type: 'array', items: ANY } }, CONTEXT]
  }
};

export const DESCRIPTIONS = [
  {
    id: 'load_collection',
    summary: 'Load a collection',
    description: 'Loads a collection by its id.',
    categories: ['cubes', 'import'],
    parameters: [
      { name: 'id', description: '', schema: { type: 'string', subtype: 'collection-id', pattern: '^[\\w\\-\\.~/]+$' } },
      {
        name: 'spatial_extent',
        description: '',
        schema: [
          {
            type: 'object',
            subtype: 'bounding-box',
            required: ['west', 'south', 'east', 'north'],
            properties: { west: { type: 'number' }, south: { type: 'number' }, crs: { type: 'integer', minimum: 1000 } }
          },
          { type: 'object', subtype: 'geojson' },
          { type: 'null' }
        ]
      },
      {
        name: 'temporal_extent',
        description: '',
        schema: [
          {
            type: 'array',
            subtype: 'temporal-interval',
            minItems: 2,
            maxItems: 2,
            items: { anyOf: [{ type: 'string', format: 'date-time' }, { type: 'string', format: 'date' }, { type: 'null' }] }
          },
          { type: 'null' }
        ]
      },
      {
        name: 'bands',
        description: '',
        schema: [{ type: 'array', minItems: 1, items: { type: 'string', subtype: 'band-name' } }, { type: 'null' }],
        optional: true,
        default: null
      },
      {
        name: 'properties',
        description: '',
        schema: {
          type: 'object',
          subtype: 'metadata-filter',
          additionalProperties: {
            type: 'object',
            subtype: 'process-graph',
            parameters: [{ name: 'value', description: '', schema: ANY }]
          }
        },
        optional: true,
        default: null
      }
    ],
    returns: { description: '', schema: CUBE }
  },
  {
    id: 'reduce_dimension',
    summary: 'Reduce a dimension',
    description: 'Makes one value of all along a dimension.',
    categories: ['cubes', 'reducer'],
    parameters: [
      { name: 'data', description: 'A cube.', schema: CUBE },
      reducer,
      { name: 'dimension', description: '', schema: { type: 'string' } },
      CONTEXT
    ],
    returns: { description: '', schema: CUBE }
  },
  {
    id: 'ndvi',
    summary: 'Normalized Difference Vegetation Index',
    description: '',
    categories: ['cubes', 'math > indices'],
    parameters: [
      { name: 'data', description: '', schema: CUBE },
      { name: 'nir', description: '', schema: { type: 'string' }, optional: true, default: 'nir' },
      { name: 'red', description: '', schema: { type: 'string' }, optional: true, default: 'red' }
    ],
    returns: { description: '', schema: CUBE }
  },
  {
    id: 'mean',
    summary: 'The mean',
    description: 'The arithmetic mean of an array.',
    categories: ['math', 'reducer'],
    parameters: [
      { name: 'data', description: '', schema: { type: 'array', items: { type: ['number', 'null'] } } },
      { name: 'ignore_nodata', description: '', schema: { type: 'boolean' }, optional: true, default: true }
    ],
    returns: { description: '', schema: { type: 'number' } }
  },
  {
    id: 'add',
    summary: 'Addition',
    description: '',
    categories: ['math'],
    parameters: [number('x'), number('y')],
    returns: { description: '', schema: { type: 'number' } }
  },
  {
    id: 'resample_spatial',
    summary: 'Resample and warp',
    description: '',
    categories: ['cubes'],
    parameters: [
      { name: 'data', description: '', schema: CUBE },
      { name: 'resolution', description: '', schema: { type: 'number', minimum: 0 }, optional: true, default: 0 },
      { name: 'method', description: '', schema: { type: 'string', enum: ['near', 'cubic'] }, optional: true, default: 'near' }
    ],
    returns: { description: '', schema: CUBE },
    deprecated: true
  }
];

export const CATALOG = new ProcessCatalog(DESCRIPTIONS.flatMap(raw => readProcess(raw) ?? []));

export const NDVI = {
  id: 'greenness',
  summary: 'How green it is',
  'x-own': { kept: [1, 2, 3] },
  process_graph: {
    load: {
      process_id: 'load_collection',
      arguments: {
        id: 'S2_ALPS',
        spatial_extent: { west: 11.3, south: 46.4, east: 11.4, north: 46.5 },
        temporal_extent: ['2022-06-01', '2022-07-01'],
        bands: ['B04', 'B08']
      }
    },
    index: { process_id: 'ndvi', arguments: { data: { from_node: 'load' }, nir: 'B08', red: 'B04' } },
    reduce: {
      process_id: 'reduce_dimension',
      description: 'Over time.',
      arguments: {
        data: { from_node: 'index' },
        dimension: 't',
        reducer: {
          process_graph: { mean1: { process_id: 'mean', arguments: { data: { from_parameter: 'data' } }, result: true } }
        }
      },
      result: true
    }
  }
};
