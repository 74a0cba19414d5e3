/** What JupyterLab does for the components in its panels: all of it by commands, which other extensions may replace. */
import type { CommandRegistry } from '@lumino/commands';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';

import type { IHost } from '../host';
import { CommandIDs, type IBackends } from '../tokens';
import type { ITranslation } from '../translation';

/** The host of a panel. */
export function panelHost(commands: CommandRegistry, backends: IBackends, trans: ITranslation): IHost {
  const run = (command: string, args: object): Promise<unknown> =>
    commands.hasCommand(command)
      ? commands.execute(command, args as ReadonlyPartialJSONObject)
      : Promise.resolve(false);
  return {
    trans,
    insertCode: async (code, origin) => Boolean(await run(CommandIDs.insertCode, { code, origin })),
    openGraph: (process, title) => void run(CommandIDs.openGraph, { process, title }),
    showOnMap: what => void run(CommandIDs.showOnMap, what),
    signIn: backend => backends.signIn(backend)
  };
}
