/** What the parts of a graph editor share. */
import React from 'react';

import { useHost } from '../../host';
import type { GraphModel } from '../../models/graph';
import { EditRefused } from '../../models/graph_document';
import type { GraphServices, IServicesState } from '../../models/graph_services';
import { useStore } from '../use_store';

export interface IEditor {
  readonly model: GraphModel;
  readonly services: GraphServices;
  /** Say something in the live region. */
  readonly say: (text: string) => void;
  /** Texts that cannot be taken over as they are, kept until they are right, by the place they are typed at. */
  readonly drafts: Map<string, string>;
}

export const EditorContext = React.createContext<IEditor | null>(null);

export function useEditor(): IEditor {
  const editor = React.useContext(EditorContext);
  if (!editor) {
    throw new Error('This is a part of a graph editor.');
  }
  return editor;
}

/** Show a component again whenever the model has changed. */
export function useVersion(model: GraphModel): number {
  return useStore(model.versions);
}

export function useServices(): IServicesState {
  return useStore(useEditor().services.store);
}

/** Make an edit; where it is refused, the reason is said and returned. */
export function useAttempt(): (edit: () => void) => string | null {
  const { say } = useEditor();
  const { trans } = useHost();
  return React.useCallback(
    edit => {
      try {
        edit();
        return null;
      } catch (error) {
        if (!(error instanceof EditRefused)) {
          throw error;
        }
        const reason = trans.__(error.text, ...error.values);
        say(reason);
        return reason;
      }
    },
    [say, trans]
  );
}
