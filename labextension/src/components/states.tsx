/** What stands where content would be: it is loading, there is none, or something is wrong, with what to do next. */
import React from 'react';

import type { BackendError } from '../backend/backend';
import { useHost } from '../host';
import type { ITranslation } from '../translation';

export function Loading({ what }: { what: string }): React.JSX.Element {
  return (
    <p className="gdc-State gdc-mod-loading" role="status">
      <span className="gdc-Spinner" aria-hidden="true" />
      {what}
    </p>
  );
}

export function Empty({ children }: { children: React.ReactNode }): React.JSX.Element {
  return <div className="gdc-State gdc-mod-empty">{children}</div>;
}

interface IProblemProps {
  problem: BackendError;
  /** The name of the back-end. */
  server: string;
  /** The id of the back-end, to which the user can sign in where the place has a way. */
  backend?: string;
  onRetry?: () => void;
}

/** What went wrong, in words that say what to do, with the button that tries again. */
export function Problem({ problem, server, backend, onRetry }: IProblemProps): React.JSX.Element {
  const host = useHost();
  const { trans } = host;
  return (
    <div className={`gdc-State gdc-mod-problem gdc-mod-${problem.kind}`} role="alert">
      <p>
        <strong>{headlineOf(problem, server, trans)}</strong> {adviceOf(problem, trans)}
      </p>
      {host.signIn && backend && problem.kind === 'signed-out' && (
        <button type="button" className="gdc-Button gdc-mod-primary" onClick={() => void host.signIn?.(backend)}>
          {trans.__('Sign in')}
        </button>
      )}
      {onRetry && (
        <button type="button" className="gdc-Button" onClick={onRetry}>
          {trans.__('Try again')}
        </button>
      )}
    </div>
  );
}

function headlineOf({ kind, message }: BackendError, server: string, trans: ITranslation): string {
  switch (kind) {
    case 'offline':
      return trans.__('%1 does not answer.', server);
    case 'timeout':
      return trans.__('%1 takes long to answer.', server);
    case 'signed-out':
      return trans.__('%1 wants a login.', server);
    case 'unsupported':
      return trans.__('%1 does not offer this.', server);
    case 'rubbish':
      return trans.__('%1 gave an answer that cannot be read.', server);
    case 'failed':
      return trans.__('%1 failed: %2', server, message);
    default:
      return message;
  }
}

function adviceOf({ kind, message }: BackendError, trans: ITranslation): string {
  switch (kind) {
    case 'offline':
      return trans.__('What was loaded stays. Check the network or start the server, then try again.');
    case 'timeout':
      return trans.__('What was loaded stays. Try again in a while.');
    case 'signed-out':
      return message;
    case 'kernel':
      return trans.__('Wait until the running cell is done, or restart the kernel and run the cell again.');
    case 'failed':
      return trans.__('The fault is on the server. Try again in a while.');
    default:
      return '';
  }
}
