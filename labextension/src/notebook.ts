/** Finds the first tutorial among the user's files, or puts a copy there. */
import type { Contents } from '@jupyterlab/services';
import { PathExt } from '@jupyterlab/coreutils';

/** Where the tutorial lies when the server was started in the project's folder, or in that of its notebooks. */
export const TUTORIALS = ['notebooks/01-first-composite.ipynb', '01-first-composite.ipynb'];

/** The name of the copy that is made elsewhere. */
export const COPY = 'first-composite.ipynb';

/**
 * The path of the tutorial. A copy is written into the folder when there is none yet; an earlier copy is left as it is.
 *
 * @param contents - the files of the user
 * @param folder - where a copy belongs
 * @param load - gives the notebook to copy
 */
export async function tutorialPath(
  contents: Pick<Contents.IManager, 'get' | 'save'>,
  folder: string,
  load: () => Promise<unknown>
): Promise<string> {
  const copy = PathExt.join(folder, COPY);
  for (const path of [...TUTORIALS, copy]) {
    if (await exists(contents, path)) {
      return path;
    }
  }
  await contents.save(copy, { type: 'notebook', format: 'json', content: await load() });
  return copy;
}

async function exists(contents: Pick<Contents.IManager, 'get'>, path: string): Promise<boolean> {
  // Folders are listed from the root on, since asking for what is not there leaves an error in the server's log.
  const parent = PathExt.dirname(path);
  if (parent && !(await exists(contents, parent))) {
    return false;
  }
  try {
    const folder = await contents.get(parent, { content: true });
    return (folder.content as Contents.IModel[]).some(entry => entry.name === PathExt.basename(path));
  } catch {
    return false;
  }
}
