/** Fields for areas, spans of time and bands. */
import React from 'react';

import { useHost } from '../../host';
import type { ICollectionHints } from '../../models/collection_hints';
import { isRecord, type JsonRecord } from '../../reading';
import { type IFieldProps, NamesField, NumberField } from './simple_fields';

const EDGES = ['west', 'south', 'east', 'north'] as const;

interface IHintedProps extends IFieldProps {
  hints: ICollectionHints;
  label: string;
}

export function BoxField(props: IHintedProps): React.JSX.Element {
  const { trans } = useHost();
  const { id, value, onValue, place, hints, label } = props;
  const box: JsonRecord = isRecord(value) ? value : {};
  const set = (name: string, edge: unknown): void => {
    const entries = Object.entries({ ...box, [name]: edge }).filter(([, each]) => each !== undefined);
    onValue(entries.length ? Object.fromEntries(entries) : undefined, true);
  };
  const words = { west: trans.__('West'), south: trans.__('South'), east: trans.__('East'), north: trans.__('North') };
  const { bbox } = hints;
  return (
    <div role="group" aria-label={label} className="gdc-Box">
      {EDGES.map(edge => (
        <label key={edge} className={`gdc-Box-edge gdc-mod-${edge}`}>
          <span>{words[edge]}</span>
          <NumberField
            {...props}
            id={`${id}-${edge}`}
            place={`${place}/${edge}`}
            value={box[edge]}
            onValue={next => {
              set(edge, next);
            }}
          />
        </label>
      ))}
      <label className="gdc-Box-edge">
        <span>{trans.__('CRS (EPSG code)')}</span>
        <NumberField
          {...props}
          id={`${id}-crs`}
          place={`${place}/crs`}
          invalid={false}
          value={box.crs}
          onValue={next => {
            set('crs', next);
          }}
        />
      </label>
      {bbox && (
        <button
          type="button"
          className="gdc-Button gdc-mod-plain"
          onClick={() => {
            onValue({ west: bbox[0], south: bbox[1], east: bbox[2], north: bbox[3] }, false);
          }}
        >
          {trans.__('Take the whole collection')}
        </button>
      )}
    </div>
  );
}

export function IntervalField(props: IHintedProps): React.JSX.Element {
  const { trans } = useHost();
  const { id, value, onValue, hints, label, invalid, describedBy } = props;
  const [start, end] = Array.isArray(value) ? (value as unknown[]) : [];
  const set = (first: unknown, last: unknown): void => {
    onValue([first === '' ? null : (first ?? null), last === '' ? null : (last ?? null)], true);
  };
  const field = (which: string, text: unknown, words: string, change: (text: string) => void): React.JSX.Element => (
    <label className="gdc-Box-edge">
      <span>{words}</span>
      <input
        id={`${id}-${which}`}
        className="gdc-Input gdc-mod-date"
        type="text"
        autoComplete="off"
        placeholder={trans.__('open')}
        aria-invalid={invalid || undefined}
        aria-describedby={`${id}-form ${describedBy}`}
        value={typeof text === 'string' ? text : ''}
        onChange={event => {
          change(event.target.value);
        }}
      />
    </label>
  );
  const [first, last] = hints.interval ?? [null, null];
  return (
    <div role="group" aria-label={label} className="gdc-Box">
      {field('start', start, trans.__('From'), text => {
        set(text, end);
      })}
      {field('end', end, trans.__('Until (excluded)'), text => {
        set(start, text);
      })}
      <p id={`${id}-form`} className="gdc-Field-hint">
        {hints.interval
          ? trans.__('As 2022-06-30. There are data from %1 to %2.', first?.slice(0, 10) ?? '…', last?.slice(0, 10) ?? trans.__('today'))
          : trans.__('As 2022-06-30 or 2022-06-30T12:00:00Z; empty for an open side.')}
      </p>
    </div>
  );
}

/** Bands of the collection as boxes to tick, in the order in which they are ticked. */
export function BandsField(props: IHintedProps): React.JSX.Element {
  const { trans } = useHost();
  const { value, onValue, hints, label } = props;
  const chosen = Array.isArray(value) ? value.filter((each): each is string => typeof each === 'string') : [];
  if (hints.bands.length === 0) {
    return <NamesField {...props} />;
  }
  const names = [...hints.bands, ...chosen.filter(name => !hints.bands.includes(name))];
  return (
    <div role="group" aria-label={label} className="gdc-Bands">
      {names.map(name => (
        <label key={name} className="gdc-Check">
          <input
            type="checkbox"
            checked={chosen.includes(name)}
            onChange={event => {
              onValue(event.target.checked ? [...chosen, name] : chosen.filter(each => each !== name), false);
            }}
          />
          {name}
          {!hints.bands.includes(name) && <span className="gdc-Tag gdc-mod-warn">{trans.__('not in the collection')}</span>}
        </label>
      ))}
    </div>
  );
}
