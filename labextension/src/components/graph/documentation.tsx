/** The documentation of a process. */
import React from 'react';

import { useHost } from '../../host';
import { type IProcess } from '../../models/processes';
import { typesOf } from '../../models/schema_check';
import { Tags } from './palette';

export function Documentation({ process }: { process: IProcess }): React.JSX.Element {
  const { trans } = useHost();
  return (
    <article className="gdc-Documentation" aria-label={trans.__('Documentation of %1', process.id)}>
      <h4>
        {process.id} <Tags process={process} />
      </h4>
      {process.summary && <p className="gdc-Documentation-summary">{process.summary}</p>}
      <Prose text={process.description} />
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
                <Prose text={parameter.description} />
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
          <a href={href} target="_blank" rel="noopener noreferrer">
            {title}
          </a>
        </p>
      ))}
    </article>
  );
}

/** Paragraphs of a text; of its Markdown, code and emphasis are shown. */
export function Prose({ text }: { text: string }): React.JSX.Element {
  const paragraphs = text.split(/\n\s*\n/).filter(each => each.trim() !== '');
  return (
    <>
      {paragraphs.map((paragraph, index) => (
        <p key={index}>{piecesOf(paragraph)}</p>
      ))}
    </>
  );
}

function piecesOf(text: string): React.ReactNode[] {
  return text.split(/(`[^`\n]+`|\*\*[^*\n]+\*\*)/).map((piece, index) => {
    if (piece.startsWith('`') && piece.endsWith('`') && piece.length > 2) {
      return <code key={index}>{piece.slice(1, -1)}</code>;
    }
    if (piece.startsWith('**') && piece.endsWith('**') && piece.length > 4) {
      return <strong key={index}>{piece.slice(2, -2)}</strong>;
    }
    return piece;
  });
}
