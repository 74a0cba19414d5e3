/** The cards and connections of a picture as React Flow wants them. */
import { type Edge, Position } from '@xyflow/react';
import React from 'react';

import type { GraphModel } from '../../models/graph';
import type { IEdge, IPosition } from '../../models/graph_document';
import { type GraphPath, graphOf, idOf, keyOf, pathOfKey, samePath } from '../../models/graph_paths';
import { CARD, heightOf, type ICard, inputTop, pictureOf } from '../../models/picture';
import { placedCards } from '../../models/picture_layout';
import type { ITranslation } from '../../translation';
import { type CardNode, RESULT } from './picture_node';

export interface IPictureState {
  readonly cards: ReadonlyMap<string, ICard>;
  readonly edges: readonly IEdge[];
  readonly nodes: CardNode[];
  readonly setNodes: React.Dispatch<React.SetStateAction<CardNode[]>>;
  /** The id of the node that is selected, if it is one of these. */
  readonly selected: string | null;
}

/** Follow a model: places follow the mouse while it drags, everything else the model. */
export function usePicture(model: GraphModel, level: GraphPath, trans: ITranslation): IPictureState {
  const known = React.useRef<ReadonlyMap<string, ICard>>(new Map());
  const { version } = model;
  const { cards, edges } = React.useMemo(() => {
    const picture = pictureOf(model, level, known.current);
    known.current = picture.cards;
    return picture;
    // The version stands for what the model holds.
  }, [model, level, version]);
  const put = putOf(model, level);
  const structure = JSON.stringify([edges, [...cards.values()].map(card => [card.id, heightOf(card)]), put]);
  const places = React.useMemo(() => placedCards(cards, edges, new Map(put)), [structure]);
  const selected = model.selection && samePath(graphOf(model.selection), level) ? idOf(model.selection) : null;
  const made = React.useMemo(
    () => [...cards.values()].map(card => cardNode(card, places.get(card.id), card.id === selected, trans)),
    [cards, places, selected, trans]
  );
  const [nodes, setNodes] = React.useState(made);
  React.useEffect(() => {
    setNodes(before => {
      const same = new Map(before.map(node => [node.id, node]));
      return made.map(node => reused(same.get(node.id), node));
    });
  }, [made]);
  return { cards, edges, nodes, setNodes, selected };
}

/** The places that nodes of a graph have been put to. */
function putOf(model: GraphModel, level: GraphPath): [string, IPosition][] {
  return [...model.positions].flatMap(([key, place]): [string, IPosition][] => {
    const path = pathOfKey(key);
    return samePath(graphOf(path), level) ? [[idOf(path), place]] : [];
  });
}

function reused(before: CardNode | undefined, node: CardNode): CardNode {
  const isSame =
    before?.data === node.data &&
    before.selected === node.selected &&
    before.position.x === node.position.x &&
    before.position.y === node.position.y;
  return isSame ? before : node;
}

function cardNode(card: ICard, position: IPosition = { x: 0, y: 0 }, selected: boolean, trans: ITranslation): CardNode {
  const point = { width: 1, height: 1 };
  return {
    id: card.id,
    type: 'card',
    data: card,
    position,
    selected,
    width: CARD.width,
    height: heightOf(card),
    // As the style sheet makes it: nodes out of sight count, too, where all are to be seen.
    measured: { width: CARD.width, height: heightOf(card) },
    ariaLabel: nameOf(card, trans),
    // Told beforehand, so that connections to nodes out of sight are drawn too.
    handles: [
      { ...point, id: RESULT, type: 'source', position: Position.Right, x: CARD.width, y: CARD.head / 2 },
      ...card.inputs.map(({ argument }, index) => ({
        ...point,
        id: argument,
        type: 'target' as const,
        position: Position.Left,
        x: 0,
        y: inputTop(index)
      }))
    ]
  };
}

/** What a node is called by people who do not see it. */
function nameOf({ id, process, isResult, isKnown, faults }: ICard, trans: ITranslation): string {
  return [
    trans.__('%1: %2', id, process),
    ...(isResult ? [trans.__('result')] : []),
    ...(isKnown ? [] : [trans.__('unknown process')]),
    ...(faults.length ? [trans._n('one fault', '%1 faults', faults.length)] : [])
  ].join(', ');
}

export function edgeId({ from, to, argument }: IEdge): string {
  return keyOf([from, to, argument]);
}

export function flowEdge(edge: IEdge, selected: string, trans: ITranslation): Edge {
  const { from, to, argument } = edge;
  const id = edgeId(edge);
  return {
    id,
    source: from,
    target: to,
    sourceHandle: RESULT,
    targetHandle: argument,
    selected: id === selected,
    ariaLabel: trans.__('From %1 to %2 of %3', from, argument, to)
  };
}
