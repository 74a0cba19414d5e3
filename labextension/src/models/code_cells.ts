/** Cells of a notebook that hold code from elsewhere: put in once, replaced later, left alone where somebody changed them. */
import type * as nbformat from '@jupyterlab/nbformat';
import type { NotebookPanel } from '@jupyterlab/notebook';

import { isRecord } from '../reading';

/** The key under which a cell's metadata tell where its code came from. */
const KEY = 'gdc_jupyter';

type Cell = NotebookPanel['content']['widgets'][number];

/**
 * Put code into the cell that the same origin has made, unless somebody has changed that since, or else into a new cell.
 *
 * @param above - the cell below which a new one belongs
 */
export function putCode({ content }: Pick<NotebookPanel, 'content'>, above: Cell | null, code: string, origin: string): void {
  const { model } = content;
  if (!model) {
    return;
  }
  const made = content.widgets.findIndex(({ model: cell }) => isUntouched(cell.getMetadata(KEY), cell.sharedModel.getSource(), origin));
  const cell = content.widgets[made];
  if (cell) {
    cell.model.sharedModel.setSource(code);
    cell.model.setMetadata(KEY, tagOf(code, origin));
  }
  const position = cell ? made : above ? content.widgets.indexOf(above) + 1 : content.widgets.length;
  if (!cell) {
    model.sharedModel.insertCell(position, codeCell(code, origin));
  }
  void content.scrollToItem(position, 'smart');
}

/** A cell with code, which tells where that came from. */
export function codeCell(code: string, origin: string): nbformat.ICodeCell {
  return { cell_type: 'code', source: code, metadata: { [KEY]: tagOf(code, origin) }, execution_count: null, outputs: [] };
}

function tagOf(code: string, origin: string): { origin: string; code: string } {
  return { origin, code: fingerprint(code) };
}

function isUntouched(tag: unknown, source: string, origin: string): boolean {
  return isRecord(tag) && tag.origin === origin && tag.code === fingerprint(source);
}

/** A short number for a text, by which a change of it is seen (FNV-1a). */
function fingerprint(text: string): string {
  let hash = 0x811c9dc5;
  for (let position = 0; position < text.length; position += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(position), 0x01000193);
  }
  return (hash >>> 0).toString(16).padStart(8, '0');
}
