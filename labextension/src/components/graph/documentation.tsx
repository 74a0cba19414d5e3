/** The documentation of a process. */
import React from 'react';

import { useHost } from '../../host';
import { type IProcess } from '../../models/processes';
import { typesOf } from '../../models/schema_check';
import { Blocks, OutsideLink } from '../collections/description';
import { Tags } from './palette';

export function Documentation({ process }: { process: IProcess }): React.JSX.Element {
  const { trans } = useHost();
  return (
    <article className="gdc-Documentation" aria-label={trans.__('Documentation of %1', process.id)}>
      <h4>
        {process.id} <Tags process={process} />
      </h4>
      {process.summary && <p className="gdc-Documentation-summary">{process.summary}</p>}
      <Blocks text={process.description} />
      {process.parameters.length > 0 && (
        <dl>
          {process.parameters.map(parameter => (
            <React.Fragment key={parameter.name}>
              <dt>
                <code>{parameter.name}</code>{' '}
                <span className="gdc-Documentation-type">
                  {[...new Set(parameter.schemas.flatMap(typesOf))].join(', ')}
                  {parameter.optional ? ` · ${trans.__('optional')}` : ''}
                </span>
              </dt>
              <dd>
                <Blocks text={parameter.description} />
              </dd>
            </React.Fragment>
          ))}
        </dl>
      )}
      {process.returns.description && (
        <p>
          <strong>{trans.__('Gives')}</strong> {process.returns.description}
        </p>
      )}
      {process.links.map(({ href, title }) => (
        <p key={href}>
          <OutsideLink href={href}>{title}</OutsideLink>
        </p>
      ))}
    </article>
  );
}
