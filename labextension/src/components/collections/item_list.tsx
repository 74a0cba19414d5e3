/** The items of a collection within the chosen area and time, more of them as one scrolls. */
import React from 'react';

import type { IBackend } from '../../backend/backend';
import { useHost } from '../../host';
import type { IItem, IItemList, ItemList } from '../../models/items';
import { Loading, Problem } from '../states';
import { Picture } from './picture';
import { rounded } from './words';

interface IItemListViewProps {
  backend: IBackend;
  list: ItemList;
  state: IItemList;
  onDate: (date: string) => void;
}

export function ItemListView({ backend, list, state, onDate }: IItemListViewProps): React.JSX.Element {
  const { trans } = useHost();
  const { items, matched, more, problem } = state;
  const end = React.useRef<HTMLDivElement>(null);
  const box = React.useRef<HTMLUListElement>(null);
  React.useEffect(() => {
    if (!more || !end.current || typeof IntersectionObserver === 'undefined' || state.state !== 'ready') {
      return;
    }
    const observer = new IntersectionObserver(
      entries => {
        if (entries.some(entry => entry.isIntersecting)) {
          void list.more();
        }
      },
      { root: box.current, rootMargin: '80px' }
    );
    observer.observe(end.current);
    return () => {
      observer.disconnect();
    };
  }, [list, more, state.state]);
  const told = matched === null ? trans._n('%1 item', '%1 items', items.length) : trans.__('%1 of %2 items', items.length, matched);
  return (
    <div className="gdc-Items">
      <p className="gdc-Items-count" role="status">
        {state.state === 'ready' && (items.length ? told : trans.__('No items in this area and time. Widen the choice.'))}
      </p>
      {items.length > 0 && (
        <ul ref={box} className="gdc-Items-list" tabIndex={0} aria-label={trans.__('Items')}>
          {items.map(item => (
            <ItemRow key={item.id} backend={backend} item={item} onDate={onDate} />
          ))}
          {more && (
            <li className="gdc-Items-end">
              <div ref={end} />
              <button
                type="button"
                className="gdc-Button"
                disabled={state.state === 'loading'}
                onClick={() => {
                  void list.more();
                }}
              >
                {trans.__('More items')}
              </button>
            </li>
          )}
        </ul>
      )}
      {state.state === 'loading' && <Loading what={trans.__('Loading items…')} />}
      {problem && (
        <Problem
          problem={problem}
          server={backend.title}
          backend={backend.id}
          onRetry={() => {
            void list.more();
          }}
        />
      )}
    </div>
  );
}

function ItemRow({ backend, item, onDate }: { backend: IBackend; item: IItem; onDate: (date: string) => void }): React.JSX.Element {
  const { trans } = useHost();
  const day = /^\d{4}-\d{2}-\d{2}/.exec(item.date)?.[0] ?? '';
  return (
    <li className="gdc-Item">
      <Picture backend={backend} href={item.thumbnail} alt="" className="gdc-Item-picture" />
      <span className="gdc-Item-words">
        <span className="gdc-Item-date">{item.date || trans.__('No date')}</span>
        <span className="gdc-Item-id" title={item.id}>
          {item.title || item.id}
        </span>
        {item.cloudCover !== null && (
          <span className="gdc-Item-facts">{trans.__('%1 % cloud', rounded(item.cloudCover, 1))}</span>
        )}
      </span>
      {day && (
        <button
          type="button"
          className="gdc-Button gdc-mod-plain"
          aria-label={trans.__('Choose the date %1', day)}
          onClick={() => {
            onDate(day);
          }}
        >
          {trans.__('Choose')}
        </button>
      )}
    </li>
  );
}
