/** Fields for texts, numbers, choices and JSON. */
import React from 'react';

import { useHost } from '../../host';
import { choicesOf } from '../../models/value_kinds';
import type { JsonRecord } from '../../reading';
import { type Parsed, useDraft } from './drafts';

/** What every field gets. */
export interface IFieldProps {
  id: string;
  value: unknown;
  onValue: (value: unknown, typing: boolean) => void;
  /** The place of the field in the document, for what is typed and not a value yet. */
  place: string;
  schema: JsonRecord;
  invalid: boolean;
  describedBy: string;
}

const shared = ({ id, invalid, describedBy }: IFieldProps): object => ({
  id,
  'aria-invalid': invalid || undefined,
  'aria-describedby': describedBy || undefined
});

/** A text, with suggestions where there are some. */
export function TextField(props: IFieldProps & { suggestions?: readonly string[] }): React.JSX.Element {
  const { id, value, onValue, suggestions = [] } = props;
  return (
    <>
      <input
        {...shared(props)}
        className="gdc-Input"
        type="text"
        spellCheck={false}
        autoComplete="off"
        list={suggestions.length ? `${id}-list` : undefined}
        value={typeof value === 'string' ? value : ''}
        onChange={event => {
          onValue(event.target.value, true);
        }}
      />
      {suggestions.length > 0 && (
        <datalist id={`${id}-list`}>
          {suggestions.map(each => (
            <option key={each} value={each} />
          ))}
        </datalist>
      )}
    </>
  );
}

export function CodeField(props: IFieldProps): React.JSX.Element {
  const { value, onValue } = props;
  const text = typeof value === 'string' ? value : '';
  return (
    <textarea
      {...shared(props)}
      className="gdc-Input gdc-mod-code"
      rows={Math.min(Math.max(text.split('\n').length + 1, 4), 20)}
      spellCheck={false}
      value={text}
      onChange={event => {
        onValue(event.target.value, true);
      }}
    />
  );
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** A text as a number; one that is none is kept as the text it is, and is a fault. */
function numberOrText(text: string): Parsed {
  const trimmed = text.trim().replace(',', '.');
  if (trimmed === '') {
    return { value: undefined };
  }
  return { value: NUMBER.test(trimmed) ? Number(trimmed) : text };
}

const asText = (value: unknown): string => (typeof value === 'number' || typeof value === 'string' ? String(value) : '');

export function NumberField(props: IFieldProps): React.JSX.Element {
  const { place, value, onValue } = props;
  const draft = useDraft(place, value, asText, numberOrText, next => {
    onValue(next, true);
  });
  return (
    <input
      {...shared(props)}
      className="gdc-Input gdc-mod-number"
      type="text"
      inputMode="decimal"
      autoComplete="off"
      value={draft.text}
      onChange={event => {
        draft.onText(event.target.value);
      }}
    />
  );
}

export function BooleanField(props: IFieldProps): React.JSX.Element {
  const { trans } = useHost();
  return (
    <label className="gdc-Check">
      <input
        {...shared(props)}
        type="checkbox"
        checked={props.value === true}
        onChange={event => {
          props.onValue(event.target.checked, false);
        }}
      />
      {props.value === true ? trans.__('yes (true)') : trans.__('no (false)')}
    </label>
  );
}

export function ChoiceField(props: IFieldProps): React.JSX.Element {
  const { trans } = useHost();
  const choices = choicesOf(props.schema);
  const index = choices.findIndex(choice => JSON.stringify(choice) === JSON.stringify(props.value));
  return (
    <select
      {...shared(props)}
      className="gdc-Select"
      value={index}
      onChange={event => {
        props.onValue(choices[Number(event.target.value)], false);
      }}
    >
      {index < 0 && (
        <option value={-1}>{props.value === undefined ? trans.__('Choose…') : JSON.stringify(props.value)}</option>
      )}
      {choices.map((choice, number) => (
        <option key={number} value={number}>
          {typeof choice === 'string' ? choice : JSON.stringify(choice)}
        </option>
      ))}
    </select>
  );
}

/** One out of names: nodes, parameters. */
export function NameField(
  props: Omit<IFieldProps, 'value' | 'schema' | 'place'> & { value: string; names: readonly string[]; label?: string }
): React.JSX.Element {
  const { trans } = useHost();
  const { value, names } = props;
  return (
    <select
      {...shared({ ...props, place: '', schema: {} })}
      className="gdc-Select"
      aria-label={props.label}
      value={value}
      onChange={event => {
        props.onValue(event.target.value, false);
      }}
    >
      {!names.includes(value) && <option value={value}>{value || trans.__('Choose…')}</option>}
      {names.map(name => (
        <option key={name} value={name}>
          {name}
        </option>
      ))}
    </select>
  );
}

const namesIn = (text: string): Parsed => {
  const names = text.split(',').map(name => name.trim());
  return { value: text.trim() === '' ? [] : names.filter(Boolean) };
};

const joined = (value: unknown): string => (Array.isArray(value) ? (value as string[]).join(', ') : '');

/** Names with commas between them. */
export function NamesField(props: IFieldProps): React.JSX.Element {
  const { trans } = useHost();
  const draft = useDraft(props.place, props.value, joined, namesIn, next => {
    props.onValue(next, true);
  });
  return (
    <input
      {...shared(props)}
      className="gdc-Input"
      type="text"
      spellCheck={false}
      autoComplete="off"
      placeholder={trans.__('B04, B08')}
      value={draft.text}
      onChange={event => {
        draft.onText(event.target.value);
      }}
    />
  );
}

/** Any JSON as text, which is taken over whenever it can be read. */
export function JsonField(props: IFieldProps): React.JSX.Element {
  const { trans } = useHost();
  const { place, value, onValue, id } = props;
  const parse = (text: string): Parsed => {
    if (text.trim() === '') {
      return { value: undefined };
    }
    try {
      return { value: JSON.parse(text) as unknown };
    } catch (error) {
      return { problem: trans.__('This is not JSON yet, and not taken over: %1', error instanceof Error ? error.message : '') };
    }
  };
  const draft = useDraft(place, value, formatted, parse, next => {
    onValue(next, true);
  });
  return (
    <>
      <textarea
        {...shared({ ...props, invalid: props.invalid || draft.problem !== null })}
        aria-describedby={`${id}-json ${props.describedBy}`}
        className="gdc-Input gdc-mod-code"
        rows={Math.min(Math.max(draft.text.split('\n').length, 2), 16)}
        spellCheck={false}
        data-draft={draft.problem !== null || undefined}
        value={draft.text}
        onChange={event => {
          draft.onText(event.target.value);
        }}
      />
      <p id={`${id}-json`} className="gdc-Field-fault" hidden={draft.problem === null}>
        {draft.problem}
      </p>
    </>
  );
}

/** JSON with small lists and objects on one line. */
export function formatted(value: unknown): string {
  if (value === undefined) {
    return '';
  }
  const short = JSON.stringify(value);
  return short.length <= 60 ? short : JSON.stringify(value, null, 2);
}
