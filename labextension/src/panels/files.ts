/** Data files in the file browser: what they are, and how they become collections. */
import { Notification } from '@jupyterlab/apputils';
import type { DocumentRegistry } from '@jupyterlab/docregistry';
import type { Contents } from '@jupyterlab/services';
import type { CommandRegistry } from '@lumino/commands';

import { BackendError } from '../backend/backend';
import { cubeIcon } from '../icons';
import { isRecord, type JsonRecord, listOf, textOf } from '../reading';
import { CommandIDs, type IBackends } from '../tokens';
import type { ITranslation } from '../translation';

const NETCDF = ['.nc', '.nc4', '.cdf', '.netcdf'];
const GEOTIFF = ['.tif', '.tiff', '.geotiff'];
const ZARR_FILE = '.zarr.zip';
const ZARR_FOLDER = '.zarr';

/** Whether a file or folder can be made a collection, as far as its name tells. */
export function isData({ name, type }: Pick<Contents.IModel, 'name' | 'type'>): boolean {
  const lower = name.toLowerCase();
  if (type === 'directory') {
    return lower.endsWith(ZARR_FOLDER);
  }
  return [...NETCDF, ...GEOTIFF, ZARR_FILE].some(end => lower.endsWith(end));
}

/** Give data files an icon and a name of their own; GeoTIFFs are pictures to JupyterLab already. */
export function addFileTypes(registry: DocumentRegistry, trans: ITranslation): void {
  const common = { icon: cubeIcon, fileFormat: 'base64', contentType: 'file' } as const;
  registry.addFileType({
    ...common,
    name: 'netcdf',
    displayName: trans.__('NetCDF file'),
    extensions: NETCDF,
    mimeTypes: ['application/x-netcdf']
  });
  registry.addFileType({
    ...common,
    name: 'zarr-zip',
    displayName: trans.__('Zarr file'),
    extensions: [ZARR_FILE],
    mimeTypes: ['application/zip']
  });
}

interface IFileCommandOptions {
  backends: IBackends;
  contents: Contents.IManager;
  /** The file that is selected in the file browser, if it is one alone. */
  selected: () => Contents.IModel | null;
  trans: ITranslation;
}

export function addFileCommands(
  commands: CommandRegistry,
  { backends, contents, selected, trans }: IFileCommandOptions
): void {
  const describedBy = {
    args: {
      type: 'object',
      properties: { path: { type: 'string', description: trans.__('The file; by default the one that is selected') } }
    }
  } as const;
  const pathOf = (args: object): string | null => {
    const given = textOf(args, 'path');
    const item = selected();
    return given || (item && isData(item) ? item.path : null);
  };
  const isEnabled = (args: object): boolean => pathOf(args) !== null;

  /** Make a collection of a file, or find which one it is, and tell how that went. */
  const collectionOf = async (path: string): Promise<JsonRecord | null> => {
    const name = path.split('/').pop() ?? path;
    const id = Notification.emit(trans.__('Reading %1…', name), 'in-progress', { autoClose: false });
    try {
      const body = { path: contents.localPath(path) };
      const answer = await backends.own.request('contents/collections', { method: 'POST', body });
      const collection = listOf(answer.body, 'collections').find(isRecord);
      if (!collection) {
        throw new BackendError('rubbish', trans.__('The server told of no collection.'));
      }
      backends.markStale(backends.own.id);
      const title = textOf(collection, 'title') || textOf(collection, 'id');
      Notification.update({
        id,
        type: 'success',
        autoClose: 5000,
        message:
          answer.status === 201
            ? trans.__('%1 is a collection now: %2.', name, title)
            : trans.__('%1 is a collection already: %2.', name, title),
        actions: [
          { label: trans.__('Show collections'), callback: () => void commands.execute(CommandIDs.showCollections) }
        ]
      });
      return collection;
    } catch (error) {
      const told = error instanceof Error ? error.message : String(error);
      const reason = told.startsWith(`${name}: `) ? told.slice(name.length + 2) : told;
      const message = trans.__('%1 was not added: %2', name, reason);
      Notification.update({ id, type: 'error', autoClose: false, message });
      return null;
    }
  };

  commands.addCommand(CommandIDs.addFile, {
    label: trans.__('Add as Collection'),
    caption: trans.__('Make the file a collection of the data cube; it stays where it is'),
    icon: cubeIcon,
    describedBy,
    isEnabled,
    isVisible: isEnabled,
    execute: async args => {
      const path = pathOf(args);
      return path === null ? null : textOf(await collectionOf(path), 'id');
    }
  });

  commands.addCommand(CommandIDs.showFile, {
    label: trans.__('Show on Map'),
    caption: trans.__('Show the file on a map in a notebook; it is made a collection first'),
    icon: cubeIcon,
    describedBy,
    isEnabled,
    isVisible: isEnabled,
    execute: async args => {
      const path = pathOf(args);
      const collection = path === null ? null : await collectionOf(path);
      if (collection) {
        await commands.execute(CommandIDs.showOnMap, { collection: collection as never });
      }
    }
  });
}
