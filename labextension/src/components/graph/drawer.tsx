/** A part of the editor that opens below its buttons, and closes by Escape. */
import React from 'react';

import type { BackendError } from '../../backend/backend';
import { useHost } from '../../host';
import { Problem } from '../states';
import { useEditor } from './context';

interface IDrawerProps {
  title: string;
  onClose: () => void;
  children: React.ReactNode;
}

export function Drawer({ title, onClose, children }: IDrawerProps): React.JSX.Element {
  const { trans } = useHost();
  const id = React.useId();
  const drawer = React.useRef<HTMLDivElement>(null);
  React.useEffect(() => {
    drawer.current?.querySelector<HTMLElement>('.gdc-Drawer-body :is(input, textarea, select, button:not(:disabled))')?.focus();
  }, []);
  return (
    <div
      ref={drawer}
      role="dialog"
      aria-labelledby={`${id}-title`}
      className="gdc-Drawer"
      onKeyDown={event => {
        if (event.key === 'Escape') {
          event.preventDefault();
          event.stopPropagation();
          onClose();
        }
      }}
    >
      <div className="gdc-Drawer-head">
        <h4 id={`${id}-title`}>{title}</h4>
        <button type="button" className="gdc-Button gdc-mod-plain" aria-label={trans.__('Close')} onClick={onClose}>
          ×
        </button>
      </div>
      <div className="gdc-Drawer-body">{children}</div>
    </div>
  );
}

/** What the back-end said to a request that failed. */
export function RequestProblem({ problem }: { problem: BackendError | null }): React.JSX.Element | null {
  const { services } = useEditor();
  const { id, title } = services.backend;
  return problem && <Problem problem={problem} server={title} backend={id} />;
}
