import type { Span } from '../words/batch-time.ts';
import type { Log } from '../words/log.ts';
import type { ReadGraph } from './graph-value.ts';
import type { MacroLibrary } from './macro-library.ts';
import type { Memory } from './memory/memory.ts';
import type { CommandName, NodeScope, Target } from './node-scope.ts';
import type { Vars } from './vars.ts';

/** What is known of the project while its files are still being read. */
export interface Reading {
  readonly name: string;
  readonly isDbt: boolean;
  readonly target: Target;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Log;
  readonly library: MacroLibrary;
  readonly vars: Vars;
  /** What `graph` shows; absent while files are being read, as in dbt. */
  readonly readGraph?: ReadGraph;
  /** What `selected_resources` shows; absent while files are being read, as in dbt. */
  readonly selected?: readonly string[];
  /** Where renderings are kept; absent: nowhere. */
  readonly memory?: Memory | undefined;
}

/** The moment and the mode of a rendering; a run has one for all its nodes. */
export interface RenderMoment {
  readonly boundaryMs: number;
  readonly invocationId: string;
  readonly isFullRefresh: boolean;
  /** Default: `build`. */
  readonly command?: CommandName;
}

export interface NodeRender extends Omit<NodeScope, 'modelValue'> {
  readonly fqn: readonly string[];
  readonly resourceType: string;
  /** The batch that a microbatch makes. */
  readonly batch?: Span;
  readonly columns?: readonly { readonly name: string; readonly description: string }[];
  readonly dependsOn?: readonly string[];
}
