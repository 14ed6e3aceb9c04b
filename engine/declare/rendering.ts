import type { Span } from '../words/batch-time.ts';
import type { Log } from '../words/log.ts';
import type { Relation } from '../words/table.ts';
import type { TemplateWarehouse } from './adapter-value.ts';
import type { ReadGraph } from './graph-value.ts';
import type { JinjaValue } from './jinja/values.ts';
import type { MacroLibrary } from './macro-library.ts';
import type { Memory } from './memory/memory.ts';
import type { RefCall, SourceCall } from './model-node.ts';
import type { CommandName, RenderTrace, Target } from './node-scope.ts';
import type { Config } from './properties.ts';
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

export interface NodeRender {
  readonly id: string;
  readonly name: string;
  readonly packageName: string;
  readonly file: string;
  readonly fqn: readonly string[];
  readonly relation: Relation;
  /** Where its rows stand while it is built; absent: there. */
  readonly standing?: Relation;
  readonly config: Config;
  readonly resourceType: string;
  readonly isExecuting: boolean;
  readonly isIncremental: boolean;
  readonly trace: RenderTrace;
  readonly warehouse?: TemplateWarehouse | undefined;
  /** The batch that a microbatch makes. */
  readonly batch?: Span;
  readonly columns?: readonly { readonly name: string; readonly description: string }[];
  readonly dependsOn?: readonly string[];
  readonly names?: ReadonlyMap<string, JinjaValue>;
  resolveRef(call: RefCall): JinjaValue;
  resolveSource(call: SourceCall): JinjaValue;
}
