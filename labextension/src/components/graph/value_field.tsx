/** A value in one of the ways that its schemas allow: the choice of the way, and the field for it. */
import React from 'react';

import { useHost } from '../../host';
import type { ICollectionHints } from '../../models/collection_hints';
import { referenceOf } from '../../models/graph_paths';
import { schemasOf } from '../../models/processes';
import { isCube } from '../../models/schema_check';
import { alternativesOf, firstValue, fits, type IAlternative, kindOf, type ValueKind } from '../../models/value_kinds';
import { isRecord, type JsonRecord } from '../../reading';
import type { ITranslation } from '../../translation';
import { useServices } from './context';
import { BandsField, BoxField, IntervalField } from './extent_fields';
import { GraphValue, GraphsValue } from './graph_values';
import {
  BooleanField,
  ChoiceField,
  CodeField,
  type IFieldProps,
  JsonField,
  NameField,
  NumberField,
  TextField
} from './simple_fields';

/** What a value can refer to, and what is known of the data around it. */
export interface IValuePlace {
  readonly nodes: readonly string[];
  readonly parameters: readonly string[];
  readonly hints: ICollectionHints;
  /** Show the graph at a pointer below the value; null where graphs are not edited here. */
  readonly onOpenGraph: ((...parts: string[]) => void) | null;
}

interface IValueProps {
  id: string;
  /** What the value is called. */
  label: string;
  value: unknown;
  schemas: readonly JsonRecord[];
  /** What stands for no value in the choice of ways. */
  unsetLabel: string;
  isOptional: boolean;
  surroundings: IValuePlace;
  onValue: (value: unknown, typing: boolean) => void;
  place: string;
  invalid: boolean;
  describedBy: string;
  suggestions?: readonly string[];
  /** How deep in lists. */
  depth?: number;
}

export function ValueField(props: IValueProps): React.JSX.Element {
  const { label, value, schemas, surroundings, onValue, isOptional } = props;
  const { trans } = useHost();
  const alternatives = React.useMemo(() => waysOf(schemas), [schemas]);
  const [chosen, setChosen] = React.useState<ValueKind | null>(null);
  const preferred = isOptional ? 'unset' : preferredKind(schemas, alternatives, surroundings);
  const kind = shownKind(value, chosen, preferred, alternatives);
  const kinds = kindsFor(alternatives, surroundings, kind);
  const schema = alternatives.find(each => each.kind === kind)?.schema ?? {};

  const choose = (next: ValueKind): void => {
    setChosen(next);
    const alternative = alternatives.find(each => each.kind === next) ?? { kind: next, schema: {} };
    const first = next === 'node' ? lastOf(surroundings.nodes) : firstValue(alternative);
    // What is there already is kept where it can be edited in the way that was chosen.
    onValue(next !== 'unset' && fits(value, next) && value !== undefined ? value : first, false);
  };

  return (
    <div className="gdc-Value">
      {kinds.length > 1 && (
        <select
          className="gdc-Select gdc-Value-kind"
          aria-label={trans.__('Kind of value of %1', label)}
          value={kind}
          onChange={event => {
            choose(event.target.value as ValueKind);
          }}
        >
          {kinds.map(each => (
            <option key={each} value={each}>
              {each === 'unset' ? props.unsetLabel : kindLabel(each, trans)}
            </option>
          ))}
        </select>
      )}
      {kind !== 'unset' && kind !== 'null' && (
        <div className="gdc-Value-field">
          <Field {...props} kind={kind} schema={schema} />
        </div>
      )}
    </div>
  );
}

const lastOf = (nodes: readonly string[]): unknown => {
  const last = nodes.at(-1);
  return last === undefined ? undefined : { from_node: last };
};

/** The ways of the schemas; JSON where there is no other. */
function waysOf(schemas: readonly JsonRecord[]): IAlternative[] {
  const found = alternativesOf(schemas);
  return found.length || schemas.some(isCube) ? found : [{ kind: 'json', schema: {} }];
}

function preferredKind(
  schemas: readonly JsonRecord[],
  alternatives: readonly IAlternative[],
  { nodes, parameters }: IValuePlace
): ValueKind {
  const others = alternatives.filter(({ kind }) => kind !== 'null');
  if (schemas.some(isCube) && (others.length === 0 || (isCube(schemas[0] ?? {}) && nodes.length > 0))) {
    return 'node';
  }
  const takesAnything = schemas.every(schema => schema.type === undefined && schema.enum === undefined);
  if (takesAnything && (nodes.length || parameters.length)) {
    return nodes.length ? 'node' : 'parameter';
  }
  return others[0]?.kind ?? 'json';
}

function shownKind(
  value: unknown,
  chosen: ValueKind | null,
  preferred: ValueKind,
  alternatives: readonly IAlternative[]
): ValueKind {
  if (value === undefined) {
    return chosen ?? preferred;
  }
  // What is typed into a field for numbers is a text until it is a number.
  const isTyped = chosen === 'number' || (chosen === null && preferred === 'number' && !alternatives.some(each => each.kind === 'text'));
  if (isTyped && typeof value === 'string') {
    return 'number';
  }
  return chosen !== null && chosen !== 'unset' && fits(value, chosen) && !referenceOf(value)
    ? chosen
    : kindOf(value, alternatives);
}

function kindsFor(alternatives: readonly IAlternative[], { nodes, parameters }: IValuePlace, kind: ValueKind): ValueKind[] {
  const kinds: ValueKind[] = [
    'unset',
    ...(nodes.length ? (['node'] as const) : []),
    ...(parameters.length ? (['parameter'] as const) : []),
    ...alternatives.map(each => each.kind),
    'json'
  ];
  return [...new Set(kinds.includes(kind) ? kinds : [...kinds, kind])];
}

function kindLabel(kind: ValueKind, trans: ITranslation): string {
  switch (kind) {
    case 'node':
      return trans.__('Result of a step');
    case 'parameter':
      return trans.__('Parameter');
    case 'graph':
      return trans.__('Graph');
    case 'graphs':
      return trans.__('Conditions');
    case 'null':
      return trans.__('Nothing (null)');
    case 'text':
      return trans.__('Text');
    case 'code':
      return trans.__('Code');
    case 'number':
      return trans.__('Number');
    case 'boolean':
      return trans.__('Yes or no');
    case 'choice':
      return trans.__('Choice');
    case 'bbox':
      return trans.__('Bounding box');
    case 'interval':
      return trans.__('Time span');
    case 'collection':
      return trans.__('Collection');
    case 'format':
      return trans.__('File format');
    case 'runtime':
      return trans.__('Runtime');
    case 'bands':
      return trans.__('Bands');
    case 'band':
      return trans.__('Band');
    case 'list':
      return trans.__('List');
    case 'geojson':
      return trans.__('GeoJSON');
    case 'unset':
    case 'json':
      return trans.__('JSON');
  }
}

function Field(props: IValueProps & { kind: ValueKind; schema: JsonRecord }): React.JSX.Element {
  const { kind, value, surroundings, label, onValue, schema } = props;
  const { collections, formats, runtimes } = useServices();
  const field: IFieldProps = props;
  const hinted = { ...field, hints: surroundings.hints, label };
  const reference = referenceOf(value);
  switch (kind) {
    case 'node':
    case 'parameter':
      return (
        <NameField
          {...field}
          value={reference?.kind === kind ? reference.name : ''}
          names={kind === 'node' ? surroundings.nodes : surroundings.parameters}
          onValue={name => {
            onValue(kind === 'node' ? { from_node: name } : { from_parameter: name }, false);
          }}
        />
      );
    case 'graph':
      return <GraphValue {...field} onOpen={surroundings.onOpenGraph} />;
    case 'graphs':
      return <GraphsValue {...field} onOpen={surroundings.onOpenGraph} />;
    case 'collection':
      return <TextField {...field} suggestions={collections} />;
    case 'format':
      return <TextField {...field} suggestions={formats} />;
    case 'runtime':
      return <TextField {...field} suggestions={runtimes} />;
    case 'band':
      return <TextField {...field} suggestions={surroundings.hints.bands} />;
    case 'text':
      return <TextField {...field} suggestions={props.suggestions} />;
    case 'code':
      return <CodeField {...field} />;
    case 'number':
      return <NumberField {...field} />;
    case 'boolean':
      return <BooleanField {...field} />;
    case 'choice':
      return <ChoiceField {...field} />;
    case 'bbox':
      return <BoxField {...hinted} />;
    case 'interval':
      return <IntervalField {...hinted} />;
    case 'bands':
      return <BandsField {...hinted} />;
    case 'list':
      return <ListField {...props} schema={schema} />;
    default:
      return <JsonField {...field} />;
  }
}

/** Deeper lists are shown as JSON. */
const DEEPEST = 2;

function ListField(props: IValueProps & { schema: JsonRecord }): React.JSX.Element {
  const { id, value, label, schema, surroundings, onValue, place, depth = 0 } = props;
  const { trans } = useHost();
  const list = Array.isArray(value) ? (value as unknown[]) : [];
  const schemas = React.useMemo(() => (isRecord(schema.items) ? schemasOf(schema.items) : [{}]), [schema]);
  const last = React.useRef<HTMLButtonElement>(null);
  if (depth >= DEEPEST || list.length > 50) {
    return <JsonField {...props} />;
  }
  const replaced = (index: number, ...entries: unknown[]): unknown[] => [
    ...list.slice(0, index),
    ...entries,
    ...list.slice(index + 1)
  ];
  return (
    <div role="group" aria-label={label} className="gdc-List">
      {list.map((entry, index) => (
        <div key={index} className="gdc-List-entry">
          <label htmlFor={`${id}-${index}`} className="gdc-visually-hidden">
            {trans.__('Entry %1 of %2', index + 1, label)}
          </label>
          <ValueField
            {...props}
            id={`${id}-${index}`}
            label={trans.__('entry %1 of %2', index + 1, label)}
            value={entry}
            schemas={schemas}
            isOptional={false}
            unsetLabel={trans.__('Remove')}
            place={`${place}/${index}`}
            depth={depth + 1}
            surroundings={{ ...surroundings, onOpenGraph: null }}
            onValue={(next, typing) => {
              // An entry that is empty while it is typed stays an entry.
              onValue(next === undefined ? (typing ? replaced(index, '') : replaced(index)) : replaced(index, next), typing);
            }}
          />
          <button
            type="button"
            className="gdc-Button gdc-mod-plain"
            aria-label={trans.__('Remove entry %1 of %2', index + 1, label)}
            onClick={() => {
              onValue(replaced(index), false);
              last.current?.focus();
            }}
          >
            ×
          </button>
        </div>
      ))}
      <button
        ref={last}
        id={`${id}-add`}
        type="button"
        className="gdc-Button"
        onClick={() => {
          onValue([...list, firstEntry(schemas, surroundings)], false);
        }}
      >
        {trans.__('Add an entry')}
      </button>
    </div>
  );
}

function firstEntry(schemas: readonly JsonRecord[], { nodes }: IValuePlace): unknown {
  const [first] = waysOf(schemas);
  if (schemas.some(schema => schema.type === undefined) && nodes.length) {
    return { from_node: nodes.at(-1) };
  }
  return first ? (firstValue(first) ?? '') : '';
}
