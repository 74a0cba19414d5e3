/** What a process is called and which parameters it has, for processes that are stored and called by their name. */
import React from 'react';

import { useHost } from '../../host';
import { NO_HINTS } from '../../models/collection_hints';
import { readParameters } from '../../models/processes';
import { isRecord, type JsonRecord, textOf } from '../../reading';
import { useEditor, useVersion } from './context';
import { JsonField } from './simple_fields';
import { ValueField } from './value_field';

const TYPES: readonly (readonly [string, JsonRecord])[] = [
  ['Anything', {}],
  ['Number', { type: 'number' }],
  ['Text', { type: 'string' }],
  ['Yes or no', { type: 'boolean' }],
  ['Bounding box', { type: 'object', subtype: 'bounding-box', required: ['west', 'south', 'east', 'north'] }],
  ['Time span', { type: 'array', subtype: 'temporal-interval', minItems: 2, maxItems: 2 }],
  ['Collection', { type: 'string', subtype: 'collection-id' }],
  ['Bands', { type: 'array', items: { type: 'string', subtype: 'band-name' } }],
  ['GeoJSON', { type: 'object', subtype: 'geojson' }],
  ['Cube', { type: 'object', subtype: 'datacube' }]
];

export function ProcessPanel(): React.JSX.Element {
  const { model } = useEditor();
  const { trans } = useHost();
  const id = React.useId();
  const addRef = React.useRef<HTMLButtonElement>(null);
  useVersion(model);
  const { document } = model;
  const raw = Array.isArray(document.parameters) ? (document.parameters as unknown[]) : [];
  const setParameters = (parameters: readonly unknown[], run = ''): void => {
    model.setField('parameters', parameters.length ? parameters : undefined, { run });
  };
  const text = (name: string, label: string, isLong = false): React.JSX.Element => {
    const Field = isLong ? 'textarea' : 'input';
    return (
      <div className="gdc-Field">
        <label htmlFor={`${id}-${name}`} className="gdc-Field-label">
          {label}
        </label>
        <Field
          id={`${id}-${name}`}
          className="gdc-Input"
          value={textOf(document, name)}
          onChange={(event: React.ChangeEvent<HTMLInputElement | HTMLTextAreaElement>) => {
            model.setField(name, event.target.value || undefined, { run: `#${name}` });
          }}
        />
      </div>
    );
  };
  return (
    <div className="gdc-ProcessPanel">
      {text('id', trans.__('Id, by which other graphs call it'))}
      {text('summary', trans.__('Summary'))}
      {text('description', trans.__('Description'), true)}
      <h4>{trans.__('Parameters')}</h4>
      {raw.length === 0 && (
        <p className="gdc-Field-hint">
          {trans.__('None. A parameter is a value that is given when the process runs; steps refer to it by its name.')}
        </p>
      )}
      {raw.map((parameter, index) => (
        <ParameterForm
          key={index}
          index={index}
          parameter={isRecord(parameter) ? parameter : {}}
          onChange={(next, run) => {
            setParameters(raw.map((each, place) => (place === index ? next : each)), run);
          }}
          onRemove={() => {
            setParameters(raw.filter((_, place) => place !== index));
            addRef.current?.focus();
          }}
        />
      ))}
      <button
        ref={addRef}
        type="button"
        className="gdc-Button"
        onClick={() => {
          const names = new Set(raw.map(each => textOf(each, 'name')));
          let number = 1;
          while (names.has(`parameter${number}`)) {
            number += 1;
          }
          setParameters([...raw, { name: `parameter${number}`, description: '', schema: {} }]);
        }}
      >
        {trans.__('Add a parameter')}
      </button>
    </div>
  );
}

interface IParameterFormProps {
  index: number;
  parameter: JsonRecord;
  onChange: (parameter: JsonRecord, run?: string) => void;
  onRemove: () => void;
}

function ParameterForm({ index, parameter, onChange, onRemove }: IParameterFormProps): React.JSX.Element {
  const { trans } = useHost();
  const id = React.useId();
  const name = textOf(parameter, 'name');
  const [read] = readParameters({ parameters: [{ ...parameter, name: name || '?' }] });
  const schema = JSON.stringify(parameter.schema ?? {});
  const type = TYPES.findIndex(([, each]) => JSON.stringify(each) === schema);
  const set = (key: string, value: unknown, typing = true): void => {
    onChange(withMembers(parameter, { [key]: value }), typing ? `#parameters/${index}/${key}` : undefined);
  };
  return (
    <fieldset className="gdc-Parameter">
      <legend>{name || trans.__('Parameter %1', index + 1)}</legend>
      <label htmlFor={`${id}-name`}>{trans.__('Name')}</label>
      <input
        id={`${id}-name`}
        className="gdc-Input"
        value={name}
        spellCheck={false}
        onChange={event => {
          set('name', event.target.value);
        }}
      />
      <label htmlFor={`${id}-description`}>{trans.__('Description')}</label>
      <input
        id={`${id}-description`}
        className="gdc-Input"
        value={textOf(parameter, 'description')}
        onChange={event => {
          set('description', event.target.value);
        }}
      />
      <label htmlFor={`${id}-type`}>{trans.__('Kind')}</label>
      <select
        id={`${id}-type`}
        className="gdc-Select"
        value={type}
        onChange={event => {
          set('schema', TYPES[Number(event.target.value)]?.[1] ?? { type: 'object' }, false);
        }}
      >
        {TYPES.map(([words], number) => (
          <option key={words} value={number}>
            {trans.__(words)}
          </option>
        ))}
        <option value={-1}>{trans.__('By a JSON schema')}</option>
      </select>
      {type < 0 && (
        <>
          <label htmlFor={`${id}-schema`}>{trans.__('JSON schema')}</label>
          <div>
            <JsonField
              id={`${id}-schema`}
              value={parameter.schema}
              place={`#parameters/${index}/schema`}
              schema={{}}
              invalid={false}
              describedBy=""
              onValue={value => {
                set('schema', value ?? {});
              }}
            />
          </div>
        </>
      )}
      <label htmlFor={`${id}-default`}>{trans.__('Default')}</label>
      <ValueField
        key={schema}
        id={`${id}-default`}
        label={trans.__('the default of %1', name)}
        value={parameter.default}
        schemas={read?.schemas ?? [{}]}
        isOptional
        unsetLabel={trans.__('None')}
        surroundings={{ nodes: [], parameters: [], hints: NO_HINTS, onOpenGraph: null }}
        place={`#parameters/${index}/default`}
        invalid={false}
        describedBy=""
        onValue={(value, typing) => {
          const next = withMembers(parameter, { optional: value === undefined ? undefined : true, default: value });
          onChange(next, typing ? `#parameters/${index}/default` : undefined);
        }}
      />
      <label className="gdc-Check">
        <input
          type="checkbox"
          checked={parameter.optional === true}
          onChange={event => {
            set('optional', event.target.checked || undefined, false);
          }}
        />
        {trans.__('Can be left out')}
      </label>
      <button type="button" className="gdc-Button gdc-mod-plain" aria-label={trans.__('Remove parameter %1', name)} onClick={onRemove}>
        {trans.__('Remove')}
      </button>
    </fieldset>
  );
}

/** Set members of a record; those that are undefined are removed. */
function withMembers(record: JsonRecord, members: JsonRecord): JsonRecord {
  return Object.fromEntries(Object.entries({ ...record, ...members }).filter(([, value]) => value !== undefined));
}
