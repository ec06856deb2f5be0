import { describe, expect, test } from 'vitest';

import type { Template } from './template.ts';

export type Check = {
  readonly rule: string;
  /** The names of what breaks the rule. */
  readonly broken: (template: Template) => readonly string[];
  /** Breaks the rule, so that it is seen failing. */
  readonly plant: (template: Template) => void;
};

/** Each check holds for the template, and is seen failing on the fault that belongs to it. */
export function checkTemplate(template: Template, checks: readonly Check[]): void {
  describe.each(checks)('$rule', ({ broken, plant }) => {
    test('holds', () => {
      expect(broken(template)).toEqual([]);
    });

    test('is noticed when it is broken', () => {
      const planted = structuredClone(template);

      plant(planted);

      expect(broken(planted)).not.toEqual([]);
    });
  });
}

/** The properties of a resource, to plant a fault in. */
export const edit = (template: Template, id: string): Record<string, unknown> =>
  template.resources[id]!.Properties as Record<string, unknown>;
