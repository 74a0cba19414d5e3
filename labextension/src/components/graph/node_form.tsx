/** The form of one node, made from the description of its process. */
import React from 'react';

import { useHost } from '../../host';
import { collectionsBehind, type ICollectionHints, NO_HINTS, readHints } from '../../models/collection_hints';
import { argumentsOf, dependsOn, graphAt, isResult, nodeAt, orderOf, processOf } from '../../models/graph_document';
import { graphOf, idOf, keyOf, type NodePath, pointerTo } from '../../models/graph_paths';
import type { IParameter, IProcess } from '../../models/processes';
import type { IFault } from '../../models/validation';
import { textOf } from '../../reading';
import { useAttempt, useEditor, useServices, useVersion } from './context';
import { formatted, JsonField } from './simple_fields';
import { Tags } from './palette';
import { type IValuePlace, ValueField } from './value_field';

interface INodeFormProps {
  path: NodePath;
  nameRef: React.RefObject<HTMLInputElement>;
  onOpenGraph: (path: readonly string[]) => void;
  onRenamed: (path: NodePath) => void;
}

export function NodeForm({ path, nameRef, onOpenGraph, onRenamed }: INodeFormProps): React.JSX.Element | null {
  const { model } = useEditor();
  const { trans } = useHost();
  useVersion(model);
  const hints = useHints(path);
  const node = nodeAt(model.document, path);
  if (!node) {
    return null;
  }
  const process = model.processes.of(node);
  const faults = model.faultsOf(path);
  const names = new Set(process?.parameters.map(each => each.name));
  const others = Object.keys(argumentsOf(node)).filter(name => !names.has(name));
  const surroundings = surroundingsOf(model, path, hints);
  const parameters = process?.parameters ?? [];
  const field = (parameter: IParameter): React.JSX.Element => (
    <ArgumentField
      key={parameter.name}
      path={path}
      parameter={parameter}
      value={argumentsOf(node)[parameter.name]}
      faults={faults.filter(fault => fault.argument === parameter.name)}
      surroundings={surroundings}
      onOpenGraph={onOpenGraph}
    />
  );
  return (
    <>
      <NodeHead path={path} nameRef={nameRef} process={process} onRenamed={onRenamed} />
      <Faults faults={faults.filter(({ argument }) => argument === undefined)} />
      {parameters.filter(each => !each.optional).map(field)}
      {parameters.filter(each => each.optional).map(field)}
      {others.map(name => (
        <UnknownArgument key={name} path={path} name={name} faults={faults.filter(({ argument }) => argument === name)} />
      ))}
      {process && parameters.length === 0 && <p className="gdc-Field-hint">{trans.__('This process has no parameters.')}</p>}
    </>
  );
}

function NodeHead({
  path,
  nameRef,
  process,
  onRenamed
}: Pick<INodeFormProps, 'path' | 'nameRef' | 'onRenamed'> & { process: IProcess | null }): React.JSX.Element {
  const { model } = useEditor();
  const { trans } = useHost();
  const attempt = useAttempt();
  const id = React.useId();
  const node = nodeAt(model.document, path);
  const [name, setName] = React.useState(idOf(path));
  const [problem, setProblem] = React.useState<string | null>(null);
  const rename = (): void => {
    if (name === idOf(path)) {
      setProblem(null);
      return;
    }
    setProblem(
      attempt(() => {
        onRenamed(model.renameNode(path, name.trim()));
      })
    );
  };
  return (
    <div className="gdc-NodeHead">
      <h4>
        {processOf(node)} {process && <Tags process={process} />}
      </h4>
      <div className="gdc-NodeHead-fields">
        <label htmlFor={`${id}-name`}>{trans.__('Name')}</label>
        <input
          id={`${id}-name`}
          ref={nameRef}
          className="gdc-Input"
          type="text"
          spellCheck={false}
          autoComplete="off"
          aria-invalid={problem !== null || undefined}
          aria-describedby={`${id}-problem`}
          value={name}
          onChange={event => {
            setName(event.target.value);
          }}
          onBlur={rename}
          onKeyDown={event => {
            if (event.key === 'Enter') {
              event.preventDefault();
              rename();
            } else if (event.key === 'Escape' && name !== idOf(path)) {
              event.stopPropagation();
              setName(idOf(path));
              setProblem(null);
            }
          }}
        />
        <label className="gdc-Check">
          <input
            type="checkbox"
            checked={isResult(node)}
            disabled={isResult(node)}
            onChange={() => {
              model.setResult(path);
            }}
          />
          {trans.__('Result of the graph')}
        </label>
      </div>
      <p id={`${id}-problem`} className="gdc-Field-fault" hidden={problem === null}>
        {problem}
      </p>
      <label htmlFor={`${id}-note`} className="gdc-visually-hidden">
        {trans.__('Note')}
      </label>
      <input
        id={`${id}-note`}
        className="gdc-Input gdc-NodeHead-note"
        type="text"
        placeholder={trans.__('Note: what this step is for')}
        value={textOf(node, 'description')}
        onChange={event => {
          model.setMember(path, 'description', event.target.value || undefined, { run: `${keyOf(path)}#note` });
        }}
      />
    </div>
  );
}

interface IArgumentFieldProps {
  path: NodePath;
  parameter: IParameter;
  value: unknown;
  faults: readonly IFault[];
  surroundings: Omit<IValuePlace, 'onOpenGraph'>;
  onOpenGraph: (path: readonly string[]) => void;
}

function ArgumentField({ path, parameter, value, faults, surroundings, onOpenGraph }: IArgumentFieldProps): React.JSX.Element {
  const { model } = useEditor();
  const { trans } = useHost();
  const id = React.useId();
  const { name } = parameter;
  const place = `${keyOf(path)}#${pointerTo(name)}`;
  const unset = parameter.optional
    ? parameter.hasDefault && parameter.default !== null
      ? trans.__('Default: %1', shortened(formatted(parameter.default)))
      : trans.__('Not set')
    : trans.__('Empty');
  const isMissing = value === undefined && !parameter.optional;
  return (
    <div className="gdc-Field" data-argument={name} data-missing={isMissing || undefined}>
      <label htmlFor={id} className="gdc-Field-label">
        {name}
        {!parameter.optional && <span className="gdc-Field-required" title={trans.__('needed')} aria-hidden="true">{' *'}</span>}{' '}
        <Tags process={parameter} />
      </label>
      <ValueField
        id={id}
        label={name}
        value={value}
        schemas={parameter.schemas}
        isOptional={parameter.optional}
        unsetLabel={unset}
        surroundings={{
          ...surroundings,
          onOpenGraph: (...parts) => {
            onOpenGraph([...path, pointerTo(name, ...parts)]);
          }
        }}
        suggestions={name.includes('dimension') ? surroundings.hints.dimensions : isBandName(parameter) ? surroundings.hints.bands : undefined}
        place={place}
        invalid={faults.some(({ severity }) => severity === 'error') && !isMissing}
        describedBy={`${id}-hint${faults.length ? ` ${id}-faults` : ''}`}
        onValue={(next, typing) => {
          if (typing) {
            model.setArgument(path, pointerTo(name), next, { run: place });
          } else {
            model.endRun();
            model.setArgument(path, pointerTo(name), next);
          }
        }}
      />
      <p id={`${id}-hint`} className="gdc-Field-hint">
        {firstSentence(parameter.description)}
      </p>
      <Faults id={`${id}-faults`} faults={faults} />
    </div>
  );
}

/** A parameter that takes the name of a band, as far as its own name tells. */
function isBandName({ name }: IParameter): boolean {
  return ['nir', 'red', 'label', 'band'].includes(name);
}

function UnknownArgument({ path, name, faults }: { path: NodePath; name: string; faults: readonly IFault[] }): React.JSX.Element {
  const { model } = useEditor();
  const { trans } = useHost();
  const id = React.useId();
  const place = `${keyOf(path)}#${pointerTo(name)}`;
  return (
    <div className="gdc-Field" data-argument={name}>
      <label htmlFor={id} className="gdc-Field-label">
        {name}
      </label>
      <div className="gdc-Value">
        <div className="gdc-Value-field">
          <JsonField
            id={id}
            value={argumentsOf(nodeAt(model.document, path))[name]}
            place={place}
            schema={{}}
            invalid={faults.length > 0}
            describedBy={faults.length ? `${id}-faults` : ''}
            onValue={value => {
              model.setArgument(path, pointerTo(name), value, { run: place });
            }}
          />
        </div>
        <button
          type="button"
          className="gdc-Button gdc-mod-plain"
          aria-label={trans.__('Remove %1', name)}
          onClick={() => {
            model.setArgument(path, pointerTo(name), undefined);
          }}
        >
          ×
        </button>
      </div>
      <Faults id={`${id}-faults`} faults={faults} />
    </div>
  );
}

export function Faults({ faults, id }: { faults: readonly IFault[]; id?: string }): React.JSX.Element | null {
  const { trans } = useHost();
  if (faults.length === 0) {
    return null;
  }
  return (
    <ul id={id} className="gdc-Faults" aria-label={trans.__('Faults')}>
      {faults.map(({ message, severity, source }) => (
        <li key={message} className={severity === 'error' ? 'gdc-Field-fault' : 'gdc-Field-fault gdc-mod-warn'}>
          {message}
          {source === 'server' && <span className="gdc-Tag">{trans.__('back-end')}</span>}
        </li>
      ))}
    </ul>
  );
}

/** What the arguments of a node can refer to: nodes that do not need it, and the parameters around it. */
function surroundingsOf(
  model: ReturnType<typeof useEditor>['model'],
  path: NodePath,
  hints: ICollectionHints
): Omit<IValuePlace, 'onOpenGraph'> {
  const graph = graphAt(model.document, graphOf(path));
  const nodes = orderOf(graph).filter(id => !dependsOn(graph, id, idOf(path)));
  return { nodes, parameters: model.scopeOf(graphOf(path)).parameters.map(({ name }) => name), hints };
}

/** What the collections that a node takes data from suggest. */
function useHints(path: NodePath): ICollectionHints {
  const { model, services } = useEditor();
  const { collections } = useServices();
  const behind = collectionsBehind(model.document, path);
  // What is typed is asked for only once it is a collection.
  const known = behind.filter(id => collections.includes(id)).slice(0, 4);
  const key = JSON.stringify(known);
  const [hints, setHints] = React.useState(NO_HINTS);
  React.useEffect(() => {
    let isWanted = true;
    const ids = JSON.parse(key) as string[];
    void Promise.allSettled(ids.map(id => services.describe(id))).then(described => {
      if (isWanted) {
        setHints(joined(described.flatMap(each => (each.status === 'fulfilled' ? [readHints(each.value)] : []))));
      }
    });
    return () => {
      isWanted = false;
    };
  }, [key, services]);
  return hints;
}

function joined(hints: readonly ICollectionHints[]): ICollectionHints {
  const [first = NO_HINTS] = hints;
  return {
    ...first,
    bands: [...new Set(hints.flatMap(each => each.bands))],
    dimensions: [...new Set(hints.flatMap(each => each.dimensions))]
  };
}

function firstSentence(text: string): string {
  const [first = ''] = text.replaceAll('**', '').replaceAll('`', '').split(/\n\s*\n|(?<=[.!?])\s/, 1);
  return shortened(first, 160);
}

function shortened(text: string, most = 30): string {
  return text.length > most ? `${text.slice(0, most)}…` : text;
}
