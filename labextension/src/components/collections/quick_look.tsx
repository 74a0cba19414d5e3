/** A look at a collection: its own picture, that of an item, or a small coverage. */
import React from 'react';

import type { IBackend } from '../../backend/backend';
import { useHost } from '../../host';
import { type ICollection, nameOf } from '../../models/collections';
import type { IItemList } from '../../models/items';
import { isSafeAddress } from '../../reading';
import { Picture } from './picture';

interface IQuickLookProps {
  collection: ICollection;
  backendOf: (id: string | undefined) => IBackend | null;
  items: IItemList | null;
}

export function QuickLook({ collection, backendOf, items }: IQuickLookProps): React.JSX.Element | null {
  const { trans } = useHost();
  const [failed, setFailed] = React.useState<readonly string[]>([]);
  const item = items?.items.find(({ thumbnail }) => thumbnail);
  const candidates = [
    { href: collection.picture, source: collection.sources[0], words: trans.__('Preview') },
    { href: item?.thumbnail ?? '', source: collection.offers.items, words: item?.date ?? '' },
    { href: coveragePicture(collection), source: collection.offers.coverage, words: trans.__('Coverage') }
  ];
  // Items may still come: a coverage is asked for where there are none.
  const isWaiting = collection.abilities.includes('items') && (!items || (items.state === 'loading' && !items.items.length));
  const chosen = candidates.slice(0, isWaiting ? 1 : 3).find(({ href }) => href && !failed.includes(href));
  const backend = backendOf(chosen?.source);
  if (!chosen || !backend) {
    return null;
  }
  return (
    <figure className="gdc-QuickLook">
      <Picture
        backend={backend}
        href={chosen.href}
        alt={trans.__('Quick look at %1', nameOf(collection))}
        className="gdc-QuickLook-picture"
        onNone={() => {
          setFailed([...failed, chosen.href]);
        }}
      />
      <figcaption>{chosen.words}</figcaption>
    </figure>
  );
}

/** The address of a picture of the newest date, where coverages come as pictures. */
function coveragePicture({ links, interval, times, dimensions }: ICollection): string {
  const link = links.find(({ rel, type }) => rel.endsWith('coverage') && type === 'image/png');
  const date = times.at(-1) ?? interval?.[1];
  if (!link || !isSafeAddress(link.href)) {
    return '';
  }
  const address = new URL(link.href);
  const axes = dimensions.filter(({ type }) => type === 'spatial').slice(0, 2);
  if (axes.length === 2) {
    address.searchParams.set('scale-size', axes.map(({ name }) => `${name}(256)`).join(','));
  }
  if (date) {
    address.searchParams.set('datetime', date);
  }
  return address.href;
}
