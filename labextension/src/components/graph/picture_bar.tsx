/** The buttons above the picture of a graph: where one is, zoom, arrangement, and connections without a mouse. */
import { useReactFlow } from '@xyflow/react';
import React from 'react';

import { useHost } from '../../host';
import type { GraphModel } from '../../models/graph';
import { type GraphPath, graphOf, idOf, keyOf, partsOf, samePath } from '../../models/graph_paths';
import type { ICard } from '../../models/picture';

interface IBarProps {
  model: GraphModel;
  level: GraphPath;
  cards: ReadonlyMap<string, ICard>;
  onLevel: (level: GraphPath) => void;
  onArrange: () => void;
  /** Deletes what is selected; null where nothing is. */
  onDelete: (() => void) | null;
  onConnect: (from: string, to: string, argument: string) => void;
}

export function PictureBar(props: IBarProps): React.JSX.Element {
  const { trans } = useHost();
  const flow = useReactFlow();
  const button = (label: string, sign: string, act: () => void): React.JSX.Element => (
    <button type="button" className="gdc-Button" aria-label={label} title={label} onClick={act}>
      <span aria-hidden="true">{sign}</span>
    </button>
  );
  return (
    <div className="gdc-Picture-bar" role="toolbar" aria-label={trans.__('Picture')}>
      {props.level.length > 0 && <Trail level={props.level} onLevel={props.onLevel} />}
      {button(trans.__('Zoom in'), '+', () => void flow.zoomIn())}
      {button(trans.__('Zoom out'), '−', () => void flow.zoomOut())}
      <button type="button" className="gdc-Button" onClick={() => void flow.fitView({ padding: 0.1, maxZoom: 1 })}>
        {trans.__('Show all')}
      </button>
      <button type="button" className="gdc-Button" onClick={props.onArrange}>
        {trans.__('Arrange')}
      </button>
      <button type="button" className="gdc-Button" disabled={!props.onDelete} onClick={() => props.onDelete?.()}>
        {trans.__('Delete')}
      </button>
      <Connector {...props} />
    </div>
  );
}

function Trail({ level, onLevel }: Pick<IBarProps, 'level' | 'onLevel'>): React.JSX.Element {
  const { trans } = useHost();
  const steps = Array.from({ length: level.length / 2 }, (_, index) => level.slice(0, 2 * (index + 1)));
  return (
    <nav className="gdc-Picture-trail" aria-label={trans.__('Graphs around this one')}>
      <button
        type="button"
        className="gdc-Button"
        onClick={() => {
          onLevel([]);
        }}
      >
        {trans.__('Whole graph')}
      </button>
      {steps.map(step => (
        <React.Fragment key={keyOf(step)}>
          <span aria-hidden="true">›</span>
          <button
            type="button"
            className="gdc-Button gdc-mod-plain"
            aria-current={samePath(step, level) ? 'location' : undefined}
            onClick={() => {
              onLevel(step);
            }}
          >
            {`${step.at(-2) ?? ''} · ${partsOf(step.at(-1) ?? '').join('.')}`}
          </button>
        </React.Fragment>
      ))}
    </nav>
  );
}

/** Leads the result of the selected node to an argument of another one. */
function Connector({ model, level, cards, onConnect }: IBarProps): React.JSX.Element | null {
  const { trans } = useHost();
  const [target, setTarget] = React.useState('');
  const { selection } = model;
  if (!selection || !samePath(graphOf(selection), level)) {
    return null;
  }
  const from = idOf(selection);
  const targets = [...cards.values()]
    .filter(({ id }) => id !== from && model.whyNotConnect([...level, id], from) === null)
    .flatMap(({ id, inputs }) => inputs.map(({ argument, label }) => ({ key: keyOf([id, argument]), id, argument, label })));
  const chosen = targets.find(({ key }) => key === target);
  const name = trans.__('Lead the result of %1 to', from);
  return (
    <span className="gdc-Picture-connector">
      <select
        className="gdc-Select"
        aria-label={name}
        title={name}
        value={chosen?.key ?? ''}
        disabled={targets.length === 0}
        onChange={event => {
          setTarget(event.target.value);
        }}
      >
        <option value="">{trans.__('%1 → …', from)}</option>
        {targets.map(({ key, id, label }) => (
          <option key={key} value={key}>
            {trans.__('%1 → %2 of %3', from, label, id)}
          </option>
        ))}
      </select>
      <button
        type="button"
        className="gdc-Button"
        disabled={!chosen}
        onClick={() => {
          if (chosen) {
            onConnect(from, chosen.id, chosen.argument);
            setTarget('');
          }
        }}
      >
        {trans.__('Connect')}
      </button>
    </span>
  );
}
