// What a user of the JavaScript client does: log in, list, compute at once and as a job, download.
// node openeo.js URL USER PASSWORD FOLDER prints what it saw as JSON.
import { OpenEO } from '@openeo/js-client';
import { writeFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';

const [url, user, password, folder] = process.argv.slice(2);

const connection = await OpenEO.connect(url);
await connection.authenticateBasic(user, password);
const { collections } = await connection.listCollections();
// The client asks for pages, and its builder knows what has come.
const processes = [];
for await (const page of connection.paginateProcesses()) {
  processes.push(...page);
}
const account = await connection.describeAccount();

const builder = await connection.buildProcess('summer');
const area = { west: 679720, south: 5151080, east: 680680, north: 5151920, crs: 32632 };
let cube = builder.load_collection('S2_ALPS', area, ['2022-06-01', '2022-07-01'], ['B04']);
cube = builder.reduce_dimension(cube, (data, _, child) => child.median(data), 't');
const result = builder.save_result(cube, 'GTiff');

const faults = await connection.validateProcess(result);
const { data, type } = await connection.computeResult(result);
await writeFile(`${folder}/at-once.tif`, await buffer(data));

const job = await connection.createJob(result, 'From JavaScript');
await job.startJob();
while (!['finished', 'error'].includes((await job.describeJob()).status)) {
  await new Promise(resolve => setTimeout(resolve, 100));
}
const files = await job.downloadResults(folder);
const seen = {
  api: connection.capabilities().apiVersion(),
  collections: collections.map(each => each.id),
  processes: processes.length,
  account: account.user_id ?? connection.getUserId?.(),
  faults,
  type,
  status: job.status,
  title: job.title,
  jobs: (await connection.listJobs()).map(each => each.id),
  job: job.id,
  files
};
await job.deleteJob();
console.log(JSON.stringify(seen));
