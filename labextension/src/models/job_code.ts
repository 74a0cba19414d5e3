/** Python that opens the result of a job. */
import type { IJob } from './job';

export interface INames {
  /** The variable that holds the tracker, where there is one. */
  tracker: string;
  /** The expression that connects to the back-end. */
  connect: string;
}

export function codeOf(job: IJob, kind: 'xarray' | 'plot', { tracker, connect }: INames): string {
  const id = JSON.stringify(job.id);
  if (tracker) {
    return kind === 'xarray' ? `result = ${tracker}.open_result(${id})\nresult` : `${tracker}.plot(${id})`;
  }
  const opened = `import gdc_jupyter as gdc\n\ncon = ${connect}\nresult = gdc.open_result(con.job(${id}))`;
  return kind === 'xarray' ? `${opened}\nresult` : `${opened}\ngdc.plot_cube(result)`;
}
