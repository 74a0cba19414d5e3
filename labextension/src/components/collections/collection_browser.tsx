/** The browser of collections: search, filter, look at one, choose a part of it, and get it as code. */
import React from 'react';

import type { IBackend } from '../../backend/backend';
import { useHost } from '../../host';
import { chosenOf, type IChoice, selectionOf } from '../../models/choice';
import { type Chosen, found, indexed, NOTHING_CHOSEN, ticked } from '../../models/collection_filter';
import { CollectionList, type ISourceState, MOST_COLLECTIONS } from '../../models/collection_list';
import { type ICollection, nameOf } from '../../models/collections';
import { type Kind, kindsFor, snippet } from '../../models/snippets';
import type { JsonRecord } from '../../reading';
import { useAnnouncer } from '../announcer';
import { Empty, Loading, Problem } from '../states';
import { useStore } from '../use_store';
import { CollectionListbox, type IListboxHandle } from './collection_listbox';
import { Details } from './details';
import { Facets } from './facets';

export interface ICollectionBrowserProps {
  backends: readonly IBackend[];
  /** The ids of the back-ends that code in this notebook finds by itself. */
  own: readonly string[];
  choice: IChoice;
  onChoice: (choice: IChoice) => void;
  /** The name under which code is put into notebooks: what is put under the same name takes its place. */
  origin: string;
  /** The list is loaded again when this changes. */
  turn?: number;
  /** Told of the items that are listed, as GeoJSON features. */
  onItems?: (features: JsonRecord[]) => void;
  /** Told of the code that was put somewhere. */
  onCode?: (code: string) => void;
}

export function CollectionBrowser(props: ICollectionBrowserProps): React.JSX.Element {
  const { backends, own, choice, onChoice, origin, onItems = ignore, onCode = ignore } = props;
  const host = useHost();
  const { trans } = host;
  const id = React.useId();
  const list = useCollectionList(backends, props.turn ?? 0);
  const { rows, sources } = useStore(list.store);
  const [query, setQuery] = React.useState('');
  const [chosen, setChosen] = React.useState<Chosen>(NOTHING_CHOSEN);
  const [isFiltering, setIsFiltering] = React.useState(false);
  const [wantedKind, setKind] = React.useState<Kind>('openeo');
  const [region, say] = useAnnouncer();
  const listbox = React.useRef<IListboxHandle>(null);

  const index = React.useMemo(() => indexed(rows), [rows]);
  const result = React.useMemo(() => found(index, query, chosen), [index, query, chosen]);
  const titles = React.useMemo(() => new Map(backends.map(backend => [backend.id, backend.title])), [backends]);
  const picked = React.useMemo(() => pickedRow(rows, choice), [rows, choice]);
  const backendOf = React.useCallback(
    (source: string | undefined) => backends.find(backend => backend.id === source) ?? null,
    [backends]
  );

  const kinds = picked ? codeKinds(picked, own) : [];
  const kind = kinds.includes(wantedKind) ? wantedKind : (kinds[0] ?? null);
  const rootUrl = (row: ICollection, wanted: Kind): string | null => {
    const source = sourceFor(row, wanted);
    return source === undefined || own.includes(source) ? null : (backendOf(source)?.url.replace(/\/$/, '') ?? null);
  };
  const pick = (row: ICollection): void => {
    if (row.key !== picked?.key) {
      onChoice(chosenOf(row, choice));
      say(trans.__('%1 is shown below.', nameOf(row)));
    }
  };
  const drag = (event: React.DragEvent, row: ICollection): void => {
    const possible = codeKinds(row, own);
    const wanted = possible.includes(wantedKind) ? wantedKind : possible[0];
    const selection = selectionOf(row.key === picked?.key ? choice : chosenOf(row, choice));
    if (!wanted || !selection) {
      event.preventDefault();
      return;
    }
    const code = snippet(selection, wanted, rootUrl(row, wanted));
    onCode(code);
    if (host.dragCode) {
      // The drag of the page around takes over from that of the browser.
      event.preventDefault();
      host.dragCode(event.nativeEvent, code, origin, nameOf(row));
    } else {
      event.dataTransfer.setData('text/plain', code);
      event.dataTransfer.effectAllowed = 'copy';
    }
  };

  const tickCount = Object.values(chosen).reduce((sum, values) => sum + values.length, 0);
  const isLoading = sources.some(({ state }) => state === 'loading');
  return (
    <div className="gdc-Collections-frame">
      <div className="gdc-Collections">
        {region}
        <div className="gdc-Collections-find">
          <div className="gdc-Collections-search">
            <input
              type="search"
              className="gdc-Input"
              aria-label={trans.__('Search collections')}
              placeholder={trans.__('Search collections')}
              value={query}
              onChange={event => {
                setQuery(event.target.value);
              }}
              onKeyDown={event => {
                if (event.key === 'ArrowDown' && result.rows.length) {
                  event.preventDefault();
                  listbox.current?.focus();
                }
              }}
            />
            <button
              type="button"
              className="gdc-Button"
              aria-expanded={isFiltering}
              aria-controls={`${id}-facets`}
              onClick={() => {
                setIsFiltering(!isFiltering);
              }}
            >
              {tickCount ? trans.__('Filters (%1)', tickCount) : trans.__('Filters')}
            </button>
            <button
              type="button"
              className="gdc-Button gdc-mod-plain"
              aria-label={trans.__('Load the collections again')}
              title={trans.__('Load the collections again')}
              onClick={() => {
                list.load();
              }}
            >
              ↻
            </button>
          </div>
          {isFiltering && (
            <Facets
              id={`${id}-facets`}
              facets={result.facets}
              chosen={chosen}
              titles={titles}
              onTick={(facet, key) => {
                setChosen(ticked(chosen, facet, key));
              }}
            />
          )}
          <p className="gdc-Collections-count" role="status">
            {countWords(result.rows.length, rows.length, isLoading, trans)}{' '}
            {tickCount > 0 && (
              <button
                type="button"
                className="gdc-Button gdc-mod-plain"
                onClick={() => {
                  setChosen(NOTHING_CHOSEN);
                }}
              >
                {trans.__('Clear filters')}
              </button>
            )}
          </p>
          <SourceNotes sources={sources} list={list} />
          <CollectionListbox
            ref={listbox}
            rows={result.rows}
            picked={picked?.key ?? null}
            titles={titles}
            onPick={pick}
            onDrag={drag}
          />
        </div>
        <div className="gdc-Collections-shown" role="region" aria-label={trans.__('Collection')} tabIndex={-1}>
          {picked ? (
            <Details
              key={picked.key}
              list={list}
              row={picked}
              backendOf={backendOf}
              choice={choice}
              onChoice={change => {
                onChoice({ ...choice, source: choice.source ?? picked.sources[0] ?? null, ...change });
              }}
              kinds={kinds}
              kind={kind}
              onKind={setKind}
              rootUrl={kind && rootUrl(picked, kind)}
              origin={origin}
              onItems={onItems}
              onCode={onCode}
              say={say}
            />
          ) : (
            <NothingPicked choice={choice} isLoading={isLoading} isEmpty={!rows.length} />
          )}
        </div>
      </div>
    </div>
  );
}

function NothingPicked({ choice, isLoading, isEmpty }: { choice: IChoice; isLoading: boolean; isEmpty: boolean }): React.JSX.Element {
  const { trans } = useHost();
  if (isLoading && (isEmpty || choice.collection)) {
    return <Loading what={trans.__('Loading collections…')} />;
  }
  if (choice.collection) {
    return <Empty>{trans.__('There is no collection %1 in the list: choose another one.', choice.collection)}</Empty>;
  }
  return <Empty>{isEmpty ? '' : trans.__('Choose a collection to see what is in it.')}</Empty>;
}

function SourceNotes({ sources, list }: { sources: readonly ISourceState[]; list: CollectionList }): React.JSX.Element {
  const { trans } = useHost();
  return (
    <>
      {sources.map(({ id, title, problem, cut }) => (
        <React.Fragment key={id}>
          {problem && (
            <Problem
              problem={problem}
              server={title}
              backend={id}
              onRetry={() => {
                list.retry(id);
              }}
            />
          )}
          {cut && <Empty>{trans.__('%1 has more than %2 collections; the others are not listed.', title, MOST_COLLECTIONS)}</Empty>}
        </React.Fragment>
      ))}
    </>
  );
}

function useCollectionList(backends: readonly IBackend[], turn: number): CollectionList {
  const last = React.useRef<CollectionList>();
  const list = React.useMemo(() => new CollectionList(backends, last.current), [backends]);
  React.useEffect(() => {
    last.current = list;
    list.load();
    return () => {
      list.dispose();
    };
  }, [list, turn]);
  return list;
}

function countWords(count: number, all: number, isLoading: boolean, trans: ReturnType<typeof useHost>['trans']): string {
  if (isLoading) {
    return trans.__('Loading… %1 collections so far', all);
  }
  if (count === all) {
    return trans._n('%1 collection', '%1 collections', all);
  }
  return count ? trans.__('%1 of %2 collections', count, all) : trans.__('None of %1 collections. Type less, or clear the filters.', all);
}

function pickedRow(rows: readonly ICollection[], { collection, source }: IChoice): ICollection | null {
  if (collection === null) {
    return null;
  }
  const named = rows.filter(row => row.id === collection);
  return named.find(row => source === null || row.sources.includes(source)) ?? null;
}

function sourceFor(row: ICollection, kind: Kind): string | undefined {
  return kind === 'stac' ? row.offers.items : kind === 'dap' ? row.offers.opendap : row.offers.openeo;
}

function codeKinds(row: ICollection, own: readonly string[]): Kind[] {
  return kindsFor(row.abilities, row.sources.some(source => own.includes(source)));
}

function ignore(): void {
  // Nobody wants to be told.
}
