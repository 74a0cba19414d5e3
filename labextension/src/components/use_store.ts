/** A store, followed by a component. */
import React from 'react';

import type { Store } from '../models/store';

export function useStore<T>({ get, subscribe }: Pick<Store<T>, 'get' | 'subscribe'>): T {
  return React.useSyncExternalStore(subscribe, get);
}
