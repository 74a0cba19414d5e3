/** The picture of a graph: its nodes are dragged, connected and deleted, and it shows what the outline has selected. */
import {
  applyNodeChanges,
  Background,
  type Connection,
  type EdgeChange,
  type FinalConnectionState,
  type NodeChange,
  ReactFlow,
  ReactFlowProvider
} from '@xyflow/react';
import React from 'react';

import { useHost } from '../../host';
import type { GraphModel } from '../../models/graph';
import { EditRefused } from '../../models/graph_document';
import { type GraphPath, graphOf, keyOf, samePath } from '../../models/graph_paths';
import { existingLevel } from '../../models/picture';
import { arranged } from '../../models/picture_layout';
import type { ITranslation } from '../../translation';
import { useVersion } from './context';
import { PictureBar } from './picture_bar';
import { type CardNode, OpenContext, PictureNode } from './picture_node';
import { edgeId, flowEdge, usePicture } from './picture_nodes';

export interface IPictureProps {
  model: GraphModel;
  /** Say something to people who do not see the picture. */
  say: (text: string) => void;
}

const NODE_TYPES = { card: PictureNode };
const FIT = { padding: 0.1, maxZoom: 1 };

export function Picture({ model, say }: IPictureProps): React.JSX.Element {
  useVersion(model);
  const [wanted, setWanted] = React.useState<GraphPath>(model.selection ? graphOf(model.selection) : []);
  const { selection } = model;
  React.useEffect(() => {
    // The graph in which something is selected elsewhere is shown.
    if (selection) {
      setWanted(before => (samePath(before, graphOf(selection)) ? before : graphOf(selection)));
    }
  }, [selection]);
  const existing = existingLevel(model, wanted);
  const level = samePath(existing, wanted) ? wanted : existing;
  return (
    <ReactFlowProvider key={keyOf(level)}>
      <Level model={model} say={say} level={level} onLevel={setWanted} />
    </ReactFlowProvider>
  );
}

interface ILevelProps extends IPictureProps {
  level: GraphPath;
  onLevel: (level: GraphPath) => void;
}

function Level({ model, say, level, onLevel }: ILevelProps): React.JSX.Element {
  const { trans } = useHost();
  const id = React.useId();
  const canvas = React.useRef<HTMLDivElement>(null);
  const [chosenEdge, setChosenEdge] = React.useState('');
  const picture = usePicture(model, level, trans);
  const { cards, edges, nodes, setNodes, selected } = picture;
  const { note, connect, whyNot } = useConnections(model, level, say);
  const flowEdges = React.useMemo(() => edges.map(edge => flowEdge(edge, chosenEdge, trans)), [edges, chosenEdge, trans]);

  const keep = (all: readonly CardNode[], run?: string): void => {
    model.setPositions(new Map(all.map(node => [keyOf([...level, node.id]), node.position])), { run });
  };
  const edge = edges.find(each => edgeId(each) === chosenEdge);
  const focus = (node: string | undefined): void => {
    focusNode(canvas.current, node);
  };
  const remove = (): void => {
    if (edge) {
      model.disconnect([...level, edge.to], edge.argument);
      say(trans.__('%1 of %2 is empty now.', edge.argument, edge.to));
      setChosenEdge('');
      model.select([...level, edge.to]);
      focus(edge.to);
    } else if (selected !== null) {
      const emptied = model.removeNode([...level, selected]);
      const places = emptied.map(({ to, argument }) => trans.__('%1 of %2', argument, to)).join(', ');
      say(places ? trans.__('%1 is deleted; empty now: %2.', selected, places) : trans.__('%1 is deleted.', selected));
      focus(model.selection?.at(-1));
    }
  };
  const onNodesChange = (changes: NodeChange<CardNode>[]): void => {
    const chosen = changes.find(change => change.type === 'select' && change.selected);
    if (chosen?.type === 'select') {
      setChosenEdge('');
      model.select([...level, chosen.id]);
    }
    const moves = changes.filter(({ type }) => type === 'position');
    if (moves.length) {
      setNodes(before => applyNodeChanges(moves, before));
    }
    // The mouse tells when it has done; the arrow keys move at once.
    const byKey = moves.find(change => change.type === 'position' && change.position && !change.dragging);
    if (byKey?.type === 'position' && nodes.some(node => node.id === byKey.id && !node.dragging)) {
      keep(applyNodeChanges(moves, nodes), `move ${byKey.id}`);
    }
  };
  const onEdgesChange = (changes: EdgeChange[]): void => {
    const chosen = changes.find(change => change.type === 'select' && change.selected);
    if (chosen?.type === 'select') {
      setChosenEdge(chosen.id);
    }
  };
  const selectNothing = (): void => {
    setChosenEdge('');
    model.select(null);
  };
  const onKeyDown = (event: React.KeyboardEvent): void => {
    if (event.key === 'Delete' || event.key === 'Backspace') {
      event.preventDefault();
      event.stopPropagation();
      remove();
    } else if (event.key === 'Escape') {
      selectNothing();
    }
  };
  const open = React.useCallback(
    (node: string, argument: string) => {
      onLevel([...level, node, argument]);
    },
    [level, onLevel]
  );
  const labels = React.useMemo(() => labelsOf(trans), [trans]);

  return (
    <div className="gdc-Picture">
      <PictureBar
        model={model}
        level={level}
        cards={cards}
        onLevel={onLevel}
        onArrange={() => {
          const places = arranged(cards, edges);
          keep(nodes.map(node => ({ ...node, position: places.get(node.id) ?? node.position })));
          say(trans.__('The nodes are arranged.'));
        }}
        onDelete={edge || selected !== null ? remove : null}
        onConnect={connect}
      />
      {note && <p className="gdc-Picture-note">{note}</p>}
      <div
        ref={canvas}
        className="gdc-Picture-canvas"
        role="group"
        tabIndex={-1}
        aria-label={trans.__('Picture of the graph')}
        onKeyDown={onKeyDown}
      >
        <OpenContext.Provider value={open}>
          <ReactFlow<CardNode>
            id={id}
            nodes={nodes}
            edges={flowEdges}
            nodeTypes={NODE_TYPES}
            onNodesChange={onNodesChange}
            onEdgesChange={onEdgesChange}
            onNodeDragStop={(_event, moved) => {
              keep(nodes.map(node => (node.id === moved.id ? { ...node, position: moved.position } : node)));
            }}
            onConnect={({ source, target, targetHandle }: Connection) => {
              connect(source, target, targetHandle ?? '');
            }}
            onConnectEnd={(_event, state) => {
              const [from, to] = endsOf(state);
              whyNot(from, to);
            }}
            isValidConnection={({ source, target }) => model.whyNotConnect([...level, target], source) === null}
            onPaneClick={selectNothing}
            deleteKeyCode={null}
            selectionKeyCode={null}
            multiSelectionKeyCode={null}
            zoomOnScroll={false}
            zoomOnDoubleClick={false}
            preventScrolling={false}
            minZoom={0.1}
            maxZoom={2}
            fitView
            fitViewOptions={FIT}
            onlyRenderVisibleElements
            ariaLabelConfig={labels}
          >
            <Background gap={20} />
          </ReactFlow>
        </OpenContext.Provider>
      </div>
    </div>
  );
}

/** Focus a node, or the picture where there is none; what is selected next is drawn a moment later. */
function focusNode(canvas: HTMLElement | null, node: string | undefined, tries = 20): void {
  canvas?.focus();
  const found = canvas?.querySelector<HTMLElement>(`.react-flow__node[data-id="${CSS.escape(node ?? '')}"].selected`);
  if (found) {
    found.focus();
  } else if (node !== undefined && tries > 0) {
    requestAnimationFrame(() => {
      focusNode(canvas, node, tries - 1);
    });
  }
}

/** Connects nodes, and tells why two cannot be. */
function useConnections(
  model: GraphModel,
  level: GraphPath,
  say: (text: string) => void
): {
  note: string;
  connect: (from: string, to: string, argument: string) => void;
  whyNot: (from: string | undefined, to: string | undefined) => void;
} {
  const { trans } = useHost();
  const [note, setNote] = React.useState('');
  const tell = ({ text, values }: EditRefused): void => {
    const reason = trans.__(text, ...values);
    setNote(reason);
    say(reason);
  };
  return {
    note,
    connect: (from, to, argument) => {
      try {
        model.connect([...level, to], argument, from);
        setNote('');
        say(trans.__('%1 goes to %2 of %3.', from, argument, to));
      } catch (error) {
        if (!(error instanceof EditRefused)) {
          throw error;
        }
        tell(error);
      }
    },
    whyNot: (from, to) => {
      const reason = from !== undefined && to !== undefined ? model.whyNotConnect([...level, to], from) : null;
      if (reason) {
        tell(reason);
      }
    }
  };
}

function endsOf({ isValid, fromNode, toNode, fromHandle }: FinalConnectionState): [string?, string?] {
  if (isValid !== false || !toNode) {
    return [];
  }
  return fromHandle.type === 'source' ? [fromNode.id, toNode.id] : [toNode.id, fromNode.id];
}

function labelsOf(trans: ITranslation): Record<string, string> {
  return {
    'node.a11yDescription.default': trans.__(
      'Enter selects the node. The arrow keys then move it, and Delete removes it; Escape selects nothing.'
    ),
    'edge.a11yDescription.default': trans.__('Enter selects the connection, and Delete removes it.')
  };
}
