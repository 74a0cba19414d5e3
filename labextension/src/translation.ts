/** Words in the user's language: JupyterLab's translator in the panels, the words themselves in widgets. */

/** What components need of JupyterLab's `TranslationBundle`. */
export interface ITranslation {
  __(text: string, ...values: (string | number)[]): string;
  _n(singular: string, plural: string, count: number, ...values: (string | number)[]): string;
}

const filled = (text: string, values: readonly (string | number)[]): string =>
  text.replace(/%(\d)/g, (_, number: string) => String(values[Number(number) - 1] ?? ''));

export const englishWords: ITranslation = {
  __: (text, ...values) => filled(text, values),
  _n: (singular, plural, count, ...values) => filled(count === 1 ? singular : plural, [count, ...values])
};
