/** Where the nodes of a picture are: as they were put, else from left to right along the connections. */
import { graphlib, layout } from '@dagrejs/dagre';

import type { IEdge, IPosition } from './graph_document';
import { CARD, heightOf, type ICard } from './picture';

const GAP = { between: 26, ranks: 70 } as const;

/** Places for all cards of a graph by the layout alone: the upper left corners. */
export function arranged(cards: ReadonlyMap<string, ICard>, edges: readonly IEdge[]): Map<string, IPosition> {
  const graph = new graphlib.Graph({ multigraph: false });
  graph.setGraph({ rankdir: 'LR', nodesep: GAP.between, ranksep: GAP.ranks });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const card of cards.values()) {
    graph.setNode(card.id, { width: CARD.width, height: heightOf(card) });
  }
  for (const { from, to } of edges) {
    graph.setEdge(from, to);
  }
  layout(graph);
  return new Map(
    [...cards.values()].map(card => {
      const { x, y } = graph.node(card.id) as IPosition;
      return [card.id, { x: Math.round(x - CARD.width / 2), y: Math.round(y - heightOf(card) / 2) }];
    })
  );
}

/**
 * Places for all cards, where some have been put by hand: the others lie behind what they come from, and on nobody.
 *
 * @param put - the places of those that have been put
 */
export function placedCards(
  cards: ReadonlyMap<string, ICard>,
  edges: readonly IEdge[],
  put: ReadonlyMap<string, IPosition>
): Map<string, IPosition> {
  const known = new Map([...put].filter(([id]) => cards.has(id)));
  if (known.size === cards.size) {
    return known;
  }
  const free = arranged(cards, edges);
  if (known.size === 0) {
    return free;
  }
  for (const [id, place] of free) {
    const card = cards.get(id);
    if (card && !known.has(id)) {
      const sources = edges.flatMap(({ from, to }) => (to === id ? (known.get(from) ?? []) : []));
      const wanted = sources.length
        ? { x: Math.max(...sources.map(({ x }) => x)) + CARD.width + GAP.ranks, y: Math.min(...sources.map(({ y }) => y)) }
        : place;
      known.set(id, withoutOverlap(wanted, card, cards, known));
    }
  }
  return known;
}

function withoutOverlap(
  wanted: IPosition,
  card: ICard,
  cards: ReadonlyMap<string, ICard>,
  taken: ReadonlyMap<string, IPosition>
): IPosition {
  let { y } = wanted;
  const height = heightOf(card);
  const column = [...taken]
    .filter(([, { x }]) => Math.abs(x - wanted.x) < CARD.width)
    .map(([id, place]) => ({ top: place.y, bottom: place.y + heightOf(cards.get(id) ?? card) }))
    .sort((a, b) => a.top - b.top);
  for (const { top, bottom } of column) {
    if (top < y + height + GAP.between && bottom + GAP.between > y) {
      y = bottom + GAP.between;
    }
  }
  return { x: wanted.x, y };
}
