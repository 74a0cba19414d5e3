/** A description as text with its headings, lists and links: whatever else is in it is shown as it was written. */
import React from 'react';

import { useHost } from '../../host';
import { blocksOf, type IBlock, type Inline } from '../../models/markdown';

const FEW_CHARACTERS = 420;

export function Description({ text }: { text: string }): React.JSX.Element {
  const { trans } = useHost();
  const [isWhole, setIsWhole] = React.useState(false);
  const isLong = text.length > FEW_CHARACTERS;
  return (
    <div className="gdc-Description">
      <div className={isLong && !isWhole ? 'gdc-Description-text gdc-mod-short' : 'gdc-Description-text'}>
        <Blocks text={text} />
      </div>
      {isLong && (
        <button
          type="button"
          className="gdc-Button gdc-mod-plain"
          aria-expanded={isWhole}
          onClick={() => {
            setIsWhole(!isWhole);
          }}
        >
          {isWhole ? trans.__('Show less') : trans.__('Show all of the description')}
        </button>
      )}
    </div>
  );
}

/** The paragraphs, headings and items of a text. */
export function Blocks({ text }: { text: string }): React.JSX.Element {
  const blocks = React.useMemo(() => blocksOf(text), [text]);
  return (
    <>
      {blocks.map((block, position) => (
        <Block key={position} block={block} />
      ))}
    </>
  );
}

function Block({ block: { kind, inlines } }: { block: IBlock }): React.JSX.Element {
  const content = inlines.map((inline, position) => <Piece key={position} inline={inline} />);
  switch (kind) {
    case 'heading':
      return (
        <p>
          <strong>{content}</strong>
        </p>
      );
    case 'item':
      return <p className="gdc-Description-item">{content}</p>;
    case 'paragraph':
      return <p>{content}</p>;
  }
}

function Piece({ inline }: { inline: Inline }): React.JSX.Element {
  switch (inline.kind) {
    case 'code':
      return <code>{inline.text}</code>;
    case 'strong':
      return <strong>{inline.text}</strong>;
    case 'emphasis':
      return <em>{inline.text}</em>;
    case 'link':
      return <OutsideLink href={inline.href}>{inline.text}</OutsideLink>;
    case 'text':
      return <>{inline.text}</>;
  }
}

/** A link to a page elsewhere, which does not learn where the reader comes from. */
export function OutsideLink({ href, children }: { href: string; children: React.ReactNode }): React.JSX.Element {
  return (
    <a href={href} target="_blank" rel="noopener noreferrer">
      {children}
    </a>
  );
}
