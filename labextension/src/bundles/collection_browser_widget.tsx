/** The browser of collections as a widget of a notebook. */
import React from 'react';

import '../../style/controls.css';
import '../../style/collections.css';
import { CollectionBrowser } from '../components/collections/collection_browser';
import type { IChoice } from '../models/choice';
import type { JsonRecord } from '../reading';
import { type IWidgetView, useTrait, widgetOf } from './mounting';

function CollectionBrowserView({ model, backends }: IWidgetView): React.JSX.Element {
  const [collection] = useTrait<string | null>(model, 'selected');
  const [address] = useTrait<string | null>(model, 'source');
  const [bbox] = useTrait<IChoice['bbox']>(model, 'bbox');
  const [datetime] = useTrait<IChoice['datetime']>(model, 'datetime');
  const [bands] = useTrait<IChoice['bands']>(model, 'bands');
  const [own] = useTrait<readonly string[]>(model, '_own');
  const source = backends.find(({ url }) => url === address)?.id ?? null;
  const choose = (next: IChoice): void => {
    model.set('selected', next.collection);
    model.set('source', backends.find(({ id }) => id === next.source)?.url ?? null);
    model.set('bbox', next.bbox);
    model.set('datetime', next.datetime);
    model.set('bands', next.bands);
    model.save_changes();
  };
  const tell = (name: string, value: string | JsonRecord[]): void => {
    model.set(name, value);
    model.save_changes();
  };
  return (
    <CollectionBrowser
      backends={backends}
      own={own}
      choice={React.useMemo(() => ({ collection, source, bbox, datetime, bands }), [collection, source, bbox, datetime, bands])}
      onChoice={choose}
      origin="collection-browser"
      onItems={features => {
        tell('items', features);
      }}
      onCode={code => {
        tell('code', code);
      }}
    />
  );
}

export default widgetOf(CollectionBrowserView);
