/** The library: everything the command line does is a call, and connectors are written to types. */
export type { ConnectorRegistry } from './cli/connections.ts';
export { type OpenedProject, type OpenProjectOptions, openProject } from './cli/open-project.ts';
export {
  planProject as buildPlan,
  type RunOptions,
  runProject as run,
  type WorkOptions,
} from './cli/work.ts';
export type { Project } from './engine/declare/project/project.ts';
export type {
  ColumnSpec,
  ColumnSpecs,
  OutputOf,
  RowOf,
} from './engine/declare/typescript/column-spec.ts';
export {
  type Batch,
  type DefinedModel,
  defineModel,
  type InputRows,
  type KeyedModel,
  type ModelInput,
  type ModelLimits,
  type RunContext,
  ref,
  type SetModel,
  source,
} from './engine/declare/typescript/define-model.ts';
export { explainPlan, isNothingToDo } from './engine/plan/explain-plan.ts';
export type { RunResult, StepProgress } from './engine/run/run-plan.ts';
export type { Clock } from './engine/words/clock.ts';
export type {
  CallMeter,
  ConnectionContext,
  ConnectionSchema,
  DestinationFactory,
  ExtractorFactory,
} from './engine/words/connection.ts';
export type {
  Association,
  ChangeAction,
  Destination,
  DestinationField,
  FoundRecord,
  RowChange,
  WriteResult,
} from './engine/words/destination.ts';
export {
  BudgetExhausted,
  type ErrorDetails,
  TerminalError,
  TransientError,
  type TransientErrorDetails,
} from './engine/words/errors.ts';
export type { JsonObject, JsonValue } from './engine/words/json.ts';
export type { Log, LogFields } from './engine/words/log.ts';
export type { Plan, PlanFault, Step, StepResult, StepStatus } from './engine/words/step.ts';
export type {
  ColumnType,
  Cursor,
  Extractor,
  Page,
  ReadEstimate,
  ReadRequest,
  Stream,
  StreamColumn,
  StreamSettings,
  WantedStreams,
} from './engine/words/stream.ts';
export type { SyncSpec } from './engine/words/sync.ts';
export { type Column, formatRelation, type Relation } from './engine/words/table.ts';
export type {
  CanonicalKind,
  Dialect,
  Misfit,
  PageFile,
  Row,
  RowValue,
  Session,
  Shadow,
  Warehouse,
} from './engine/words/warehouse.ts';
