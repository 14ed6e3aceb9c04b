import type { DeclaredTypes } from '../engine/declare/project/schema.ts';
import { extractors } from '../extractors/index.ts';
import { destinations } from '../reverse-etl/index.ts';
import {
  assembleProject,
  declareTypes,
  type OpenedProject,
  type OpenProjectOptions,
} from './assemble-project.ts';

export type { OpenedProject, OpenProjectOptions } from './assemble-project.ts';

/** The types that are in the box. */
export const declaredTypes: DeclaredTypes = declareTypes({ extractors, destinations });

/**
 * Reads a project and joins it with the connectors that are in the box.
 *
 * @throws TerminalError `project-invalid` with every fault of `pipelines.yaml`, or
 *   `project-not-found`.
 */
export function openProject(options: OpenProjectOptions = {}): OpenedProject {
  return assembleProject(options, { extractors, destinations });
}
