/** Arguments that are graphs: a callback, or one condition for each property of metadata. */
import React from 'react';

import { useHost } from '../../host';
import { isCallback } from '../../models/graph_paths';
import { isRecord, recordOf } from '../../reading';
import type { IFieldProps } from './simple_fields';

interface IGraphValueProps extends IFieldProps {
  onOpen: ((...parts: string[]) => void) | null;
}

export function GraphValue({ id, value, onOpen, describedBy }: IGraphValueProps): React.JSX.Element {
  const { trans } = useHost();
  const processes = Object.values(recordOf(value, 'process_graph')).map(node => (isRecord(node) ? String(node.process_id) : '?'));
  return (
    <div className="gdc-GraphValue">
      <span>{processes.length ? processes.join(' → ') : trans.__('No steps yet')}</span>
      {onOpen && (
        <button
          id={`${id}-open`}
          type="button"
          className="gdc-Button"
          aria-describedby={describedBy || undefined}
          onClick={() => {
            onOpen();
          }}
        >
          {processes.length ? trans.__('Edit its steps') : trans.__('Add its first step')}
        </button>
      )}
    </div>
  );
}

export function GraphsValue({ id, value, onValue, onOpen }: IGraphValueProps): React.JSX.Element {
  const { trans } = useHost();
  const [name, setName] = React.useState('');
  const graphs = isRecord(value) ? value : {};
  const add = (): void => {
    if (name.trim() !== '' && !Object.hasOwn(graphs, name.trim())) {
      onValue({ ...graphs, [name.trim()]: { process_graph: {} } }, false);
      setName('');
    }
  };
  return (
    <div className="gdc-GraphsValue">
      {Object.entries(graphs).map(([property, graph]) => (
        <div key={property} className="gdc-GraphValue">
          <code>{property}</code>
          {onOpen && isCallback(graph) && (
            <button
              type="button"
              className="gdc-Button"
              onClick={() => {
                onOpen(property);
              }}
            >
              {trans.__('Edit the condition on %1', property)}
            </button>
          )}
          <button
            type="button"
            className="gdc-Button gdc-mod-plain"
            aria-label={trans.__('Remove the condition on %1', property)}
            onClick={() => {
              onValue(Object.fromEntries(Object.entries(graphs).filter(([key]) => key !== property)), false);
            }}
          >
            ×
          </button>
        </div>
      ))}
      <div className="gdc-GraphValue">
        <input
          id={id}
          className="gdc-Input"
          type="text"
          placeholder="eo:cloud_cover"
          aria-label={trans.__('Property of the metadata')}
          value={name}
          onChange={event => {
            setName(event.target.value);
          }}
          onKeyDown={event => {
            if (event.key === 'Enter') {
              event.preventDefault();
              add();
            }
          }}
        />
        <button type="button" className="gdc-Button" onClick={add}>
          {trans.__('Add a condition')}
        </button>
      </div>
    </div>
  );
}
