import { readFileSync } from 'node:fs';

import { expect, it } from 'vitest';

import type { ISelection } from '../host';
import { type Kind, kindsFor, snippet } from '../models/snippets';

interface ICase {
  selection: ISelection;
  kind: Kind;
  root_url: string | null;
  code: string;
}

// Vitest runs in the folder of the lab extension; the Python tests hold the same cases against their own function.
const cases = JSON.parse(readFileSync('../tests/widgets/snippet_cases.json', 'utf8')) as ICase[];

it.each(cases)('gives the code that Python gives: $kind of $selection.collection at $root_url', one => {
  expect(snippet(one.selection, one.kind, one.root_url)).toBe(one.code);
});

it('offers the kinds of code that a collection can do', () => {
  expect(kindsFor(['openeo', 'items', 'coverage', 'opendap', 'tiles'], true)).toEqual(['openeo', 'stac', 'xarray', 'dap']);
  expect(kindsFor(['openeo'], false)).toEqual(['openeo', 'xarray']);
  expect(kindsFor(['items'], false)).toEqual(['stac']);
  expect(kindsFor([], false)).toEqual([]);
});
