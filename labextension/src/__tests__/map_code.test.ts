import { describe, expect, it } from 'vitest';

import { bandsToShow, lastDay, mapCode, pythonOf } from '../models/map_code';

const weather = {
  id: 'weather',
  title: 'The weather',
  'cube:dimensions': {
    lon: { type: 'spatial', axis: 'x' },
    time: { type: 'temporal', values: ['2024-01-30T00:00:00Z', '2024-01-31T12:00:00Z'] },
    variable: { type: 'bands', values: ['temperature', 'rain'] }
  }
};

describe('mapCode', () => {
  it('shows the first band of a collection on its last day', () => {
    expect(mapCode({ collection: weather, tiles: '', home: [1, 2, 3, 4] })).toBe(
      [
        'import gdc_jupyter as gdc',
        '',
        'con = gdc.connect()',
        'area = gdc.BBoxMap(collection=con.describe_collection("weather"))',
        'area.add_layer(',
        '    con.load_collection("weather", temporal_extent=["2024-01-31", "2024-02-01"], bands=["temperature"]),',
        '    "The weather",',
        '    colormap="viridis",',
        ')',
        'area'
      ].join('\n')
    );
  });

  it('shows what was selected of a collection of another back-end', () => {
    const selection = { collection: 'S2', bbox: [1, 2, 3, 4], datetime: ['2024-01-01', null], bands: ['B04'] } as const;
    const code = mapCode({ selection, title: 'Red', url: 'https://other.example/', tiles: 'https://t.example/{z}' });
    expect(code).toContain('con = gdc.connect("https://other.example/")');
    expect(code).toContain('bbox=(1, 2, 3, 4), connection=con, tiles="https://t.example/{z}")');
    expect(code).toContain(
      'spatial_extent={"west": 1, "south": 2, "east": 3, "north": 4}, temporal_extent=["2024-01-01", None], bands=["B04"])'
    );
  });

  it('shows no layer of vectors, and a map alone at home', () => {
    const fields = { id: 'fields', 'cube:dimensions': { geometry: { type: 'geometry' } } };
    expect(mapCode({ collection: fields })).not.toContain('add_layer');
    expect(mapCode({ home: [5.9, 45.8, 10.5, 47.8] })).toBe(
      'import gdc_jupyter as gdc\n\narea = gdc.BBoxMap()\narea.fit((5.9, 45.8, 10.5, 47.8))\narea'
    );
  });

  it('shows jobs and processes', () => {
    expect(mapCode({ job: 'a-1', title: 'NDVI' })).toContain('area.add_layer(con.job("a-1"), "NDVI")');
    const process = { process_graph: { add: { process_id: 'add', arguments: { x: true, y: null }, result: true } } };
    expect(mapCode({ process, title: 'a "b"' })).toContain(
      '    {"add": {"process_id": "add", "arguments": {"x": True, "y": None}, "result": True}},\n    "a \\"b\\"",'
    );
  });
});

describe('what makes sense to show', () => {
  it('is red, green and blue where there are such bands', () => {
    const names = { type: 'bands', values: ['B02', 'B03', 'B04', 'B08'] };
    const bands = [
      { name: 'B02', 'eo:common_name': 'blue' },
      { name: 'B03', 'eo:common_name': 'green' },
      { name: 'B04', 'eo:common_name': 'red' }
    ];
    expect(bandsToShow({ 'cube:dimensions': { bands: names }, summaries: { bands } })).toEqual(['B04', 'B03', 'B02']);
    expect(bandsToShow({ 'cube:dimensions': { bands: names } })).toEqual(['B02']);
    expect(bandsToShow({})).toEqual([]);
  });

  it('is the last day that there is', () => {
    expect(lastDay({ 'cube:dimensions': { t: { type: 'temporal', extent: ['2020-01-01', '2020-12-31'] } } })).toEqual([
      '2020-12-31',
      '2021-01-01'
    ]);
    expect(lastDay({ 'cube:dimensions': { t: { type: 'temporal', extent: ['2020-01-01', null] } } })).toBeNull();
    expect(lastDay({})).toBeNull();
  });
});

it('pythonOf escapes texts', () => {
  expect(pythonOf('a"\n\\')).toBe('"a\\"\\n\\\\"');
});
