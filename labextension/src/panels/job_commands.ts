/** Commands for single jobs; where no job is given, the user picks one. */
import { Dialog, InputDialog, Notification, showDialog } from '@jupyterlab/apputils';
import { closeIcon, deleteIcon, runIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';

import { asBackendError, type IBackend, pathOf } from '../backend/backend';
import { graphIcon } from '../icons';
import { recordOf, textOf } from '../reading';
import { type IJob, JOB_STATUSES, nameOf } from '../models/job';
import { CommandIDs, type IBackends, type IJobs } from '../tokens';
import type { ITranslation } from '../translation';
import { formatStatus } from '../words';

interface IJobCommandOptions {
  backends: IBackends;
  jobs: IJobs;
  trans: ITranslation;
}

interface IJobAction {
  id: string;
  label: string;
  caption: string;
  icon: typeof runIcon;
  /** What is asked where the user is to pick a job. */
  question: string;
  statuses: readonly string[];
  act: (job: string, backend: IBackend) => Promise<unknown>;
}


export function addJobCommands(commands: CommandRegistry, { backends, jobs, trans }: IJobCommandOptions): void {
  const resultsOf = (job: string): string => `${pathOf('jobs', job)}/results`;
  const isSure = async (job: string): Promise<boolean> => {
    const known = jobs.jobs.find(({ id }) => id === job);
    const title = known ? nameOf(known) : job;
    const { button } = await showDialog({
      title: trans.__('Delete the job “%1”?', title),
      body: trans.__('Its results are deleted with it.'),
      buttons: [
        Dialog.cancelButton({ label: trans.__('Keep') }),
        Dialog.warnButton({ label: trans.__('Delete') })
      ]
    });
    return button.accept;
  };
  const actions: IJobAction[] = [
    {
      id: CommandIDs.startJob,
      label: trans.__('Start Job…'),
      caption: trans.__('Let a job run'),
      icon: runIcon,
      question: trans.__('Start which job?'),
      statuses: ['created', 'canceled', 'error', 'finished'],
      act: (job, backend) => backend.request(resultsOf(job), { method: 'POST' })
    },
    {
      id: CommandIDs.cancelJob,
      label: trans.__('Cancel Job…'),
      caption: trans.__('Stop a job that is queued or runs'),
      icon: closeIcon,
      question: trans.__('Cancel which job?'),
      statuses: ['queued', 'running'],
      act: (job, backend) => backend.request(resultsOf(job), { method: 'DELETE' })
    },
    {
      id: CommandIDs.deleteJob,
      label: trans.__('Delete Job…'),
      caption: trans.__('Delete a job and its results'),
      icon: deleteIcon,
      question: trans.__('Delete which job?'),
      statuses: JOB_STATUSES,
      act: async (job, backend) => {
        if (await isSure(job)) {
          await backend.request(pathOf('jobs', job), { method: 'DELETE' });
        }
      }
    },
    {
      id: CommandIDs.openJobGraph,
      label: trans.__('Open Graph of a Job…'),
      caption: trans.__('Open the process graph of a job in the editor'),
      icon: graphIcon,
      question: trans.__('Open the graph of which job?'),
      statuses: JOB_STATUSES,
      act: async (job, backend) => {
        const { body } = await backend.request(pathOf('jobs', job));
        const process = recordOf(body, 'process');
        await commands.execute(CommandIDs.openGraph, { process: process as never, title: textOf(body, 'title') || job });
      }
    }
  ];
  for (const action of actions) {
    const choices = (): IJob[] => jobs.jobs.filter(({ status }) => action.statuses.includes(status));
    commands.addCommand(action.id, {
      label: action.label,
      caption: action.caption,
      icon: action.icon,
      describedBy: {
        args: {
          type: 'object',
          properties: {
            job: { type: 'string', description: trans.__('The id of the job; asked for where it is not given') },
            backend: { type: 'string', description: trans.__('The id of the back-end; by default this Jupyter server') }
          }
        }
      },
      isEnabled: args => Boolean(textOf(args, 'job')) || choices().length > 0,
      execute: async args => {
        const backend = backends.find(textOf(args, 'backend')) ?? backends.own;
        const job = textOf(args, 'job') || (await pickJob(choices(), action.question, trans));
        if (!job) {
          return;
        }
        try {
          await action.act(job, backend);
        } catch (error) {
          Notification.error(asBackendError(error).message, { autoClose: false });
        }
        await jobs.refresh();
      }
    });
  }
}

async function pickJob(choices: readonly IJob[], title: string, trans: ITranslation): Promise<string | null> {
  const items = choices.map(job => `${nameOf(job)} — ${formatStatus(job.status, trans)} (${job.id.slice(0, 8)})`);
  const { value } = await InputDialog.getItem({ title, items });
  return value === null ? null : (choices[items.indexOf(value)]?.id ?? null);
}
