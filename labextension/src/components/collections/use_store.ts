/** A store, followed by a component. */
import React from 'react';

import type { Store } from '../../models/store';

export function useStore<T>(store: Store<T>): T {
  return React.useSyncExternalStore(store.subscribe, store.get);
}
