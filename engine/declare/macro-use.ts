import { internalPackage, type MacroEntry, type MacroLibrary } from './macro-library.ts';

/** Who looked at which macro while files were read; ours never change. */
export interface MacroUse {
  /** Ids of the models and their like, by the macro's. */
  readonly byMacro: ReadonlyMap<string, readonly string[]>;
  /** Macros that something else looked at: a test, a description, a source. */
  readonly others: ReadonlySet<string>;
}

/** The library, with a note of every macro that was found in it. */
export function watchLibrary(library: MacroLibrary): {
  readonly library: MacroLibrary;
  readonly found: ReadonlySet<string>;
} {
  const found = new Set<string>();
  const note = (entry: MacroEntry | undefined): MacroEntry | undefined => {
    if (entry && entry.packageName !== internalPackage) found.add(entry.id);
    return entry;
  };
  const watched: MacroLibrary = {
    ...library,
    find: (name, packageName) => note(library.find(name, packageName)),
    findIn: (name, packageName) => note(library.findIn(name, packageName)),
    byId: (id) => note(library.byId(id)),
    dispatch: (...call) => {
      const entry = library.dispatch(...call);
      if ('id' in entry) note(entry);
      return entry;
    },
  };
  return { library: watched, found };
}

/** By macro, from what each node looked at. */
export function groupMacroUse(
  read: Iterable<{ readonly node: { id: string }; readonly macros: ReadonlySet<MacroEntry> }>,
  others: ReadonlySet<string>,
): MacroUse {
  const byMacro = new Map<string, string[]>();
  for (const { node, macros } of read) {
    for (const { id, packageName } of macros) {
      if (packageName === internalPackage) continue;
      const users = byMacro.get(id);
      if (users) users.push(node.id);
      else byMacro.set(id, [node.id]);
    }
  }
  return { byMacro, others };
}
