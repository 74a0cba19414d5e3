/** The buttons of the editor. */
import React from 'react';

import { useHost } from '../../host';
import { cutAt } from '../../models/graph_parts';
import { idOf } from '../../models/graph_paths';
import { resultOf } from '../../models/graph_document';
import { useAttempt, useEditor, useVersion } from './context';
import { ExportDrawer } from './export_drawer';
import { ImportDrawer } from './import_drawer';
import { RunDrawer, SaveDrawer } from './run_drawer';

/** What the place around an editor can do. */
export interface IGraphActions {
  /** The code of the openEO client that gives a process. */
  pythonCode?: (process: unknown) => Promise<string>;
  /** A job was started. */
  onJob?: (id: string, title: string) => void;
}

type DrawerName = 'import' | 'export' | 'save' | 'run';

export function Toolbar({ actions, children }: { actions: IGraphActions; children: React.ReactNode }): React.JSX.Element {
  const { model, say } = useEditor();
  const host = useHost();
  const { trans } = host;
  const attempt = useAttempt();
  useVersion(model);
  const [open, setOpen] = React.useState<DrawerName | null>(null);
  const buttons = React.useRef(new Map<DrawerName, HTMLButtonElement>());
  const close = (): void => {
    if (open) {
      buttons.current.get(open)?.focus();
    }
    setOpen(null);
  };
  const opener = (name: DrawerName, label: string): React.JSX.Element => (
    <button
      ref={element => {
        if (element) {
          buttons.current.set(name, element);
        }
      }}
      type="button"
      className="gdc-Button"
      aria-expanded={open === name}
      aria-haspopup="dialog"
      onClick={() => {
        setOpen(open === name ? null : name);
      }}
    >
      {label}
    </button>
  );
  const result = resultOf(model.document.process_graph);
  const previewed = model.selection ?? (result === null ? null : [result]);
  const errors = model.faults.filter(({ severity }) => severity === 'error').length;
  const isEmpty = Object.keys(model.document.process_graph).length === 0;
  return (
    <>
      <div className="gdc-GraphEditor-toolbar" role="toolbar" aria-label={trans.__('Graph')}>
        <button
          type="button"
          className="gdc-Button"
          disabled={!model.canUndo}
          onClick={() => {
            model.undo();
            say(trans.__('Undone.'));
          }}
        >
          <span aria-hidden="true">↶ </span>
          {trans.__('Undo')}
        </button>
        <button
          type="button"
          className="gdc-Button"
          disabled={!model.canRedo}
          onClick={() => {
            model.redo();
            say(trans.__('Done again.'));
          }}
        >
          <span aria-hidden="true">↷ </span>
          {trans.__('Redo')}
        </button>
        {children}
        <span className={`gdc-GraphEditor-state${errors && !isEmpty ? ' gdc-mod-faulty' : ''}`} role="status">
          {isEmpty ? '' : errors ? trans._n('One fault', '%1 faults', errors) : trans.__('No faults')}
        </span>
        {host.showOnMap && (
          <button
            type="button"
            className="gdc-Button"
            disabled={previewed === null}
            title={previewed ? trans.__('Show the result of %1 on the map', idOf(previewed)) : undefined}
            onClick={() => {
              attempt(() => {
                if (previewed) {
                  host.showOnMap?.({ process: { process_graph: cutAt(model.document, previewed) }, title: idOf(previewed) });
                }
              });
            }}
          >
            {trans.__('Preview')}
          </button>
        )}
        {opener('run', trans.__('Run…'))}
        {opener('import', trans.__('Import…'))}
        {opener('export', trans.__('Export…'))}
        {opener('save', trans.__('Store…'))}
      </div>
      {open === 'import' && <ImportDrawer onClose={close} />}
      {open === 'export' && <ExportDrawer onClose={close} pythonCode={actions.pythonCode} />}
      {open === 'save' && <SaveDrawer onClose={close} />}
      {open === 'run' && <RunDrawer onClose={close} onJob={actions.onJob} />}
    </>
  );
}
