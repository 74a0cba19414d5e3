/** The outline of a graph: its steps as a tree, the form of one of them, and the documentation of its process. */
import React from 'react';

import { useHost } from '../../host';
import { nodeAt, orderOf, graphAt } from '../../models/graph_document';
import { graphOf, idOf, keyOf } from '../../models/graph_paths';
import type { IProcess } from '../../models/processes';
import { useAttempt, useEditor, useVersion } from './context';
import { Documentation } from './documentation';
import { GraphForm } from './graph_form';
import { Faults, NodeForm } from './node_form';
import { Palette } from './palette';
import { removeRow, Tree } from './tree';

type Target = 'tree' | 'form' | 'first-missing' | 'name' | 'palette';

export function Outline(): React.JSX.Element {
  const { model, say } = useEditor();
  const { trans } = useHost();
  const attempt = useAttempt();
  const version = useVersion(model);
  const tree = React.useRef<HTMLUListElement>(null);
  const form = React.useRef<HTMLDivElement>(null);
  const palette = React.useRef<HTMLInputElement>(null);
  const name = React.useRef<HTMLInputElement>(null);
  const [graphRow, setGraphRow] = React.useState<readonly string[] | null>(null);
  const [looked, setLooked] = React.useState<IProcess | null>(null);
  const [wanted, setWanted] = React.useState<{ target: Target } | null>(null);

  const firstId = orderOf(model.document.process_graph)[0];
  const selected = model.selection ?? (firstId === undefined ? null : [firstId]);
  // The graph in an argument can be the active row; what is selected then is the node around it.
  const isGraphActive = graphRow !== null && selected !== null && keyOf(graphOf(graphRow)) === keyOf(selected);
  const active = isGraphActive ? graphRow : selected;
  const node = active && !isGraphActive ? nodeAt(model.document, active) : null;
  const key = active ? keyOf(active) : '';

  const activate = React.useCallback(
    (path: readonly string[], target: Target = 'tree') => {
      const isNode = path.length % 2 === 1;
      setGraphRow(isNode ? null : path);
      model.select(isNode ? path : path.slice(0, -1));
      setWanted({ target });
    },
    [model]
  );

  React.useEffect(() => {
    if (wanted) {
      setWanted(null);
      focusOn(wanted.target, { tree, form, palette, name }, key);
    }
  }, [wanted, key, version]);

  const where = graphAround(active, isGraphActive);
  const add = (process: IProcess | string): void => {
    const after = isGraphActive ? lastOf(graphAt(model.document, where)) : active && idOf(active);
    attempt(() => {
      const path = model.addNode(where, process, after);
      say(trans.__('%1 is added as %2.', typeof process === 'string' ? process : process.id, idOf(path)));
      activate(path, 'first-missing');
    });
  };
  const process = node ? model.processes.of(node) : null;
  const shown = looked ?? process;

  return (
    <div className="gdc-Outline">
      <div className="gdc-Outline-side">
        <Palette
          label={where.length ? trans.__('Add a step in %1', where.at(-1) ?? '') : trans.__('Add a step')}
          inputRef={palette}
          onAdd={add}
          onLook={setLooked}
          onLeave={() => {
            setWanted({ target: 'tree' });
          }}
        />
        {firstId === undefined ? (
          <p className="gdc-State gdc-mod-empty">
            {trans.__('There are no steps yet. Type above what you look for, such as load_collection, or import a graph.')}
          </p>
        ) : (
          <Tree
            treeRef={tree}
            active={active}
            onActive={activate}
            onEnter={() => {
              setWanted({ target: isGraphActive ? 'palette' : 'form' });
            }}
            onRename={() => {
              setWanted({ target: 'name' });
            }}
            onAdd={() => {
              setWanted({ target: 'palette' });
            }}
          />
        )}
        <Faults faults={firstId === undefined ? [] : model.faultsOf([])} />
        {firstId !== undefined && <p className="gdc-Outline-keys">{KEYS(trans.__.bind(trans))}</p>}
      </div>
      <div
        ref={form}
        className="gdc-Outline-form"
        role="region"
        aria-label={active ? trans.__('Settings of %1', idOf(active)) : trans.__('Settings')}
        onKeyDown={event => {
          if (event.key === 'Escape' && !event.defaultPrevented) {
            event.preventDefault();
            event.stopPropagation();
            setWanted({ target: 'tree' });
          }
        }}
      >
        {active && isGraphActive && <GraphForm path={active} />}
        {active && node && (
          <NodeForm
            key={key}
            path={active}
            nameRef={name}
            onOpenGraph={path => {
              const first = orderOf(graphAt(model.document, path))[0];
              activate(first === undefined ? path : [...path, first], first === undefined ? 'palette' : 'tree');
            }}
            onRenamed={path => {
              activate(path);
            }}
          />
        )}
        {active && (
          <div className="gdc-Outline-actions">
            {node && (
              <button
                type="button"
                className="gdc-Button"
                onClick={() => {
                  attempt(() => {
                    activate(model.duplicateNode(active));
                  });
                }}
              >
                {trans.__('Duplicate')}
              </button>
            )}
            <button
              type="button"
              className="gdc-Button gdc-mod-danger"
              onClick={() => {
                removeRow({ path: active, isGraph: isGraphActive, label: idOf(active) }, model, say, trans);
                setWanted({ target: 'tree' });
              }}
            >
              {isGraphActive ? trans.__('Remove this graph') : trans.__('Remove this step')}
            </button>
          </div>
        )}
      </div>
      {shown && (
        <div className="gdc-Outline-documentation">
          <Documentation process={shown} />
        </div>
      )}
    </div>
  );
}

/** The path of the graph that is added to. */
function graphAround(active: readonly string[] | null, isGraph: boolean): readonly string[] {
  if (!active) {
    return [];
  }
  return isGraph ? active : graphOf(active);
}

function lastOf(graph: Record<string, unknown>): string | null {
  return orderOf(graph).at(-1) ?? null;
}

const KEYS = (words: (text: string) => string): string =>
  words('↑ ↓ walk · Enter edit · Esc back · Insert add · Del remove · F2 rename · Alt+↑ ↓ move · Ctrl+Z undo');

interface IPlaces {
  tree: React.RefObject<HTMLElement>;
  form: React.RefObject<HTMLElement>;
  palette: React.RefObject<HTMLElement>;
  name: React.RefObject<HTMLInputElement>;
}

const FIELDS = 'input:not(:disabled), select, textarea, button';

function focusOn(target: Target, { tree, form, palette, name }: IPlaces, key: string): void {
  const row = [...(tree.current?.querySelectorAll<HTMLElement>('[role="treeitem"]') ?? [])].find(each => each.dataset.key === key);
  const found: Record<Target, () => HTMLElement | null | undefined> = {
    tree: () => row ?? palette.current,
    palette: () => palette.current,
    name: () => name.current,
    form: () => form.current?.querySelector<HTMLElement>('.gdc-Field :is(.gdc-Value-field, .gdc-Value) :is(input, select, textarea, button)') ?? row,
    'first-missing': () => {
      const field = form.current?.querySelector('[data-missing]');
      return field?.querySelector<HTMLElement>(`.gdc-Value-field :is(${FIELDS})`) ?? field?.querySelector<HTMLElement>(FIELDS) ?? row;
    }
  };
  const element = found[target]();
  element?.focus();
  if (target === 'name') {
    name.current?.select();
  }
  row?.scrollIntoView({ block: 'nearest' });
}

