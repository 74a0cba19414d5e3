/** Puts the code of widgets and panels into notebooks: as they ask for it, by a command, and by dragging. */
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { MimeData } from '@lumino/coreutils';
import type { CommandRegistry } from '@lumino/commands';
import { Drag } from '@lumino/dragdrop';

import { CODE_REQUEST, type ICodeRequest } from '../code_request';
import { codeCell, putCode } from '../models/code_cells';
import { textOf } from '../reading';
import { CommandIDs, DOMAIN } from '../tokens';
import type { ITranslation } from '../translation';

/** The type under which notebooks take cells that are dropped on them. */
const CELLS = 'application/vnd.jupyter.cells';

/** Put code into cells when a widget in a notebook asks for it, or a panel by the command. */
export function addCodeCells(commands: CommandRegistry, notebooks: INotebookTracker, trans: ITranslation): void {
  document.addEventListener(CODE_REQUEST, event => {
    const [target] = event.composedPath();
    const request = (event as CustomEvent<ICodeRequest>).detail;
    const panel = target instanceof Node ? notebooks.find(one => one.node.contains(target)) : undefined;
    const cell = panel?.content.widgets.find(one => one.node.contains(target as Node));
    if (panel && cell) {
      putCode(panel, cell, request.code, `${request.origin} ${cell.model.id}`);
      event.preventDefault();
    }
  });

  commands.addCommand(CommandIDs.insertCode, {
    label: trans.__('Insert Code'),
    caption: trans.__('Put code into a cell of the current notebook'),
    isVisible: () => false,
    describedBy: {
      args: {
        type: 'object',
        required: ['code'],
        properties: {
          code: { type: 'string', description: trans.__('The code') },
          origin: { type: 'string', description: trans.__('A name; code that was put in under the same name is replaced') }
        }
      }
    },
    execute: async args => {
      const panel = notebooks.currentWidget;
      if (!panel || panel.isDisposed) {
        return false;
      }
      await panel.context.ready;
      putCode(panel, panel.content.activeCell, textOf(args, 'code'), textOf(args, 'origin'));
      return true;
    }
  });
}

/** Begin to drag code from where the pointer is: notebooks take it as a cell, editors as text. */
export function dragCode(event: MouseEvent, code: string, origin: string, title: string): void {
  const mimeData = new MimeData();
  mimeData.setData(CELLS, [codeCell(code, origin)]);
  mimeData.setData('text/plain', code);
  const dragImage = document.createElement('div');
  dragImage.className = 'gdc-DragImage';
  dragImage.textContent = title;
  const drag = new Drag({ mimeData, dragImage, supportedActions: 'copy', proposedAction: 'copy', source: null });
  void drag.start(event.clientX, event.clientY).then(() => {
    drag.dispose();
  });
}

export const codeCellsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'gdc-jupyter:code-cells',
  description: 'Puts the code of panels and widgets into notebooks.',
  autoStart: true,
  requires: [INotebookTracker],
  optional: [ITranslator],
  activate: (app: JupyterFrontEnd, notebooks: INotebookTracker, translator: ITranslator | null): void => {
    addCodeCells(app.commands, notebooks, (translator ?? nullTranslator).load(DOMAIN));
  }
};
