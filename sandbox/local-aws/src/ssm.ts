import type { Clock } from '@keyturn/rotation/clock';
import * as z from 'zod';

import { arn, type Place } from './arn.ts';
import { operation, type Operations } from './operation.ts';
import { ServiceError, validation } from './service-error.ts';

type Parameter = { name: string; value: string; type: string; version: number; changedAt: Date };

const name = z.string().min(1).max(2048);
const types = ['String', 'StringList', 'SecureString'] as const;

/** Parameters of Systems Manager, the newest version of each. */
export function ssm({ place, clock }: { place: Place; clock: Clock }): Operations {
  const parameters = new Map<string, Parameter>();

  const told = (parameter: Parameter) => ({
    Name: parameter.name,
    Type: parameter.type,
    Value: parameter.value,
    Version: parameter.version,
    LastModifiedDate: parameter.changedAt,
    ARN: arn(place, 'ssm', `parameter${parameter.name.startsWith('/') ? '' : '/'}${parameter.name}`),
    DataType: 'text',
  });
  const find = (wanted: string) => {
    const parameter = parameters.get(wanted.startsWith('arn:') ? wanted.replace(/^.*:parameter(?=\/)/, '') : wanted);
    if (parameter === undefined) throw new ServiceError('ParameterNotFound', `Parameter ${wanted} not found.`);
    return parameter;
  };

  return {
    GetParameter: operation(z.object({ Name: name }), ({ Name }) => ({ Parameter: told(find(Name)) })),

    GetParameters: operation(z.object({ Names: z.array(name).min(1).max(10) }), ({ Names }) => ({
      Parameters: Names.flatMap((wanted) => (parameters.has(wanted) ? [told(find(wanted))] : [])),
      InvalidParameters: Names.filter((wanted) => !parameters.has(wanted)),
    })),

    PutParameter: operation(
      z.object({
        Name: name,
        Value: z.string().min(1).max(8192),
        Type: z.enum(types).optional(),
        Overwrite: z.boolean().optional(),
      }),
      (input) => {
        const existing = parameters.get(input.Name);
        if (existing !== undefined && input.Overwrite !== true) {
          throw new ServiceError('ParameterAlreadyExists', 'The parameter already exists. Set Overwrite to change it.');
        }
        const type = input.Type ?? existing?.type;
        if (type === undefined) throw validation('A parameter type is required when you create a parameter.');
        const version = (existing?.version ?? 0) + 1;
        const changedAt = new Date(clock.now());
        parameters.set(input.Name, { name: input.Name, value: input.Value, type, version, changedAt });
        return { Version: version, Tier: 'Standard' };
      },
    ),

    DeleteParameter: operation(z.object({ Name: name }), ({ Name }) => {
      parameters.delete(find(Name).name);
    }),
  };
}
