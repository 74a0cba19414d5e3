/** The nodes of a graph as a tree that the keyboard walks through. */
import React from 'react';

import { useHost } from '../../host';
import { graphOf, keyOf, samePath } from '../../models/graph_paths';
import { type IOutlineRow, outlineRows } from '../../models/outline';
import type { ITranslation } from '../../translation';
import { useAttempt, useEditor, useVersion } from './context';

interface ITreeProps {
  treeRef: React.RefObject<HTMLUListElement>;
  /** The path of the row that is active: a node, or a graph inside one. */
  active: readonly string[] | null;
  onActive: (path: readonly string[]) => void;
  /** Go on to the form of the active row. */
  onEnter: () => void;
  onRename: () => void;
  onAdd: () => void;
}

export function Tree({ treeRef, active, onActive, onEnter, onRename, onAdd }: ITreeProps): React.JSX.Element {
  const { model, say } = useEditor();
  const { trans } = useHost();
  const attempt = useAttempt();
  const version = useVersion(model);
  const [collapsed, setCollapsed] = React.useState<ReadonlySet<string>>(new Set());
  // The version stands for the model, which stays the same object.
  const rows = React.useMemo(() => outlineRows(model, collapsed), [model, collapsed, version]);
  const index = Math.max(
    rows.findIndex(row => samePath(row.path, active)),
    0
  );
  const current = rows[index];

  // What is selected elsewhere is shown, also where the node around it was collapsed.
  React.useEffect(() => {
    const outer = new Set(active?.map((_, length) => keyOf(active.slice(0, length))));
    setCollapsed(before => ([...before].some(key => outer.has(key)) ? new Set([...before].filter(key => !outer.has(key))) : before));
  }, [active]);

  const expand = (row: IOutlineRow, expanded: boolean): void => {
    setCollapsed(before => {
      const next = new Set(before);
      if (expanded) {
        next.delete(row.key);
      } else {
        next.add(row.key);
      }
      return next;
    });
  };
  const go = (to: number): void => {
    const row = rows[Math.min(Math.max(to, 0), rows.length - 1)];
    if (row) {
      onActive(row.path);
    }
  };
  const remove = (row: IOutlineRow): void => {
    removeRow(row, model, say, trans);
    const next = model.selection ?? rows.find(each => samePath(each.path, graphOf(row.path)))?.path;
    if (next) {
      onActive(next);
    }
  };
  const move = (row: IOutlineRow, by: 1 | -1): void => {
    const refused = attempt(() => {
      model.moveNode(row.path, by);
    });
    if (refused === null) {
      say(by < 0 ? trans.__('%1 moved up.', row.label) : trans.__('%1 moved down.', row.label));
    }
  };
  const onKeyDown = (event: React.KeyboardEvent): void => {
    if (!current || event.ctrlKey || event.metaKey) {
      if ((event.ctrlKey || event.metaKey) && event.key === 'd' && current && !current.isGraph) {
        attempt(() => {
          onActive(model.duplicateNode(current.path));
        });
        event.preventDefault();
        event.stopPropagation();
      }
      return;
    }
    if (!onTreeKey(event)) {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  };
  const onTreeKey = (event: React.KeyboardEvent): boolean => {
    if (!current) {
      return false;
    }
    const isNode = !current.isGraph;
    switch (event.key) {
      case 'ArrowUp':
      case 'ArrowDown': {
        const step = event.key === 'ArrowUp' ? -1 : 1;
        if (!event.altKey) {
          go(index + step);
        } else if (isNode) {
          move(current, step);
        }
        return true;
      }
      case 'Home':
        go(0);
        return true;
      case 'End':
        go(rows.length - 1);
        return true;
      case 'ArrowRight':
        if (current.expanded === false) {
          expand(current, true);
        } else if (current.expanded) {
          go(index + 1);
        }
        return true;
      case 'ArrowLeft':
        if (current.expanded) {
          expand(current, false);
        } else if (current.level > 1) {
          onActive(current.path.slice(0, -1));
        }
        return true;
      case 'Enter':
        onEnter();
        return true;
      case 'F2':
        if (isNode) {
          onRename();
        }
        return true;
      case 'Insert':
      case '+':
        onAdd();
        return true;
      case 'Delete':
      case 'Backspace':
        remove(current);
        return true;
      default:
        return false;
    }
  };

  return (
    <ul ref={treeRef} role="tree" className="gdc-Tree" aria-label={trans.__('Steps')} onKeyDown={onKeyDown}>
      {rows.map((row, place) => (
        <Row
          key={row.key}
          row={row}
          isActive={place === index && active !== null}
          isStop={place === index}
          onActive={onActive}
          onExpand={expand}
          onOpen={onEnter}
        />
      ))}
    </ul>
  );
}

/** Remove a node, or the graph in an argument, and say what that has emptied. */
export function removeRow(
  row: Pick<IOutlineRow, 'path' | 'isGraph' | 'label'>,
  model: ReturnType<typeof useEditor>['model'],
  say: (text: string) => void,
  trans: ITranslation
): void {
  if (row.isGraph) {
    model.removeCallback(graphOf(row.path), row.path.at(-1) ?? '');
    say(trans.__('The graph of %1 is removed.', row.label));
    return;
  }
  const emptied = model.removeNode(row.path);
  const places = emptied.map(({ to, argument }) => `${to} (${argument})`).join(', ');
  say(
    emptied.length
      ? trans.__('%1 is removed. What referred to it is empty now: %2.', row.label, places)
      : trans.__('%1 is removed.', row.label)
  );
}

interface IRowProps {
  row: IOutlineRow;
  isActive: boolean;
  isStop: boolean;
  onActive: (path: readonly string[]) => void;
  onExpand: (row: IOutlineRow, expanded: boolean) => void;
  onOpen: () => void;
}

function Row({ row, isActive, isStop, onActive, onExpand, onOpen }: IRowProps): React.JSX.Element {
  const { trans } = useHost();
  const { errors, warnings } = row;
  const modifiers = [row.isGraph ? ' gdc-mod-graph' : '', row.isKnown ? '' : ' gdc-mod-unknown'].join('');
  return (
    <li
      role="treeitem"
      className={`gdc-Tree-row${modifiers}`}
      data-key={row.key}
      aria-level={row.level}
      aria-posinset={row.position}
      aria-setsize={row.size}
      aria-selected={isActive}
      aria-expanded={row.expanded ?? undefined}
      aria-label={rowLabel(row, trans)}
      tabIndex={isStop ? 0 : -1}
      style={{ paddingInlineStart: `${(row.level - 1) * 18 + 4}px` }}
      onClick={() => {
        onActive(row.path);
      }}
      onFocus={() => {
        if (!isActive) {
          onActive(row.path);
        }
      }}
      onDoubleClick={onOpen}
    >
      <span
        className="gdc-Tree-twisty"
        aria-hidden="true"
        onClick={event => {
          event.stopPropagation();
          if (row.expanded !== null) {
            onExpand(row, !row.expanded);
          }
        }}
      >
        {row.expanded === null ? '' : row.expanded ? '▾' : '▸'}
      </span>
      <span className="gdc-Tree-main">
        <span className="gdc-Tree-process">{row.isGraph ? row.label : row.process || '?'}</span>
        {!row.isGraph && <span className="gdc-Tree-id">{row.label}</span>}
        {row.isResult && <span className="gdc-Tag gdc-mod-result">{trans.__('result')}</span>}
        {row.inputs.length > 0 && <span className="gdc-Tree-inputs">← {row.inputs.join(', ')}</span>}
        {row.summary && <span className="gdc-Tree-summary">{row.summary}</span>}
      </span>
      {errors > 0 && <span className="gdc-Tree-faults">{errors}</span>}
      {errors === 0 && warnings > 0 && <span className="gdc-Tree-faults gdc-mod-warn">{warnings}</span>}
    </li>
  );
}

function rowLabel(row: IOutlineRow, trans: ITranslation): string {
  const faults = row.errors
    ? [trans._n('one fault', '%1 faults', row.errors)]
    : row.warnings
      ? [trans._n('one warning', '%1 warnings', row.warnings)]
      : [];
  if (row.isGraph) {
    return [trans.__('%1, the graph of an argument', row.label), ...faults].join(', ');
  }
  return [
    row.label,
    row.process,
    ...(row.isKnown ? [] : [trans.__('unknown process')]),
    ...(row.isResult ? [trans.__('result')] : []),
    ...(row.inputs.length ? [trans.__('takes in %1', row.inputs.join(', '))] : []),
    ...(row.summary ? [row.summary] : []),
    ...faults
  ].join(', ');
}
