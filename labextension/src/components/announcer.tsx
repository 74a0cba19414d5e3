/** A live region: what has changed, told to people who do not see it change. */
import React from 'react';

/** The region, and a function that says something politely in it. */
export function useAnnouncer(): [React.JSX.Element, (text: string) => void] {
  const [said, setSaid] = React.useState({ text: '', turn: 0 });
  const say = React.useCallback((text: string) => {
    setSaid(({ turn }) => ({ text, turn: turn + 1 }));
  }, []);
  // A text that is said a second time is told again only where it differs.
  const region = (
    <div className="gdc-visually-hidden" role="status" aria-live="polite" aria-atomic="true">
      {said.text}
      {said.turn % 2 ? '\u00a0' : ''}
    </div>
  );
  return [region, say];
}
