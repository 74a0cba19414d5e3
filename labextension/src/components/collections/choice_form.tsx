/** The area, the time and the bands that are wanted of a collection. */
import React from 'react';

import { useHost } from '../../host';
import { boxTexts, doubts, EDGES, type IChoice, timePresets, typedBox, typedInterval } from '../../models/choice';
import type { ICollection } from '../../models/collections';
import { type Box, dayOf, type Interval } from '../../models/extents';

interface IChoiceFormProps {
  collection: ICollection;
  choice: IChoice;
  onChoice: (change: Partial<IChoice>) => void;
}

export function ChoiceForm({ collection, choice, onChoice }: IChoiceFormProps): React.JSX.Element {
  const { trans } = useHost();
  const doubtful = doubts(choice, collection, trans);
  return (
    <div className="gdc-Choice">
      <AreaFields
        box={choice.bbox}
        whole={collection.area.whole}
        onBox={bbox => {
          onChoice({ bbox });
        }}
      />
      <TimeFields
        collection={collection}
        interval={choice.datetime}
        onInterval={datetime => {
          onChoice({ datetime });
        }}
      />
      {collection.bands.length > 0 && (
        <BandFields
          collection={collection}
          bands={choice.bands}
          onBands={bands => {
            onChoice({ bands });
          }}
        />
      )}
      <div role="status">
        {doubtful.map(doubt => (
          <p key={doubt} className="gdc-Choice-doubt">
            {doubt}
          </p>
        ))}
      </div>
    </div>
  );
}

function AreaFields({ box, whole, onBox }: { box: Box | null; whole: Box | null; onBox: (box: Box | null) => void }): React.JSX.Element {
  const { trans } = useHost();
  const id = React.useId();
  const [texts, setTexts] = useDraft(box, boxTexts, drafted => typedBox(drafted, trans).value);
  const { fault } = typedBox(texts, trans);
  const isFilled = texts.every(text => text.trim());
  const labels = [trans.__('West'), trans.__('South'), trans.__('East'), trans.__('North')];
  const change = (position: number, text: string): void => {
    const next: [string, string, string, string] = [...texts];
    next[position] = text;
    setTexts(next);
    const typed = typedBox(next, trans);
    if (!typed.fault) {
      onBox(typed.value);
    }
  };
  return (
    <fieldset className="gdc-Choice-part">
      <legend>{trans.__('Area')}</legend>
      <div className="gdc-Choice-edges">
        {EDGES.map((edge, position) => (
          <label key={edge}>
            {labels[position]}
            <input
              className="gdc-Input"
              inputMode="decimal"
              autoComplete="off"
              placeholder={trans.__('all')}
              value={texts[position]}
              aria-invalid={Boolean(fault) && isFilled}
              aria-describedby={`${id}-fault`}
              onChange={event => {
                change(position, event.target.value);
              }}
            />
          </label>
        ))}
      </div>
      <p id={`${id}-fault`} className="gdc-Choice-fault" role="status">
        {fault}
      </p>
      <div className="gdc-Choice-buttons">
        <button
          type="button"
          className="gdc-Button"
          disabled={!whole}
          onClick={() => {
            onBox(whole);
          }}
        >
          {trans.__('Box of the collection')}
        </button>
        <button
          type="button"
          className="gdc-Button"
          disabled={!box && texts.every(text => !text)}
          onClick={() => {
            setTexts(['', '', '', '']);
            onBox(null);
          }}
        >
          {trans.__('Everywhere')}
        </button>
      </div>
    </fieldset>
  );
}

interface ITimeFieldsProps {
  collection: ICollection;
  interval: Interval | null;
  onInterval: (interval: Interval | null) => void;
}

const intervalTexts = (interval: Interval | null): [string, string] => [dayOf(interval?.[0] ?? ''), dayOf(interval?.[1] ?? '')];

function TimeFields({ collection, interval, onInterval }: ITimeFieldsProps): React.JSX.Element {
  const { trans } = useHost();
  const id = React.useId();
  const [texts, setTexts] = useDraft(interval, intervalTexts, ([start, end]) => typedInterval(start, end, trans).value);
  const { fault } = typedInterval(...texts, trans);
  const presets = timePresets(collection, new Date(), trans);
  const current = presets.findIndex(({ datetime }) => JSON.stringify(datetime) === JSON.stringify(interval));
  const change = (next: [string, string]): void => {
    setTexts(next);
    const typed = typedInterval(...next, trans);
    if (!typed.fault) {
      onInterval(typed.value);
    }
  };
  const field = (label: string, value: string, position: 0 | 1): React.JSX.Element => (
    <label>
      {label}
      <input
        type="date"
        className="gdc-Input"
        value={value}
        aria-invalid={Boolean(fault)}
        aria-describedby={`${id}-fault`}
        onChange={event => {
          change(position ? [texts[0], event.target.value] : [event.target.value, texts[1]]);
        }}
      />
    </label>
  );
  return (
    <fieldset className="gdc-Choice-part">
      <legend>{trans.__('Time')}</legend>
      <div className="gdc-Choice-dates">
        {field(trans.__('From'), texts[0], 0)}
        {field(trans.__('Before'), texts[1], 1)}
        <label>
          {trans.__('Preset')}
          <select
            className="gdc-Select"
            value={current}
            onChange={event => {
              const preset = presets[Number(event.target.value)];
              if (preset) {
                change(intervalTexts(preset.datetime));
              }
            }}
          >
            {current < 0 && <option value={-1}>{trans.__('As typed')}</option>}
            {presets.map(({ label }, position) => (
              <option key={label} value={position}>
                {label}
              </option>
            ))}
          </select>
        </label>
      </div>
      <p id={`${id}-fault`} className="gdc-Choice-fault" role="status">
        {fault}
      </p>
    </fieldset>
  );
}

interface IBandFieldsProps {
  collection: ICollection;
  bands: readonly string[] | null;
  onBands: (bands: readonly string[] | null) => void;
}

function BandFields({ collection, bands, onBands }: IBandFieldsProps): React.JSX.Element {
  const { trans } = useHost();
  const names = collection.bands.map(({ name }) => name);
  const ticked = bands ?? [];
  const tick = (name: string): void => {
    // Bands are kept in the order of the collection.
    const next = names.filter(one => (one === name ? !ticked.includes(one) : ticked.includes(one)));
    onBands(next.length ? next : null);
  };
  return (
    <fieldset className="gdc-Choice-part">
      <legend>{trans.__('Bands')}</legend>
      <p className="gdc-Choice-hint">
        {ticked.length ? trans.__('%1 of %2 bands', ticked.length, names.length) : trans.__('All bands, as none is ticked')}
      </p>
      <div className="gdc-Choice-bands">
        {collection.bands.map(({ name, commonName, description }) => (
          <label key={name} title={description || commonName || name}>
            <input
              type="checkbox"
              checked={ticked.includes(name)}
              onChange={() => {
                tick(name);
              }}
            />
            {name}
            {commonName && commonName !== name && <span className="gdc-Choice-common"> {commonName}</span>}
          </label>
        ))}
      </div>
    </fieldset>
  );
}

/**
 * What is typed: it stays as it is while it means the value, and follows the value when that is set elsewhere.
 *
 * @param meant - the value that texts mean
 */
function useDraft<T, D>(value: T | null, textsOf: (value: T | null) => D, meant: (texts: D) => T | null): [D, (texts: D) => void] {
  const [draft, setDraft] = React.useState({ texts: textsOf(value), value: JSON.stringify(value) });
  const key = JSON.stringify(value);
  if (draft.value !== key) {
    const isMeant = JSON.stringify(meant(draft.texts)) === key;
    const next = { texts: isMeant ? draft.texts : textsOf(value), value: key };
    setDraft(next);
    return [next.texts, setTexts];
  }
  function setTexts(texts: D): void {
    setDraft(before => ({ ...before, texts }));
  }
  return [draft.texts, setTexts];
}
