/** A back-end that answers from a table, for tests. */
import { BackendError, type IAnswer, type IBackend, type IRequestOptions } from '../backend/backend';

export type Answers = Record<string, unknown>;

export class FakeBackend implements IBackend {
  constructor(
    readonly id: string,
    readonly answers: Answers,
    readonly url = `https://${id}.example.org/`
  ) {}

  readonly asked: string[] = [];

  get title(): string {
    return `Server ${this.id}`;
  }

  request(path: string, { query, as }: IRequestOptions = {}): Promise<IAnswer> {
    const search = new URLSearchParams(Object.entries(query ?? {}).map(([name, value]) => [name, String(value)])).toString();
    const full = search ? `${path}?${search}` : path;
    this.asked.push(full);
    const answer = full in this.answers ? this.answers[full] : this.answers[path];
    if (answer instanceof BackendError) {
      return Promise.reject(answer);
    }
    if (answer === undefined) {
      return Promise.reject(new BackendError('missing', 'There is nothing.', 404));
    }
    return Promise.resolve({ status: 200, body: as === 'dataUrl' ? answer : structuredClone(answer), headers: {} });
  }
}

export const OPENEO_LANDING = { api_version: '1.1.0', title: 'Old', endpoints: [{ path: '/result', methods: ['POST'] }] };
export const STAC_LANDING = {
  stac_version: '1.0.0',
  conformsTo: ['https://api.stacspec.org/v1.0.0/core', 'https://api.stacspec.org/v1.0.0/item-search'],
  links: []
};
