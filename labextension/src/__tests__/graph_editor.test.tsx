import { cleanup, render, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import React from 'react';
import { afterEach, beforeEach, expect, it } from 'vitest';

import { GraphEditor } from '../components/graph/editor';
import { GraphModel } from '../models/graph';
import { nodeAt } from '../models/graph_document';
import { type Answers, FakeBackend } from './fake_backend';
import { DESCRIPTIONS, NDVI } from './graph_samples';

const TABLE: Answers = {
  processes: { processes: DESCRIPTIONS },
  collections: { collections: [{ id: 'S2_ALPS' }] },
  'collections/S2_ALPS': {
    id: 'S2_ALPS',
    'cube:dimensions': { t: { type: 'temporal' }, bands: { type: 'bands', values: ['B02', 'B04', 'B08'] } }
  },
  process_graphs: { processes: [] },
  jobs: { jobs: [{ id: 'j1', title: 'Old', status: 'finished', created: '2022-06-01T00:00:00Z' }] },
  'jobs/j1': { id: 'j1', process: { process_graph: { x: { process_id: 'add', arguments: { x: 1, y: 2 }, result: true } } } }
};

beforeEach(() => {
  Element.prototype.scrollIntoView = () => undefined;
});
afterEach(cleanup);

async function show(source: unknown = NDVI): Promise<GraphModel> {
  const model = new GraphModel(source);
  render(<GraphEditor model={model} backend={new FakeBackend('a', { ...TABLE })} />);
  await waitFor(() => {
    expect(model.processes.all).toHaveLength(DESCRIPTIONS.length);
  });
  return model;
}

const step = (name: RegExp): HTMLElement => screen.getByRole('treeitem', { name });

it('offers the bands of the collection behind a step', async () => {
  const model = await show();
  const user = userEvent.setup();
  await user.click(step(/^load/));
  const bands = await screen.findByRole('group', { name: 'bands' });
  await user.click(await within(bands).findByRole('checkbox', { name: 'B02' }));
  expect(nodeAt(model.document, ['load'])).toMatchObject({ arguments: { bands: ['B04', 'B08', 'B02'] } });
  await user.click(step(/^reduce,/));
  expect(screen.getByRole('combobox', { name: /^dimension/ }).getAttribute('list')).toBeTruthy();
});

it('keeps what is typed and is no JSON yet, and takes it over when it is', async () => {
  const model = await show();
  const user = userEvent.setup();
  await user.click(step(/^reduce,/));
  await user.selectOptions(screen.getByRole('combobox', { name: 'Kind of value of context' }), 'json');
  const area = (): HTMLTextAreaElement => screen.getByRole('textbox', { name: 'context' });
  await user.type(area(), '{{"a": [[1, 2');
  expect(screen.getByText(/^This is not JSON yet/)).toBeTruthy();
  expect(nodeAt(model.document, ['reduce'])).not.toHaveProperty('arguments.context');
  await user.click(step(/^load/));
  await user.click(step(/^reduce,/));
  await user.selectOptions(screen.getByRole('combobox', { name: 'Kind of value of context' }), 'json');
  expect(area().value).toBe('{"a": [1, 2');
  await user.type(area(), ']}');
  expect(nodeAt(model.document, ['reduce'])).toMatchObject({ arguments: { context: { a: [1, 2] } } });
});

it('changes the way in which a value is given', async () => {
  const model = await show();
  const user = userEvent.setup();
  await user.click(step(/^load/));
  const kind = screen.getByRole('combobox', { name: 'Kind of value of spatial_extent' });
  await user.selectOptions(kind, 'null');
  expect(nodeAt(model.document, ['load'])).toMatchObject({ arguments: { spatial_extent: null } });
  model.undo();
  expect(nodeAt(model.document, ['load'])).toMatchObject({ arguments: { spatial_extent: { west: 11.3 } } });
  await user.click(step(/^index/));
  const red = await screen.findByRole('combobox', { name: 'red' });
  await user.clear(red);
  await user.type(red, 'B05');
  expect(nodeAt(model.document, ['index'])).toMatchObject({ arguments: { red: 'B05' } });
  await user.keyboard('{Control>}z{/Control}');
  expect(nodeAt(model.document, ['index'])).toMatchObject({ arguments: { red: 'B04' } });
});

it('gives the process parameters, which steps can refer to', async () => {
  const model = await show();
  const user = userEvent.setup();
  await user.click(screen.getByRole('tab', { name: 'Process' }));
  await user.click(screen.getByRole('button', { name: 'Add a parameter' }));
  await user.clear(screen.getByRole('textbox', { name: 'Name' }));
  await user.type(screen.getByRole('textbox', { name: 'Name' }), 'red_band');
  await user.selectOptions(screen.getByRole('combobox', { name: 'Kind' }), 'Text');
  expect(model.document.parameters).toEqual([{ name: 'red_band', description: '', schema: { type: 'string' } }]);
  await user.click(screen.getByRole('tab', { name: 'Outline' }));
  await user.click(step(/^index/));
  await user.selectOptions(screen.getByRole('combobox', { name: 'Kind of value of red' }), 'parameter');
  await user.selectOptions(screen.getByRole('combobox', { name: 'red' }), 'red_band');
  expect(nodeAt(model.document, ['index'])).toMatchObject({ arguments: { red: { from_parameter: 'red_band' } } });
  expect(model.faults).toEqual([]);
});

it('takes over the process of a job, which is undone', async () => {
  const model = await show();
  const user = userEvent.setup();
  await user.click(screen.getByRole('button', { name: 'Import…' }));
  await user.selectOptions(await screen.findByRole('combobox', { name: 'A job' }), 'jobs/j1');
  await user.click(screen.getByRole('button', { name: 'Open' }));
  await waitFor(() => {
    expect(Object.keys(model.document.process_graph)).toEqual(['x']);
  });
  await user.click(screen.getByRole('button', { name: 'Undo' }));
  expect(model.document).toEqual(NDVI);
});
