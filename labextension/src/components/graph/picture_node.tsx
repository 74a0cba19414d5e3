/** A node of the picture of a graph. */
import { Handle, type Node, type NodeProps, Position } from '@xyflow/react';
import React from 'react';

import { useHost } from '../../host';
import { CARD, type ICallback, type ICard, inputTop } from '../../models/picture';

/** The id of the handle from which the result of a node is led away. */
export const RESULT = 'result';

export type CardNode = Node<ICard, 'card'>;

/** Opens the graph in an argument of a node. */
export const OpenContext = React.createContext<(id: string, argument: string) => void>(() => undefined);

function Card({ data: card }: NodeProps<CardNode>): React.JSX.Element {
  const { trans } = useHost();
  const isFaulty = card.faults.some(({ severity }) => severity === 'error');
  const kinds = `${isFaulty ? ' gdc-mod-faulty' : ''}${card.isKnown ? '' : ' gdc-mod-unknown'}`;
  return (
    <div className={`gdc-Card${kinds}`}>
      <div className="gdc-Card-head" title={card.isKnown ? undefined : trans.__('The back-end has no such process.')}>
        <span className="gdc-Card-process">{card.process}</span>
        <span className="gdc-Card-id">{card.id}</span>
        {card.isResult && <span className="gdc-Card-result">{trans.__('result')}</span>}
        {card.faults.length > 0 && (
          <span className="gdc-Card-faults" title={card.faults.map(({ message }) => message).join('\n')}>
            <span aria-hidden="true">⚠ {card.faults.length}</span>
          </span>
        )}
      </div>
      {card.inputs.map(({ argument, label, parameter }) => (
        <div key={argument} className="gdc-Card-row">
          <span className="gdc-Card-label">{label}</span>
          {parameter && <span className="gdc-Card-parameter">{parameter}</span>}
        </div>
      ))}
      {card.callbacks.map(callback => (
        <Callback key={callback.argument} id={card.id} callback={callback} />
      ))}
      {card.inputs.map(({ argument }, index) => (
        <Handle
          key={argument}
          id={argument}
          type="target"
          position={Position.Left}
          style={{ top: inputTop(index) }}
          className="gdc-Card-handle"
        />
      ))}
      <Handle
        id={RESULT}
        type="source"
        position={Position.Right}
        style={{ top: CARD.head / 2 }}
        className="gdc-Card-handle"
      />
    </div>
  );
}

function Callback({ id, callback }: { id: string; callback: ICallback }): React.JSX.Element {
  const { trans } = useHost();
  const open = React.useContext(OpenContext);
  return (
    <div className="gdc-Card-row">
      <button
        type="button"
        className="gdc-Card-callback nodrag"
        onClick={event => {
          event.stopPropagation();
          open(id, callback.argument);
        }}
        onKeyDown={event => {
          // To the picture these keys mean the node.
          event.stopPropagation();
        }}
      >
        {callback.label}
        <span className="gdc-Card-count">{trans._n('1 node', '%1 nodes', callback.count)}</span>
        <span className="gdc-visually-hidden">{trans.__('open the graph in %1', id)}</span>
        <span aria-hidden="true">▸</span>
      </button>
    </div>
  );
}

/** A node, drawn again only where its card is another one. */
export const PictureNode = React.memo(Card, (before, after) => before.data === after.data);
