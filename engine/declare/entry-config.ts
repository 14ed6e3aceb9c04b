import type { Relation } from '../words/table.ts';
import { type Bystander, bystander } from './bystander.ts';
import { asConfig, type Config } from './config.ts';
import { reportEnabled } from './enabled-config.ts';
import { holdsTemplate, renderHeld } from './held-templates.ts';
import { parseTemplate } from './jinja/parse-template.ts';
import { fromPython } from './jinja/python-value.ts';
import type { FaultList, Place } from './model-fault.ts';
import { type Reading, renderValue, stillMoment } from './node-render.ts';
import { reportTemplateError } from './template-fault.ts';

/** A rendering of texts that are no node's: `file` of a fault is where their entry stands. */
export function openTextRenderer(reading: Reading, about: Bystander, relation?: Relation) {
  const alone = bystander(about, reading.target.schema);
  const node = relation ? { ...alone, relation } : alone;
  return async (text: string): Promise<unknown> => {
    const template = parseTemplate(text, { file: '<entry>' });
    return fromPython(await renderValue(reading, stillMoment, node, template));
  };
}

/** Config of an entry of YAML that is no model, rendered; what fails stays as written, a fault. */
export async function renderEntryConfig(
  reading: Reading,
  about: Bystander,
  config: Config,
  told: { readonly place: Place; readonly faults: FaultList },
): Promise<Config> {
  let rendered = config;
  try {
    if (holdsTemplate(config)) {
      rendered = asConfig(await renderHeld(config, openTextRenderer(reading, about)));
    }
  } catch (error) {
    reportTemplateError(error, told.place, told.faults);
    return { ...config, enabled: true };
  }
  reportEnabled(rendered, told.place, told.faults);
  return rendered;
}
