/** One collection in full, and the choice of a part of it. */
import React from 'react';

import { asBackendError, type BackendError, type IBackend } from '../../backend/backend';
import { useHost } from '../../host';
import type { CollectionList } from '../../models/collection_list';
import { type IChoice, selectionOf } from '../../models/choice';
import { type ICollection, type ILink, nameOf } from '../../models/collections';
import { type Interval, nextDay } from '../../models/extents';
import { itemsRequest, type IItemList, ItemList } from '../../models/items';
import { type Kind, snippet } from '../../models/snippets';
import { Store } from '../../models/store';
import { isSafeAddress, type JsonRecord } from '../../reading';
import { Problem } from '../states';
import { useStore } from '../use_store';
import { AvailabilityStrip } from './availability_strip';
import { ChoiceForm } from './choice_form';
import { CodeOffer } from './code_offer';
import { Description, OutsideLink } from './description';
import { Footprint } from './footprint';
import { ItemListView } from './item_list';
import { QuickLook } from './quick_look';
import { BandTable, DimensionTable } from './tables';
import { abilityHint, abilityLabel, daysOf } from './words';

export interface IDetailsProps {
  list: CollectionList;
  /** The collection as the list has it. */
  row: ICollection;
  backendOf: (id: string | undefined) => IBackend | null;
  choice: IChoice;
  onChoice: (change: Partial<IChoice>) => void;
  kinds: readonly Kind[];
  kind: Kind | null;
  onKind: (kind: Kind) => void;
  rootUrl: string | null;
  origin: string;
  onItems: (features: JsonRecord[]) => void;
  onCode: (code: string) => void;
  say: (text: string) => void;
}

export function Details(props: IDetailsProps): React.JSX.Element {
  const { list, row, backendOf, choice, onChoice, say } = props;
  const host = useHost();
  const { trans } = host;
  const id = React.useId();
  const { collection, problem, retry } = useDescription(list, row);
  const backend = backendOf(row.sources[0]);
  const itemsBackend = backendOf(collection.offers.items);
  const [items, itemList] = useItems(itemsBackend, collection, choice, props.onItems);
  const selection = selectionOf(choice);
  const setInterval = (datetime: Interval): void => {
    onChoice({ datetime });
    say(trans.__('Time: %1 to %2', datetime[0] ?? '…', datetime[1] ?? '…'));
  };
  return (
    <article className="gdc-Details" aria-labelledby={`${id}-title`}>
      <header className="gdc-Details-head">
        <h3 id={`${id}-title`}>{nameOf(collection)}</h3>
        <p className="gdc-Details-id">
          <code>{collection.id}</code>
        </p>
        <ul className="gdc-Badges" aria-label={trans.__('Can do')}>
          {collection.abilities.map(ability => (
            <li key={ability} className={`gdc-Badge gdc-mod-${ability}`} title={abilityHint(ability, trans)}>
              {abilityLabel(ability, trans)}
            </li>
          ))}
        </ul>
      </header>
      {problem && <Problem problem={problem} server={backend?.title ?? row.id} backend={backend?.id} onRetry={retry} />}
      <div className="gdc-Details-pictures">
        <Footprint area={collection.area} chosen={choice.bbox} />
        <QuickLook collection={collection} backendOf={backendOf} items={itemList} />
      </div>
      <AvailabilityStrip
        collection={collection}
        backend={itemsBackend}
        fields={list.capabilitiesOf(collection.offers.items ?? '').fields}
        chosen={choice.datetime}
        onPeriod={setInterval}
      />
      <ChoiceForm collection={collection} choice={choice} onChoice={onChoice} />
      {selection && host.showOnMap && collection.abilities.includes('openeo') && (
        <p>
          <button
            type="button"
            className="gdc-Button"
            onClick={() => {
              host.showOnMap?.({ selection, title: nameOf(collection), backend: collection.offers.openeo });
            }}
          >
            {trans.__('Show on the map')}
          </button>
        </p>
      )}
      {selection && props.kind && (
        <CodeOffer
          kinds={props.kinds}
          kind={props.kind}
          code={snippet(selection, props.kind, props.rootUrl)}
          origin={props.origin}
          onKind={props.onKind}
          onCode={props.onCode}
          say={say}
        />
      )}
      {items && itemsBackend && itemList && (
        <Section title={trans.__('Items')} isOpen>
          <ItemListView
            backend={itemsBackend}
            list={items}
            state={itemList}
            onDate={day => {
              setInterval([day, nextDay(day)]);
            }}
          />
        </Section>
      )}
      {collection.description && (
        <Section title={trans.__('Description')} isOpen>
          <Description text={collection.description} />
        </Section>
      )}
      {collection.bands.length > 0 && (
        <Section title={trans.__('Bands')}>
          <BandTable bands={collection.bands} />
        </Section>
      )}
      {collection.dimensions.length > 0 && (
        <Section title={trans.__('Dimensions')}>
          <DimensionTable dimensions={collection.dimensions} />
        </Section>
      )}
      <Section title={trans.__('Licence, providers and links')}>
        <Facts collection={collection} />
      </Section>
    </article>
  );
}

function Section({ title, isOpen = false, children }: { title: string; isOpen?: boolean; children: React.ReactNode }): React.JSX.Element {
  return (
    <details className="gdc-Details-section" open={isOpen}>
      <summary>{title}</summary>
      {children}
    </details>
  );
}

/** Links that lead the program from page to page, and say nothing to people. */
const STRUCTURE = ['self', 'root', 'parent', 'items', 'data', 'collection', 'child', 'next', 'prev'];

function Facts({ collection }: { collection: ICollection }): React.JSX.Element {
  const { trans } = useHost();
  const links = collection.links.filter(({ rel }) => !STRUCTURE.includes(rel));
  return (
    <dl className="gdc-Facts">
      <dt>{trans.__('Time')}</dt>
      <dd>{daysOf(collection, trans)}</dd>
      <dt>{trans.__('Licence')}</dt>
      <dd>{collection.licence || trans.__('not told')}</dd>
      {collection.providers.length > 0 && (
        <>
          <dt>{trans.__('Providers')}</dt>
          {collection.providers.map(({ name, roles, url }, position) => (
            <dd key={position}>
              {isSafeAddress(url) ? <OutsideLink href={url}>{name}</OutsideLink> : name}
              {roles.length > 0 && ` (${roles.join(', ')})`}
            </dd>
          ))}
        </>
      )}
      {collection.keywords.length > 0 && (
        <>
          <dt>{trans.__('Keywords')}</dt>
          <dd>{collection.keywords.join(', ')}</dd>
        </>
      )}
      {links.length > 0 && (
        <>
          <dt>{trans.__('Links')}</dt>
          {links.map((link, position) => (
            <dd key={position}>
              <LinkLine link={link} />
            </dd>
          ))}
        </>
      )}
    </dl>
  );
}

function LinkLine({ link: { rel, href, title, type } }: { link: ILink }): React.JSX.Element {
  const label = title || href;
  const relation = rel.split('/').at(-1) ?? rel;
  return (
    <>
      {isSafeAddress(href) ? <OutsideLink href={href}>{label}</OutsideLink> : label}{' '}
      <span className="gdc-Facts-rel">
        {relation}
        {type && `, ${type.split(';')[0] ?? ''}`}
      </span>
    </>
  );
}

/** The whole metadata of a collection; what the list has until they are there. */
function useDescription(
  list: CollectionList,
  row: ICollection
): { collection: ICollection; problem: BackendError | null; retry: () => void } {
  const [told, setTold] = React.useState<{ key: string; collection?: ICollection; problem?: BackendError } | null>(null);
  const [turn, setTurn] = React.useState(0);
  const latest = React.useRef(row);
  latest.current = row;
  React.useEffect(() => {
    const abort = new AbortController();
    const { key } = latest.current;
    list.describe(latest.current, abort.signal).then(
      collection => {
        if (!abort.signal.aborted) {
          setTold({ key, collection });
        }
      },
      (error: unknown) => {
        if (!abort.signal.aborted) {
          setTold({ key, problem: asBackendError(error) });
        }
      }
    );
    return () => {
      abort.abort();
    };
  }, [list, row.key, turn]);
  const current = told?.key === row.key ? told : null;
  return {
    collection: current?.collection ?? row,
    problem: current?.problem ?? null,
    retry: () => {
      setTold(null);
      setTurn(turn + 1);
    }
  };
}

/** The first items of a collection within the choice, asked for when the choice has stood still for a moment. */
function useItems(
  backend: IBackend | null,
  { id, abilities }: ICollection,
  { bbox, datetime }: IChoice,
  onItems: (features: JsonRecord[]) => void
): [ItemList | null, IItemList | null] {
  const asked = JSON.stringify([id, bbox, datetime]);
  const isSearched = abilities.includes('items');
  const [list, setList] = React.useState<ItemList | null>(null);
  const state = useStore<IItemList | null>(list?.store ?? NO_ITEMS);
  React.useEffect(() => {
    if (!backend || !isSearched) {
      setList(null);
      return;
    }
    const wanted = JSON.parse(asked) as [string, IChoice['bbox'], IChoice['datetime']];
    const next = new ItemList(backend, itemsRequest(wanted[0], { bbox: wanted[1], datetime: wanted[2] }));
    const timer = setTimeout(() => {
      setList(next);
      void next.more();
    }, 250);
    return () => {
      clearTimeout(timer);
      next.dispose();
    };
  }, [backend, asked, isSearched]);
  const tell = React.useRef(onItems);
  tell.current = onItems;
  const items = state?.items;
  React.useEffect(() => {
    tell.current((items ?? []).map(item => item.feature));
  }, [items]);
  return [list, state];
}

const NO_ITEMS = new Store<IItemList | null>(null);
