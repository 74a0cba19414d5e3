/** Starts a job, with values for the parameters of the process; and stores the process under a name. */
import React from 'react';

import { asBackendError, BackendError, pathOf } from '../../backend/backend';
import { useHost } from '../../host';
import { NO_HINTS } from '../../models/collection_hints';
import { EditRefused } from '../../models/graph_document';
import { withParameters } from '../../models/graph_parts';
import { withValueAt } from '../../models/graph_paths';
import { readParameters } from '../../models/processes';
import { type JsonRecord, textOf } from '../../reading';
import { useEditor, useVersion } from './context';
import { Drawer, RequestProblem } from './drawer';
import { ValueField } from './value_field';

interface IRunDrawerProps {
  onClose: () => void;
  onJob?: (id: string, title: string) => void;
}

export function RunDrawer({ onClose, onJob }: IRunDrawerProps): React.JSX.Element {
  const { model, services, say } = useEditor();
  const { trans } = useHost();
  const id = React.useId();
  useVersion(model);
  const { document } = model;
  const parameters = React.useMemo(() => readParameters(document), [document]);
  const [values, setValues] = React.useState<JsonRecord>({});
  const [title, setTitle] = React.useState(textOf(document, 'summary') || textOf(document, 'id'));
  const [problem, setProblem] = React.useState<BackendError | null>(null);
  const [refused, setRefused] = React.useState('');
  const [isBusy, setBusy] = React.useState(false);
  const faults = model.faults.filter(({ severity }) => severity === 'error').length;

  const start = async (): Promise<void> => {
    setProblem(null);
    setRefused('');
    setBusy(true);
    try {
      const graph = parameters.length ? withParameters(document, values, model.processes) : document.process_graph;
      const body = { ...(title ? { title } : {}), process: { process_graph: graph } };
      const { headers } = await services.backend.request('jobs', { method: 'POST', body });
      const job = headers['openeo-identifier'] ?? headers.location?.split('/').pop() ?? '';
      await services.backend.request(`${pathOf('jobs', job)}/results`, { method: 'POST' });
      say(trans.__('The job %1 is started.', title || job));
      onJob?.(job, title);
      onClose();
    } catch (error) {
      if (error instanceof EditRefused) {
        setRefused(trans.__(error.text, ...error.values));
      } else {
        setProblem(asBackendError(error));
      }
    }
    setBusy(false);
  };

  return (
    <Drawer title={trans.__('Run as a job')} onClose={onClose}>
      <div className="gdc-Drawer-row">
        <label htmlFor={`${id}-title`}>{trans.__('Title of the job')}</label>
        <input
          id={`${id}-title`}
          className="gdc-Input"
          value={title}
          onChange={event => {
            setTitle(event.target.value);
          }}
        />
      </div>
      {parameters.map(parameter => (
        <div key={parameter.name} className="gdc-Field">
          <label htmlFor={`${id}-${parameter.name}`} className="gdc-Field-label">
            {parameter.name}
          </label>
          <ValueField
            id={`${id}-${parameter.name}`}
            label={parameter.name}
            value={values[parameter.name]}
            schemas={parameter.schemas}
            isOptional={parameter.optional}
            unsetLabel={parameter.optional ? trans.__('Default: %1', JSON.stringify(parameter.default ?? null)) : trans.__('Empty')}
            surroundings={{ nodes: [], parameters: [], hints: NO_HINTS, onOpenGraph: null }}
            place={`#run/${parameter.name}`}
            invalid={false}
            describedBy=""
            onValue={value => {
              setValues(before => withValueAt(before, [parameter.name], value) as JsonRecord);
            }}
          />
          <p className="gdc-Field-hint">{parameter.description}</p>
        </div>
      ))}
      {faults > 0 && (
        <p className="gdc-Field-fault">
          {trans._n('One fault is left: the back-end may refuse the job.', '%1 faults are left: the back-end may refuse the job.', faults)}
        </p>
      )}
      <button type="button" className="gdc-Button gdc-mod-primary" disabled={isBusy} onClick={() => void start()}>
        {isBusy ? trans.__('Starting…') : trans.__('Start the job')}
      </button>
      <p role="status" className="gdc-Field-fault">
        {refused}
      </p>
      <RequestProblem problem={problem} />
    </Drawer>
  );
}

export function SaveDrawer({ onClose }: { onClose: () => void }): React.JSX.Element {
  const { model, services, say } = useEditor();
  const { trans } = useHost();
  const id = React.useId();
  useVersion(model);
  const [name, setName] = React.useState(textOf(model.document, 'id'));
  const [problem, setProblem] = React.useState<BackendError | null>(null);
  const isValid = /^\w+$/.test(name);
  const isKnown = model.processes.all.some(process => process.id === name && process.namespace === 'user');
  const isTaken = model.processes.all.some(process => process.id === name && process.namespace === null);
  const save = async (): Promise<void> => {
    setProblem(null);
    try {
      const body = { ...model.process, id: name };
      await services.backend.request(pathOf('process_graphs', name), { method: 'PUT', body });
      model.setField('id', name);
      await services.loadStored();
      say(trans.__('The process is stored as %1. It is among the steps that can be added.', name));
      onClose();
    } catch (error) {
      setProblem(asBackendError(error));
    }
  };
  return (
    <Drawer title={trans.__('Store as a process of yours')} onClose={onClose}>
      <div className="gdc-Drawer-row">
        <label htmlFor={id}>{trans.__('Name')}</label>
        <input
          id={id}
          className="gdc-Input"
          value={name}
          spellCheck={false}
          aria-invalid={(name !== '' && !isValid) || undefined}
          aria-describedby={`${id}-hint`}
          onChange={event => {
            setName(event.target.value);
          }}
        />
        <button type="button" className="gdc-Button gdc-mod-primary" disabled={!isValid} onClick={() => void save()}>
          {isKnown ? trans.__('Replace') : trans.__('Store')}
        </button>
      </div>
      <p id={`${id}-hint`} role="status" className="gdc-Field-hint">
        {isKnown
          ? trans.__('You have a process of this name: it is replaced.')
          : isTaken
            ? trans.__('The back-end has a process of this name, which is taken instead of yours.')
            : trans.__('Letters, digits and underscores.')}
      </p>
      <RequestProblem problem={problem} />
    </Drawer>
  );
}
