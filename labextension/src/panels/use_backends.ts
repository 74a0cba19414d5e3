/** The back-ends of the panels, followed by a component. */
import React from 'react';

import type { IBackend } from '../backend/backend';
import { useStore } from '../components/use_store';
import type { IBackends } from '../tokens';

export function useBackends(backends: IBackends): readonly IBackend[] {
  const store = React.useMemo(
    () => ({
      get: () => backends.all,
      subscribe: (listener: () => void) => {
        backends.changed.connect(listener);
        return () => {
          backends.changed.disconnect(listener);
        };
      }
    }),
    [backends]
  );
  return useStore(store);
}
