import { cleanup, render, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import axe from 'axe-core';
import React from 'react';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { BackendError } from '../backend/backend';
import { CollectionBrowser } from '../components/collections/collection_browser';
import { HostContext, type IHost } from '../host';
import { type IChoice, NO_CHOICE } from '../models/choice';
import type { JsonRecord } from '../reading';
import { englishWords } from '../translation';
import { type Answers, FakeBackend, OPENEO_LANDING } from './fake_backend';

const S2 = {
  id: 'S2',
  title: 'Sentinel-2',
  description: '<script>window.attacked = 1</script> *Optical*',
  license: 'CC0-1.0',
  keywords: ['optical'],
  bands: [{ name: 'B04', 'eo:common_name': 'red' }, { name: '<i>B8</i>' }],
  extent: { spatial: { bbox: [[5, 45, 10, 50]] }, temporal: { interval: [['2020-01-01T00:00:00Z', '2020-12-31T00:00:00Z']] } },
  links: [
    { rel: 'items', href: 'https://a.example.org/collections/S2/items' },
    { rel: 'license', href: 'javascript:alert(1)', title: 'A licence' }
  ]
};
const RADAR = { id: 'S1', title: '<img src=x onerror="window.attacked = 1">' };
const ITEM = { id: 'i1', properties: { datetime: '2020-06-01T10:00:00Z', 'eo:cloud_cover': 12.34 }, geometry: null, bbox: [5, 45, 6, 46] };

const TABLE: Answers = {
  '': OPENEO_LANDING,
  collections: { collections: [RADAR, S2] },
  'collections/S2': S2,
  'collections/S1': RADAR,
  'collections/S2/items': { features: [ITEM], numberMatched: 1 }
};

interface ISetup {
  backend: FakeBackend;
  choices: IChoice[];
  inserted: [string, string][];
  items: JsonRecord[][];
}

function show(answers: Answers = TABLE, takesCode = true): ISetup {
  const setup: ISetup = { backend: new FakeBackend('a', { ...answers }), choices: [], inserted: [], items: [] };
  const backends = [setup.backend];
  const host: IHost = {
    trans: englishWords,
    insertCode: (code, origin) => {
      setup.inserted.push([code, origin]);
      return Promise.resolve(takesCode);
    }
  };
  function Place(): React.JSX.Element {
    const [choice, setChoice] = React.useState(NO_CHOICE);
    return (
      <HostContext.Provider value={host}>
        <CollectionBrowser
          backends={backends}
          own={[]}
          choice={choice}
          onChoice={next => {
            setup.choices.push(next);
            setChoice(next);
          }}
          origin="test"
          onItems={features => setup.items.push(features)}
        />
      </HostContext.Provider>
    );
  }
  render(<Place />);
  return setup;
}

beforeEach(() => {
  // The virtual list draws what fits, and nothing has a size here.
  vi.spyOn(Element.prototype, 'clientHeight', 'get').mockReturnValue(400);
  vi.spyOn(Element.prototype, 'clientWidth', 'get').mockReturnValue(300);
  HTMLElement.prototype.scrollTo = () => undefined;
});

afterEach(() => {
  cleanup();
  vi.restoreAllMocks();
});

function row(options: { name?: RegExp; selected?: boolean }): HTMLElement {
  return within(screen.getByRole('listbox', { name: 'Collections' })).getByRole('option', options);
}

async function serious(): Promise<string[]> {
  const { violations } = await axe.run(document.body, { rules: { 'color-contrast': { enabled: false }, region: { enabled: false } } });
  return violations.filter(({ impact }) => impact === 'serious' || impact === 'critical').map(({ id, nodes }) => `${id} ${nodes[0]?.html ?? ''}`);
}

it('finds, picks and inserts a part of a collection by keyboard alone', { timeout: 20_000 }, async () => {
  const user = userEvent.setup();
  const setup = show();
  await screen.findByText('2 collections');
  await user.click(screen.getByRole('searchbox', { name: 'Search collections' }));
  await user.keyboard('optical');
  await screen.findByText('1 of 2 collections');
  await user.keyboard('{ArrowDown}{Enter}');
  const details = await screen.findByRole('article', { name: 'Sentinel-2' });
  expect(row({ selected: true }).textContent).toContain('S2');
  expect(within(details).getByText('<script>window.attacked = 1</script>', { exact: false })).toBeTruthy();

  await user.type(screen.getByRole('textbox', { name: 'West' }), '6');
  expect(screen.getByText('Fill in all four edges, in degrees.')).toBeTruthy();
  for (const [edge, text] of [['South', '46'], ['East', '7'], ['North', '47']] as const) {
    await user.type(screen.getByRole('textbox', { name: edge }), text);
  }
  await user.click(screen.getByRole('checkbox', { name: 'B04 red' }));
  expect(setup.choices.at(-1)).toEqual({ source: 'a', collection: 'S2', bbox: [6, 46, 7, 47], datetime: null, bands: ['B04'] });
  await user.selectOptions(screen.getByRole('combobox', { name: 'Preset' }), 'Last 30 days of data');
  expect(setup.choices.at(-1)?.datetime).toEqual(['2020-12-02', '2021-01-01']);

  await user.click(screen.getByRole('button', { name: 'Insert code' }));
  expect((await screen.findAllByText('The code is in the notebook.')).length).toBeGreaterThan(0);
  expect(setup.inserted[0]?.[0]).toContain('openeo.connect("https://a.example.org")');
  expect(setup.inserted[0]?.[0]).toContain('"west": 6.0');
  expect(await serious()).toEqual([]);
});

it('shows items, their dates and what they tell of availability', async () => {
  const user = userEvent.setup();
  const setup = show();
  await user.click(await screen.findByRole('option', { name: /Sentinel-2/ }));
  await screen.findByText('12.3 % cloud');
  expect(setup.items.at(-1)).toEqual([
    {
      type: 'Feature',
      id: 'i1',
      geometry: null,
      bbox: [5, 45, 6, 46],
      properties: { datetime: '2020-06-01T10:00:00Z', date: '2020-06-01', title: '' }
    }
  ]);
  await screen.findByRole('img', { name: /Availability over time.*1 item/ });
  await user.click(screen.getByRole('button', { name: 'Choose the date 2020-06-01' }));
  expect(setup.choices.at(-1)?.datetime).toEqual(['2020-06-01', '2020-06-02']);
});

it('has the code to be copied where no notebook takes it', async () => {
  const user = userEvent.setup();
  show(TABLE, false);
  await user.click(await screen.findByRole('option', { name: /Sentinel-2/ }));
  await user.click(await screen.findByRole('button', { name: 'Insert code' }));
  expect((await screen.findAllByText('There is no notebook that takes the code: copy it.')).length).toBeGreaterThan(0);
  expect(screen.getByRole('region', { name: 'Code of the selection' }).textContent).toContain('con.load_collection("S2")');
});

it('filters by what is ticked, and clears that', async () => {
  const user = userEvent.setup();
  show();
  await screen.findByText('2 collections');
  await user.click(screen.getByRole('button', { name: 'Filters' }));
  await user.click(screen.getByRole('checkbox', { name: /B04/ }));
  await screen.findByText('1 of 2 collections');
  expect(await serious()).toEqual([]);
  await user.click(screen.getByRole('button', { name: 'Clear filters' }));
  await screen.findByText('2 collections');
});

it('takes no markup and no scripts from metadata', async () => {
  const user = userEvent.setup();
  show();
  await user.click(await screen.findByRole('option', { name: /<img src=x/ }));
  await screen.findByRole('article', { name: RADAR.title });
  await user.click(screen.getByRole('option', { name: /Sentinel-2/ }));
  await screen.findByRole('article', { name: 'Sentinel-2' });
  expect(document.querySelectorAll('article img, article script, article i, [role=option] img')).toHaveLength(0);
  expect(document.querySelectorAll('a[href^="javascript"]')).toHaveLength(0);
  expect('attacked' in window).toBe(false);
});

it('says what is wrong and what to do, and goes on', async () => {
  const user = userEvent.setup();
  const { backend } = show({ ...TABLE, collections: new BackendError('offline', 'gone') });
  const alert = await screen.findByRole('alert');
  expect(alert.textContent).toContain('Server a does not answer.');
  expect(await serious()).toEqual([]);
  backend.answers.collections = TABLE.collections;
  await user.click(within(alert).getByRole('button', { name: 'Try again' }));
  await screen.findByText('2 collections');
  await waitFor(() => {
    expect(screen.queryByRole('alert')).toBeNull();
  });
});

it('keeps what the list tells where the description fails', async () => {
  const user = userEvent.setup();
  show({ ...TABLE, 'collections/S2': new BackendError('failed', 'Internal error', 500) });
  await user.click(await screen.findByRole('option', { name: /Sentinel-2/ }));
  expect((await screen.findByRole('alert')).textContent).toContain('Internal error');
  expect(screen.getByRole('checkbox', { name: 'B04 red' })).toBeTruthy();
});
