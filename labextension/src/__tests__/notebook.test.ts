import type { Contents } from '@jupyterlab/services';
import { describe, expect, it, vi } from 'vitest';

import { COPY, tutorialPath, TUTORIALS } from '../notebook';

/** Files by folder, as a contents manager tells of them. */
function files(folders: Record<string, string[]>): {
  contents: Pick<Contents.IManager, 'get' | 'save'>;
  asked: string[];
  saved: string[];
} {
  const asked: string[] = [];
  const saved: string[] = [];
  const get = (path: string): Promise<Contents.IModel> => {
    asked.push(path);
    const names = folders[path];
    return names
      ? Promise.resolve({ content: names.map(name => ({ name })) } as Contents.IModel)
      : Promise.reject(new Error('404'));
  };
  const save = (path: string): Promise<Contents.IModel> => {
    saved.push(path);
    return Promise.resolve({ path } as Contents.IModel);
  };
  return { contents: { get, save }, asked, saved };
}

const load = (): Promise<unknown> => Promise.resolve({ cells: [] });

describe('tutorialPath', () => {
  it.each(TUTORIALS)('finds the notebook of the project at %s', async path => {
    const { contents, saved } = files({
      '': ['notebooks', '01-first-composite.ipynb'].filter(name => path.startsWith(name)),
      notebooks: ['01-first-composite.ipynb']
    });
    expect(await tutorialPath(contents, '', load)).toBe(path);
    expect(saved).toEqual([]);
  });

  it('puts a copy into the folder elsewhere', async () => {
    const { contents, saved } = files({ '': ['data'], data: [] });
    expect(await tutorialPath(contents, 'data', load)).toBe(`data/${COPY}`);
    expect(saved).toEqual([`data/${COPY}`]);
  });

  it('asks for no folder that is not there', async () => {
    const { contents, asked } = files({ '': [] });
    await tutorialPath(contents, '', load);
    expect(new Set(asked)).toEqual(new Set(['']));
  });

  it('leaves an earlier copy as it is', async () => {
    const { contents, saved } = files({ '': [COPY] });
    const unused = vi.fn(load);
    expect(await tutorialPath(contents, '', unused)).toBe(COPY);
    expect(saved).toEqual([]);
    expect(unused).not.toHaveBeenCalled();
  });
});
