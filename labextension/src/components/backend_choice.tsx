/** The choice of one of several back-ends. */
import React from 'react';

import type { IBackend } from '../backend/backend';
import { useHost } from '../host';

interface IBackendChoiceProps {
  /** What is chosen, in words. */
  label?: string;
  backends: readonly IBackend[];
  /** The id of the one that is chosen. */
  chosen: string;
  onChoose: (id: string) => void;
}

/** The choice, or nothing where there is none to make. */
export function BackendChoice({ label, backends, chosen, onChoose }: IBackendChoiceProps): React.JSX.Element | null {
  const { trans } = useHost();
  if (backends.length < 2) {
    return null;
  }
  return (
    <label className="gdc-BackendChoice">
      {label ?? trans.__('Back-end')}
      <select
        className="gdc-Select"
        value={chosen}
        onChange={event => {
          onChoose(event.target.value);
        }}
      >
        {backends.map(({ id, title }) => (
          <option key={id} value={id}>
            {title}
          </option>
        ))}
      </select>
    </label>
  );
}
