/** The code for what is chosen: to be put into the notebook, or to be copied. */
import React from 'react';

import { useHost } from '../../host';
import { type Kind } from '../../models/snippets';
import { kindLabel } from './words';

interface ICodeOfferProps {
  kinds: readonly Kind[];
  kind: Kind;
  code: string;
  origin: string;
  onKind: (kind: Kind) => void;
  /** Told of the code that was put somewhere. */
  onCode: (code: string) => void;
  say: (text: string) => void;
}

export function CodeOffer({ kinds, kind, code, origin, onKind, onCode, say }: ICodeOfferProps): React.JSX.Element {
  const host = useHost();
  const { trans } = host;
  const [told, setTold] = React.useState('');
  const text = React.useRef<HTMLPreElement>(null);
  const tell = (words: string): void => {
    setTold(words);
    say(words);
  };
  const insert = async (): Promise<void> => {
    onCode(code);
    const isIn = await host.insertCode(code, origin);
    tell(isIn ? trans.__('The code is in the notebook.') : trans.__('There is no notebook that takes the code: copy it.'));
  };
  const copy = async (): Promise<void> => {
    onCode(code);
    try {
      await navigator.clipboard.writeText(code);
      tell(trans.__('Copied.'));
    } catch {
      // Pages without encryption may not write to the clipboard.
      if (text.current) {
        getSelection()?.selectAllChildren(text.current);
        text.current.focus();
      }
      tell(trans.__('The code is marked: copy it with Ctrl+C.'));
    }
  };
  return (
    <div className="gdc-Code">
      <div className="gdc-Code-bar">
        <label>
          {trans.__('Code')}{' '}
          <select
            className="gdc-Select"
            value={kind}
            onChange={event => {
              onKind(kinds.find(one => one === event.target.value) ?? kind);
            }}
          >
            {kinds.map(one => (
              <option key={one} value={one}>
                {kindLabel(one, trans)}
              </option>
            ))}
          </select>
        </label>
        <button
          type="button"
          className="gdc-Button gdc-mod-primary"
          onClick={() => {
            void insert();
          }}
        >
          {trans.__('Insert code')}
        </button>
        <button
          type="button"
          className="gdc-Button"
          onClick={() => {
            void copy();
          }}
        >
          {trans.__('Copy')}
        </button>
        <span className="gdc-Code-told">{told}</span>
      </div>
      <pre ref={text} className="gdc-Code-text" tabIndex={0} role="region" aria-label={trans.__('Code of the selection')}>
        {code}
      </pre>
    </div>
  );
}
