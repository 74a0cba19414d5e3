import { describe, expect, it } from 'vitest';

import { EditRefused } from '../models/graph_document';
import { readGraphFile } from '../models/graph_file';
import { pictureGraph } from '../models/preview';

const graph = { add: { process_id: 'add', arguments: { x: 1, y: 2 }, result: true } };
const other = { process_graph: { sub: { process_id: 'subtract', arguments: {}, result: true } } };

describe('readGraphFile', () => {
  it('reads a process, and writes another with the indentation of the file', () => {
    const file = readGraphFile(JSON.stringify({ id: 'sum', process_graph: graph }, null, 4));
    expect(file.document).toEqual({ id: 'sum', process_graph: graph });
    expect(file.write({ id: 'sum', ...other })).toBe(`${JSON.stringify({ id: 'sum', ...other }, null, 4)}\n`);
  });

  it('keeps what is around the process', () => {
    const job = { title: 'My job', process: { process_graph: graph }, plan: 'free' };
    const written = readGraphFile(JSON.stringify(job)).write({ ...other, summary: 'New' });
    expect(JSON.parse(written)).toEqual({ ...job, process: { ...other, summary: 'New' } });
  });

  it('leaves a bare graph bare until there is something beside it', () => {
    const file = readGraphFile(JSON.stringify(graph));
    expect(JSON.parse(file.write(other as never))).toEqual(other.process_graph);
    expect(JSON.parse(file.write({ ...other, summary: 'Two' }))).toEqual({ ...other, summary: 'Two' });
  });

  it('takes an empty file for a process without nodes', () => {
    expect(readGraphFile(' \n').document).toEqual({ process_graph: {} });
    expect(readGraphFile('').write(other as never)).toBe(`${JSON.stringify(other, null, 2)}\n`);
  });

  it('says what is wrong with any other text', () => {
    expect(() => readGraphFile('{"a": 1')).toThrow(EditRefused);
    expect(() => readGraphFile('[1]')).toThrow(new EditRefused('A process graph is a JSON object.'));
  });
});

describe('pictureGraph', () => {
  it('saves the result as a picture', () => {
    expect(pictureGraph(graph, false)).toEqual({
      add: { process_id: 'add', arguments: { x: 1, y: 2 } },
      save_result1: {
        process_id: 'save_result',
        arguments: { data: { from_node: 'add' }, format: 'PNG' },
        result: true
      }
    });
  });

  it('takes the place of another format, and can show the last date alone', () => {
    const save = { process_id: 'save_result', arguments: { data: { from_node: 'add' }, format: 'GTiff', options: { a: 1 } } };
    const made = pictureGraph({ add: { ...graph.add, result: false }, save: { ...save, result: true } }, true);
    expect(Object.keys(made)).toEqual(['add', 'reduce_dimension1', 'save_result1']);
    expect(made.save_result1).toEqual({
      process_id: 'save_result',
      arguments: { data: { from_node: 'reduce_dimension1' }, format: 'PNG' },
      result: true
    });
    expect(made.reduce_dimension1).toMatchObject({ arguments: { data: { from_node: 'add' }, dimension: 't' } });
  });

  it('keeps the options of a picture', () => {
    const save = { process_id: 'save_result', arguments: { data: { from_node: 'add' }, format: 'png', options: { max: 1 } } };
    const made = pictureGraph({ add: { ...graph.add, result: false }, save: { ...save, result: true } }, false);
    expect(made.save_result1).toMatchObject({ arguments: { format: 'PNG', options: { max: 1 } } });
  });
});
