/** The arguments that a new node starts with. */
import type { JsonRecord } from '../reading';
import { isCube } from './schema_check';
import { callbackParameters, type IParameter, type IProcess } from './processes';
import type { IScope } from './scope';

/**
 * Arguments of what a process cannot do without, as far as that can be guessed.
 *
 * @param before - the node whose result is taken in
 * @param scope - the parameters in a callback; they are taken in where nothing else is
 */
export function firstArguments(process: IProcess | null, before: string | null, scope: IScope | null): JsonRecord {
  const given: JsonRecord = {};
  const required = process?.parameters.filter(each => !each.optional) ?? [];
  const own = scope?.parameters.slice(0, scope.own).map(each => each.name) ?? [];
  const input = before === null ? null : inputOf(required);
  for (const parameter of required) {
    const { name } = parameter;
    if (callbackParameters(parameter) && !parameter.schemas.some(({ type }) => type === 'null')) {
      given[name] = { process_graph: {} };
    } else if (name === input) {
      given[name] = { from_node: before };
    } else if (own.includes(name)) {
      given[name] = { from_parameter: name };
    } else if (before === null && own[0] !== undefined && parameter === required[0] && takesData(parameter)) {
      given[name] = { from_parameter: own[0] };
    }
  }
  return given;
}

/** The parameter that takes the result of the node before: a cube, or else the first that takes data. */
function inputOf(parameters: readonly IParameter[]): string | null {
  const found = parameters.find(each => each.schemas.some(isCube)) ?? parameters.find(takesData);
  return found?.name ?? null;
}

const DATA = ['number', 'integer', 'array', 'boolean'];

/** Whether a parameter takes values that a node can give: a cube, numbers, an array, a boolean. */
export function takesData({ schemas }: IParameter): boolean {
  return schemas.some(schema => {
    const types = [schema.type].flat();
    return isCube(schema) || schema.type === undefined || (types.some(type => DATA.includes(String(type))) && !schema.enum);
  });
}
