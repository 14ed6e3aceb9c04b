/**
 * What it takes to open a warehouse that does not open. sound: nothing. cut: its log can be
 * replayed up to `keptBytes` of `logBytes`; what came after is left out. lost: no part helps.
 */
export type Recovery =
  | { readonly kind: 'sound' }
  | { readonly kind: 'cut'; readonly logBytes: number; readonly keptBytes: number }
  | { readonly kind: 'lost'; readonly reason: string };

/** What is done to a warehouse's files while nobody has them open. Paths as in `warehouse.path`. */
export interface WarehouseFiles {
  /**
   * Reads only, and tries on copies beside the file.
   * @throws TerminalError where something else keeps the warehouse from being opened.
   */
  planRecovery(path: string): Promise<Recovery>;
  /**
   * Puts the files aside as they are, then does it. Answers the folder they were put in; `stamp`
   * names it.
   */
  applyRecovery(
    path: string,
    recovery: Extract<Recovery, { readonly kind: 'cut' }>,
    stamp: string,
  ): Promise<string>;
  /** What stands under `to` afterwards is whole, or nothing. */
  copy(path: string, to: string): Promise<void>;
}
