import type { NotebookPanel } from '@jupyterlab/notebook';
import { expect, it } from 'vitest';

import { codeCell, putCode } from '../models/code_cells';

interface IFakeCell {
  source: string;
  metadata: Record<string, unknown>;
}

/** As much of a notebook as code is put into. */
class FakeNotebook {
  cells: IFakeCell[] = [];

  get content(): NotebookPanel['content'] {
    const widgets = this.cells.map(cell => ({
      model: {
        getMetadata: (key: string) => cell.metadata[key],
        setMetadata: (key: string, value: unknown) => {
          cell.metadata[key] = value;
        },
        sharedModel: {
          getSource: () => cell.source,
          setSource: (source: string) => {
            cell.source = source;
          }
        }
      }
    }));
    const sharedModel = {
      insertCell: (index: number, cell: ReturnType<typeof codeCell>) => {
        this.cells.splice(index, 0, { source: String(cell.source), metadata: { ...cell.metadata } });
      }
    };
    return { widgets, model: { sharedModel }, scrollToItem: () => Promise.resolve() } as unknown as NotebookPanel['content'];
  }

  put(code: string, origin: string, above: number | null): void {
    const { content } = this;
    putCode({ content }, above === null ? null : (content.widgets[above] ?? null), code, origin);
  }

  get sources(): string[] {
    return this.cells.map(({ source }) => source);
  }
}

function notebookWith(...sources: string[]): FakeNotebook {
  const notebook = new FakeNotebook();
  notebook.cells = sources.map(source => ({ source, metadata: {} }));
  return notebook;
}

it('puts code below the cell, and the next code in its place, after a reload too', () => {
  const notebook = notebookWith('first', 'last');
  notebook.put('one', 'panel', 0);
  expect(notebook.sources).toEqual(['first', 'one', 'last']);
  notebook.cells = JSON.parse(JSON.stringify(notebook.cells)) as IFakeCell[];
  notebook.put('two', 'panel', 2);
  notebook.put('three', 'panel', 0);
  expect(notebook.sources).toEqual(['first', 'three', 'last']);
});

it('leaves what somebody has changed, and what is of another origin', () => {
  const notebook = notebookWith('first');
  notebook.put('one', 'panel', 0);
  const [, made] = notebook.cells;
  if (made) {
    made.source = 'one, and more';
  }
  notebook.put('two', 'panel', 0);
  notebook.put('other', 'widget', 0);
  notebook.put('three', 'panel', 0);
  expect(notebook.sources).toEqual(['first', 'other', 'three', 'one, and more']);
});

it('puts code at the end where no cell is told', () => {
  const notebook = notebookWith('first', 'last');
  notebook.put('one', 'panel', null);
  expect(notebook.sources).toEqual(['first', 'last', 'one']);
});
