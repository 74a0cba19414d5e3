/** The whole process as JSON, which can be edited. */
import React from 'react';

import { useHost } from '../../host';
import { EditRefused } from '../../models/graph_document';
import { readGraph } from '../../models/graph_sources';
import { useEditor, useVersion } from './context';
import { type Parsed, useDraft } from './drafts';

export function JsonPanel(): React.JSX.Element {
  const { model } = useEditor();
  const { trans } = useHost();
  const id = React.useId();
  useVersion(model);
  const parse = (text: string): Parsed => {
    try {
      return { value: readGraph(text) };
    } catch (error) {
      return { problem: error instanceof EditRefused ? trans.__(error.text, ...error.values) : String(error) };
    }
  };
  const draft = useDraft('#json', model.document, value => JSON.stringify(value, null, 2), parse, value => {
    model.load(value, { run: '#json' });
  });
  return (
    <div className="gdc-JsonPanel">
      <label htmlFor={id}>{trans.__('The process as JSON; what you change here is taken over while you type.')}</label>
      <textarea
        id={id}
        className="gdc-Input gdc-mod-code"
        rows={24}
        spellCheck={false}
        aria-invalid={draft.problem !== null || undefined}
        aria-describedby={`${id}-problem`}
        data-draft={draft.problem !== null || undefined}
        value={draft.text}
        onChange={event => {
          draft.onText(event.target.value);
        }}
      />
      <p id={`${id}-problem`} className="gdc-Field-fault" role="status">
        {draft.problem && trans.__('Not taken over: %1', draft.problem)}
      </p>
    </div>
  );
}
