/** The list of collections: as long as it may be, it draws those that are seen. */
import { defaultRangeExtractor, useVirtualizer } from '@tanstack/react-virtual';
import React from 'react';

import { useHost } from '../../host';
import { type ICollection, nameOf } from '../../models/collections';
import { abilityHint, abilityLabel, yearsOf } from './words';

const ROW_HEIGHT = 58;

export interface ICollectionListboxProps {
  rows: readonly ICollection[];
  picked: string | null;
  /** The names of the sources by their ids, where there are several. */
  titles: ReadonlyMap<string, string>;
  onPick: (row: ICollection) => void;
  /** Begin to drag a row: what is dropped is its code. */
  onDrag: (event: React.DragEvent, row: ICollection) => void;
}

export interface IListboxHandle {
  focus(): void;
}

export const CollectionListbox = React.forwardRef<IListboxHandle, ICollectionListboxProps>(function CollectionListbox(
  { rows, picked, titles, onPick, onDrag },
  handle
) {
  const { trans } = useHost();
  const id = React.useId();
  const box = React.useRef<HTMLDivElement>(null);
  const [marked, setMarked] = React.useState(0);
  const active = Math.min(marked, rows.length - 1);
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => box.current,
    getItemKey: index => rows[index]?.key ?? index,
    estimateSize: () => ROW_HEIGHT,
    overscan: 4,
    rangeExtractor: range => [...new Set([...defaultRangeExtractor(range), ...(active >= 0 ? [active] : [])])].sort((a, b) => a - b)
  });

  // Another search begins at its first row, or at the one that is picked.
  const pickedIndex = React.useMemo(() => rows.findIndex(row => row.key === picked), [rows, picked]);
  React.useEffect(() => {
    const index = Math.max(pickedIndex, 0);
    setMarked(index);
    if (rows.length) {
      virtualizer.scrollToIndex(index, { align: 'auto' });
    }
  }, [pickedIndex, rows, virtualizer]);

  React.useImperativeHandle(handle, () => ({
    focus: () => {
      box.current?.focus();
    }
  }));

  const mark = (index: number): void => {
    const next = Math.max(0, Math.min(rows.length - 1, index));
    setMarked(next);
    virtualizer.scrollToIndex(next, { align: 'auto' });
  };
  const onKeyDown = (event: React.KeyboardEvent): void => {
    const onAPage = Math.max(1, Math.floor((box.current?.clientHeight ?? ROW_HEIGHT) / ROW_HEIGHT) - 1);
    const moves: Record<string, number> = {
      ArrowDown: active + 1,
      ArrowUp: active - 1,
      Home: 0,
      End: rows.length - 1,
      PageDown: active + onAPage,
      PageUp: active - onAPage
    };
    const target = moves[event.key];
    const row = rows[active];
    if (target !== undefined) {
      mark(target);
    } else if ((event.key === 'Enter' || event.key === ' ') && row) {
      onPick(row);
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <div
      ref={box}
      className="gdc-CollectionList"
      role="listbox"
      tabIndex={0}
      aria-label={trans.__('Collections')}
      aria-activedescendant={active >= 0 ? `${id}-${active}` : undefined}
      onKeyDown={onKeyDown}
    >
      <div role="presentation" style={{ height: virtualizer.getTotalSize(), position: 'relative' }}>
        {virtualizer.getVirtualItems().map(({ index, key, start }) => {
          const row = rows[index];
          return (
            row && (
              <div
                key={key}
                id={`${id}-${index}`}
                role="option"
                aria-selected={row.key === picked}
                aria-setsize={rows.length}
                aria-posinset={index + 1}
                className={`gdc-CollectionRow${index === active ? ' gdc-mod-active' : ''}`}
                style={{ height: ROW_HEIGHT, transform: `translateY(${start}px)` }}
                draggable
                onDragStart={event => {
                  onDrag(event, row);
                }}
                onClick={() => {
                  setMarked(index);
                  onPick(row);
                }}
              >
                <CollectionRow row={row} titles={titles} />
              </div>
            )
          );
        })}
      </div>
    </div>
  );
});

function CollectionRow({ row, titles }: { row: ICollection; titles: ReadonlyMap<string, string> }): React.JSX.Element {
  const { trans } = useHost();
  const told = [row.title ? row.id : '', yearsOf(row, trans), ...(titles.size > 1 ? row.sources.map(id => titles.get(id) ?? '') : [])];
  return (
    <>
      <span className="gdc-CollectionRow-title" title={nameOf(row)}>
        {nameOf(row)}
      </span>
      <span className="gdc-CollectionRow-facts" title={told.filter(Boolean).join(', ')}>
        {told.filter(Boolean).join(' · ')}
      </span>
      <span className="gdc-Badges">
        {row.abilities.map(ability => (
          <span key={ability} className={`gdc-Badge gdc-mod-${ability}`} title={abilityHint(ability, trans)}>
            {abilityLabel(ability, trans)}
          </span>
        ))}
      </span>
    </>
  );
}
