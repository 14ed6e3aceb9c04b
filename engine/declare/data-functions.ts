import { loadLibrary } from '../words/load-library.ts';
import { JinjaError } from './jinja/jinja-error.ts';
import { decodeJson, encodeJson } from './jinja/json-text.ts';
import { fromPython, toPython } from './jinja/python-value.ts';
import type { HostCallback } from './jinja/values.ts';

const yamlLibrary = () => loadLibrary('yaml') as typeof import('yaml');

/** What cannot be read or written answers what the caller gave for that case, else None. */
function orDefault(work: HostCallback): HostCallback {
  return async (args, kwargs, call) => {
    try {
      return await work(args, kwargs, call);
    } catch (error) {
      if (!(error instanceof JinjaError) && !(error instanceof Error)) throw error;
      return kwargs.get('default') ?? args[1] ?? null;
    }
  };
}

/** dbt's `tojson`, `fromjson`, `toyaml` and `fromyaml`. */
export const dataFunctions: Readonly<Record<string, HostCallback>> = {
  tojson: orDefault((args, kwargs) =>
    encodeJson(args[0] ?? kwargs.get('value') ?? null, {
      isSorted: (kwargs.get('sort_keys') ?? args[2]) === true,
    }),
  ),
  fromjson: orDefault((args, kwargs) => decodeJson(String(args[0] ?? kwargs.get('string')))),
  toyaml: orDefault((args, kwargs) =>
    yamlLibrary().stringify(fromPython(args[0] ?? kwargs.get('value') ?? null), {
      sortMapEntries: (kwargs.get('sort_keys') ?? args[2]) === true,
    }),
  ),
  fromyaml: orDefault((args, kwargs) =>
    toPython(yamlLibrary().parse(String(args[0] ?? kwargs.get('value')), { version: '1.1' })),
  ),
};
