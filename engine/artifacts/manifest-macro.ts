import { asConfig, asList, type Config } from '../declare/config.ts';
import { findMacroCalls, macroText } from '../declare/macro-calls.ts';
import type { MacroEntry } from '../declare/macro-library.ts';
import type { PlacedEntry } from '../declare/properties.ts';
import { packageFile } from './file-path.ts';
import type { ManifestSources } from './manifest-sources.ts';
import { docsOf } from './node-config.ts';

/** Every macro as an entry of `macros`, ours among them; `known`: what stands of one already. */
export function manifestMacros(
  from: ManifestSources,
  known: (id: string) => Config | undefined = () => undefined,
): Record<string, Config> {
  const { library, macroPatches } = from.project;
  return Object.fromEntries(
    library.all.map((macro) => [
      macro.id,
      known(macro.id) ?? manifestMacro(from, macro, macroPatches.get(macro.id)),
    ]),
  );
}

function manifestMacro(
  { project, createdAt }: ManifestSources,
  macro: MacroEntry,
  patch: PlacedEntry | undefined,
): Config {
  const file = packageFile(project, macro.packageName, macro.file);
  const text = macroText(macro);
  const entry = patch?.entry ?? {};
  const config = asConfig(entry['config']);
  return {
    name: macro.name,
    resource_type: 'macro',
    package_name: macro.packageName,
    path: file,
    original_file_path: file,
    unique_id: macro.id,
    macro_sql: text,
    depends_on: { macros: findMacroCalls(project.library, macro.packageName, text, macro) },
    description: typeof entry['description'] === 'string' ? entry['description'] : '',
    meta: { ...asConfig(entry['meta']), ...asConfig(config['meta']) },
    docs: docsOf({ ...entry, ...config }),
    patch_path:
      patch === undefined
        ? null
        : `${macro.packageName}://${packageFile(project, macro.packageName, patch.place.file)}`,
    arguments: asList(entry['arguments']).map((value) => {
      const { name, type, description } = asConfig(value);
      return {
        name: String(name),
        type: typeof type === 'string' ? type : null,
        description: typeof description === 'string' ? description : '',
      };
    }),
    created_at: createdAt,
    supported_languages: null,
  };
}
