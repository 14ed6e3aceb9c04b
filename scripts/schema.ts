import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { declaredTypes } from '../cli/open-project.ts';
import { buildProjectSchema } from '../engine/declare/project/schema.ts';

/** Writes the schema that editors complete `pipelines.yaml` from; a test holds it to the code. */
const file = join(dirname(import.meta.dirname), 'pipelines.schema.json');
writeFileSync(file, `${JSON.stringify(buildProjectSchema(declaredTypes), undefined, 2)}\n`);
