import * as z from 'zod';

import { entry } from './entry.ts';
import type { Problem } from './problem.ts';
import { description, type Description } from './token-description.ts';
import { datadog } from './token-presets/datadog.ts';
import { developerPortal } from './token-presets/developer-portal.ts';
import { gitlab, gitlabNewToken } from './token-presets/gitlab.ts';
import { oauth } from './token-presets/oauth.ts';
import { okta } from './token-presets/okta.ts';

/** A known API as data. `{{name}}` in any of its texts and names of fields is a parameter. */
export type Preset = {
  /** The pattern of a value, whole, and the value unless one is given. */
  readonly parameters: Readonly<Record<string, { readonly form: RegExp; readonly usual?: string }>>;
  readonly description: z.input<typeof description>;
};

const presets = {
  oauth,
  okta,
  datadog,
  gitlab,
  'gitlab-new-token': gitlabNewToken,
  'developer-portal': developerPortal,
} as const satisfies Readonly<Record<string, Preset>>;
type PresetName = keyof typeof presets;
export const presetNames = Object.keys(presets).filter((name): name is PresetName => Object.hasOwn(presets, name));

type Given = Description & {
  readonly preset?: PresetName | undefined;
  readonly parameters: Readonly<Record<string, string>>;
};

/** What is given, beside what its preset says: the given requests, URLs and fields of a key come first, one by one. */
export function withPreset(given: Given): { readonly described: Description; readonly problems: readonly Problem[] } {
  const { preset: name, parameters } = given;
  const preset: Preset = name === undefined ? { parameters: {}, description: {} } : presets[name];
  const problems = [...parameterProblems(preset, parameters)];
  const parsed = description.safeParse(filled(preset.description, valuesOf(preset, parameters)));
  if (!parsed.success) return { described: given, problems };
  const { urls, key, requests, targets, ...rest } = parsed.data;
  return {
    problems,
    described: {
      ...rest,
      ...given,
      urls: { ...urls, ...given.urls },
      key: { ...key, ...given.key },
      requests: { ...requests, ...given.requests },
      targets: { ...targets, ...given.targets },
    },
  };
}

function* parameterProblems(preset: Preset, parameters: Given['parameters']): Iterable<Problem> {
  const values = valuesOf(preset, parameters);
  for (const name of Object.keys(parameters)) {
    if (entry(preset.parameters, name) === undefined)
      yield { field: `parameters.${name}`, message: 'is none that the preset knows' };
  }
  for (const [name, { form }] of Object.entries(preset.parameters)) {
    const value = values.get(name);
    const field = `parameters.${name}`;
    if (value === undefined) yield { field, message: 'is missing: the preset asks for it' };
    else if (form.exec(value)?.[0] !== value) yield { field, message: `is not of the form ${form.source}` };
  }
}

const valuesOf = ({ parameters }: Preset, given: Given['parameters']) =>
  new Map(
    Object.entries(parameters).flatMap(([name, { usual }]) => {
      const value = entry(given, name) ?? usual;
      return value === undefined ? [] : [[name, value] as const];
    }),
  );

function filled(value: unknown, values: ReadonlyMap<string, string>): unknown {
  const fill = (text: string) => text.replace(/\{\{([\w-]+)\}\}/g, (_, name: string) => values.get(name) ?? '');
  if (typeof value === 'string') return fill(value);
  if (Array.isArray(value)) return value.map((one) => filled(one, values));
  const fields = z.record(z.string(), z.unknown()).safeParse(value);
  if (!fields.success) return value;
  return Object.fromEntries(Object.entries(fields.data).map(([name, one]) => [fill(name), filled(one, values)]));
}
