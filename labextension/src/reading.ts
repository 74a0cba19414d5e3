/** Reads values that came from elsewhere, of which nothing is certain. */

export type JsonRecord = Record<string, unknown>;

export function isRecord(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The text under a key, or an empty one. */
export function textOf(value: unknown, key: string): string {
  const text = isRecord(value) ? value[key] : undefined;
  return typeof text === 'string' ? text : '';
}

/** The finite number under a key, or null. */
export function numberOf(value: unknown, key: string): number | null {
  const number = isRecord(value) ? value[key] : undefined;
  return typeof number === 'number' && Number.isFinite(number) ? number : null;
}

/** The list under a key, or an empty one. */
export function listOf(value: unknown, key: string): unknown[] {
  const list = isRecord(value) ? value[key] : undefined;
  return Array.isArray(list) ? (list as unknown[]) : [];
}

/** The record under a key, or an empty one. */
export function recordOf(value: unknown, key: string): JsonRecord {
  const record = isRecord(value) ? value[key] : undefined;
  return isRecord(record) ? record : {};
}

/** The texts of a list under a key; anything else in it is left out. */
export function textsOf(value: unknown, key: string): string[] {
  return listOf(value, key).filter((entry): entry is string => typeof entry === 'string');
}

/** Whether an address may be followed: a page, and no script. */
export function isSafeAddress(href: string): boolean {
  return /^https?:\/\//i.test(href);
}
