/** Where the commands are offered: the palette and the launcher. */
import type { ICommandPalette } from '@jupyterlab/apputils';
import type { ILauncher } from '@jupyterlab/launcher';
import type { CommandRegistry } from '@lumino/commands';

import { CommandIDs } from './tokens';

const IN_LAUNCHER = [
  CommandIDs.openTutorial,
  CommandIDs.newWorkbench,
  CommandIDs.newMap,
  CommandIDs.showCollections,
  CommandIDs.showJobs
];

const IN_PALETTE = [
  ...IN_LAUNCHER,
  CommandIDs.refresh,
  CommandIDs.signIn,
  CommandIDs.signOut,
  CommandIDs.openSettings
];

/** Offer the commands that there are. */
export function offer(
  commands: CommandRegistry,
  palette: ICommandPalette | null,
  launcher: ILauncher | null,
  category: string
): void {
  for (const command of IN_PALETTE.filter(id => commands.hasCommand(id))) {
    palette?.addItem({ command, category });
  }
  IN_LAUNCHER.filter(id => commands.hasCommand(id)).forEach((command, rank) => {
    launcher?.add({ command, category, rank, args: { isLauncher: true } });
  });
}
