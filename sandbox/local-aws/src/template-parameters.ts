import * as z from 'zod';

const declaration = z.strictObject({
  Type: z.enum(['String', 'Number']),
  Default: z.union([z.string(), z.number()]).optional(),
  Description: z.string().optional(),
  AllowedPattern: z.string().optional(),
  AllowedValues: z.array(z.union([z.string(), z.number()])).optional(),
});
export const declarations = z.record(z.string(), declaration);

type Values = Readonly<Record<string, string>>;

/** Each parameter as text: what was given, else its default. Refuses what CloudFormation would: no value, an unknown name, a value out of form. */
export function parameterValues(declared: z.output<typeof declarations>, given: Values = {}): Values {
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(declared, name));
  if (unknown !== undefined) throw new Error(`The template has no parameter ${unknown}`);
  return Object.fromEntries(
    Object.entries(declared).map(([name, { Default, AllowedPattern, AllowedValues, Type }]) => {
      const value = Object.hasOwn(given, name) ? given[name] : Default?.toString();
      if (value === undefined) throw new Error(`The parameter ${name} has no value`);
      const fits =
        (Type === 'String' || /^-?\d+(\.\d+)?$/.test(value)) &&
        (AllowedValues === undefined || AllowedValues.some((allowed) => String(allowed) === value)) &&
        (AllowedPattern === undefined || new RegExp(`^(?:${AllowedPattern})$`).test(value));
      if (!fits) throw new Error(`The parameter ${name} must not be ${value}`);
      return [name, value];
    }),
  );
}
