/** The editor of a process graph: outline, picture and JSON of one model, with undo, import, export and more. */
import React from 'react';
import { flushSync } from 'react-dom';

import type { IBackend } from '../../backend/backend';
import { useHost } from '../../host';
import type { GraphModel } from '../../models/graph';
import { GraphServices } from '../../models/graph_services';
import { useAnnouncer } from '../announcer';
import { Loading, Problem } from '../states';
import { EditorContext, type IEditor, useEditor, useServices, useVersion } from './context';
import { JsonPanel } from './json_panel';
import { Outline } from './outline';
import { Picture } from './picture';
import { ProcessPanel } from './process_panel';
import { type IGraphActions, Toolbar } from './toolbar';

export interface IGraphEditorProps {
  model: GraphModel;
  backend: IBackend;
  /** What the place around can do with the process. */
  actions?: IGraphActions;
  /** Something to tell above the editor, such as that changes are not saved yet. */
  notice?: React.ReactNode;
}

type View = 'outline' | 'picture' | 'both' | 'json' | 'process';

export function GraphEditor({ model, backend, actions = {}, notice }: IGraphEditorProps): React.JSX.Element {
  const { trans } = useHost();
  const [region, say] = useAnnouncer();
  const editor = React.useMemo<IEditor>(
    () => ({ model, services: new GraphServices(backend, model), say, drafts: new Map() }),
    [model, backend, say]
  );
  React.useEffect(() => {
    model.trans = trans;
    return editor.services.start();
  }, [editor, model, trans]);
  return (
    <EditorContext.Provider value={editor}>
      <div
        className="gdc-GraphEditor"
        onKeyDown={event => {
          onUndoKey(event, model, say, trans.__('Nothing to undo.'), trans.__('Undone.'), trans.__('Done again.'));
        }}
        onBlur={() => {
          model.endRun();
        }}
      >
        <Editor actions={actions} notice={notice} />
        {region}
      </div>
    </EditorContext.Provider>
  );
}

/** Give the focus to the outline where what had it is gone. */
function keepFocus(editor: Element): void {
  if (!editor.contains(document.activeElement)) {
    editor.querySelector<HTMLElement>('[role="treeitem"][tabindex="0"], [role="combobox"], [role="tab"][tabindex="0"]')?.focus();
  }
}

function onUndoKey(
  event: React.KeyboardEvent,
  model: GraphModel,
  say: (text: string) => void,
  nothing: string,
  undone: string,
  redone: string
): void {
  const key = event.key.toLowerCase();
  // A text that is no value yet has the history of its own field.
  const isDraft = event.target instanceof HTMLElement && event.target.dataset.draft !== undefined;
  if (!(event.ctrlKey || event.metaKey) || event.altKey || isDraft || (key !== 'z' && key !== 'y')) {
    return;
  }
  event.preventDefault();
  event.stopPropagation();
  const isRedo = key === 'y' || event.shiftKey;
  const canDo = isRedo ? model.canRedo : model.canUndo;
  flushSync(() => {
    if (isRedo) {
      model.redo();
    } else {
      model.undo();
    }
  });
  keepFocus(event.currentTarget);
  say(canDo ? (isRedo ? redone : undone) : nothing);
}

function Editor({ actions, notice }: { actions: IGraphActions; notice: React.ReactNode }): React.JSX.Element {
  const { model, services, say } = useEditor();
  const { trans } = useHost();
  const { loading, problem } = useServices();
  const [view, setView] = React.useState<View>('outline');
  const id = React.useId();
  useVersion(model);
  const views: [View, string][] = [
    ['outline', trans.__('Outline')],
    ['picture', trans.__('Picture')],
    ['both', trans.__('Both')],
    ['json', trans.__('JSON')],
    ['process', trans.__('Process')]
  ];
  const onTabKey = (event: React.KeyboardEvent): void => {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    const index = views.findIndex(([each]) => each === view);
    const next = views[(index + step + views.length) % views.length];
    if (step && next) {
      event.preventDefault();
      event.stopPropagation();
      setView(next[0]);
      document.getElementById(`${id}-${next[0]}-tab`)?.focus();
    }
  };
  return (
    <>
      <Toolbar actions={actions}>
        <div role="tablist" aria-label={trans.__('Views of the graph')} className="gdc-Tabs" onKeyDown={onTabKey}>
          {views.map(([each, label]) => (
            <button
              key={each}
              id={`${id}-${each}-tab`}
              type="button"
              role="tab"
              className="gdc-Tabs-tab"
              aria-selected={view === each}
              aria-controls={`${id}-panel`}
              tabIndex={view === each ? 0 : -1}
              onClick={() => {
                setView(each);
              }}
            >
              {label}
            </button>
          ))}
        </div>
      </Toolbar>
      {notice}
      {problem && (
        <Problem
          problem={problem}
          server={services.backend.title}
          onRetry={() => void services.load()}
        />
      )}
      {loading && model.processes.all.length === 0 && <Loading what={trans.__('The processes of %1 are loading…', services.backend.title)} />}
      <div id={`${id}-panel`} role="tabpanel" aria-labelledby={`${id}-${view}-tab`} className="gdc-GraphEditor-panel">
        {(view === 'picture' || view === 'both') && <Picture model={model} say={say} />}
        {(view === 'outline' || view === 'both') && <Outline />}
        {view === 'json' && <JsonPanel />}
        {view === 'process' && <ProcessPanel />}
      </div>
    </>
  );
}
