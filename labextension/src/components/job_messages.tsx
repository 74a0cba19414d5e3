/** A question and a notice above the table of jobs. */
import React from 'react';

import { useHost } from '../host';
import type { IQuestion } from './job_actions';
import type { INotice } from './job_hooks';

/** A question that waits for an answer; Escape is a no. */
export function Question({ text, yes, onYes, onNo }: IQuestion): React.JSX.Element {
  const { trans } = useHost();
  const id = React.useId();
  return (
    <div
      className="gdc-Jobs-question"
      role="alertdialog"
      aria-labelledby={id}
      onKeyDown={event => {
        if (event.key === 'Escape') {
          event.stopPropagation();
          onNo();
        }
      }}
    >
      <span id={id}>{text}</span>
      <span className="gdc-Jobs-buttons">
        <button type="button" className="gdc-Button gdc-mod-danger" onClick={onYes}>
          {yes}
        </button>
        {/* The one that loses nothing is the one that the Enter key takes. */}
        <button type="button" className="gdc-Button" onClick={onNo} autoFocus>
          {trans.__('Keep')}
        </button>
      </span>
    </div>
  );
}

export function Notice({ text, isError, onClose }: INotice & { onClose?: () => void }): React.JSX.Element | null {
  const { trans } = useHost();
  if (!text) {
    return null;
  }
  return (
    <div className={`gdc-Jobs-notice ${isError ? 'gdc-mod-error' : ''}`} role={isError ? 'alert' : 'status'}>
      <p>{text}</p>
      {onClose && (
        <button type="button" className="gdc-Button gdc-mod-plain" aria-label={trans.__('Close this message')} onClick={onClose}>
          ×
        </button>
      )}
    </div>
  );
}
