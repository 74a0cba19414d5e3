/** Fields whose text is not always a value yet: it is kept as it is typed, and told when it is one. */
import React from 'react';

import { useEditor } from './context';

export interface IDraft {
  readonly text: string;
  /** Why the text is no value; null where it is one. */
  readonly problem: string | null;
  readonly onText: (text: string) => void;
}

/** What a text stands for, or why it stands for nothing. */
export type Parsed = { readonly value: unknown } | { readonly problem: string };

/**
 * The text of a field.
 *
 * @param place - where the field is, the same whenever it is shown
 * @param value - the value that it has
 */
export function useDraft(
  place: string,
  value: unknown,
  format: (value: unknown) => string,
  parse: (text: string) => Parsed,
  onValue: (value: unknown) => void
): IDraft {
  const { drafts } = useEditor();
  const [, redraw] = React.useReducer((turn: number) => turn + 1, 0);
  const draft = drafts.get(place);
  const parsed = draft === undefined ? null : parse(draft);
  // A text that stands for the value, such as `1.` or `[ 1 ]`, stays as it is typed; one that has become old does not.
  const isCurrent = parsed !== null && ('problem' in parsed || sameValue(parsed.value, value));
  return {
    text: isCurrent && draft !== undefined ? draft : format(value),
    problem: isCurrent && 'problem' in parsed ? parsed.problem : null,
    onText: text => {
      drafts.set(place, text);
      const next = parse(text);
      if ('value' in next && !sameValue(next.value, value)) {
        onValue(next.value);
      }
      redraw();
    }
  };
}

function sameValue(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
