/** What is to be known of a graph inside an argument: which parameters its steps can use. */
import React from 'react';

import { useHost } from '../../host';
import { graphAt } from '../../models/graph_document';
import { type GraphPath, partsOf } from '../../models/graph_paths';
import { useEditor, useVersion } from './context';
import { Faults } from './node_form';

export function GraphForm({ path }: { path: GraphPath }): React.JSX.Element {
  const { model } = useEditor();
  const { trans } = useHost();
  useVersion(model);
  const { parameters, own } = model.scopeOf(path);
  const count = Object.keys(graphAt(model.document, path)).length;
  return (
    <>
      <h4>{trans.__('%1 of %2', partsOf(path.at(-1) ?? '').join(' › '), path.at(-2) ?? '')}</h4>
      <p>{trans._n('A graph of one step.', 'A graph of %1 steps.', count)}</p>
      <Faults faults={model.faultsOf(path)} />
      {own > 0 && <p>{trans.__('Its steps can take in these parameters:')}</p>}
      <dl>
        {parameters.slice(0, own).map(({ name, description }) => (
          <React.Fragment key={name}>
            <dt>
              <code>{name}</code>
            </dt>
            <dd>{description}</dd>
          </React.Fragment>
        ))}
      </dl>
    </>
  );
}
