import { ask, ok, type Finding } from './finding.ts';
import type { Check } from './ports.ts';

/** Whether each adapter answers. */
export const checkProviders: Check = async ({ config, issue }) => {
  const findings: Finding[] = [];
  for (const id of Object.keys(config.providers)) {
    const about = `provider ${id}`;
    const permission = `lambda:InvokeFunction on its issue function`;
    findings.push(
      ...(await ask(about, permission, async () => {
        const { overlap, clientSuppliedKey } = await issue(id).describe();
        const keys = clientSuppliedKey ? 'keys that Keyturn chooses' : 'keys that the provider chooses';
        return [ok(about, `its adapter answers: ${keys}, overlap ${overlap}`)];
      })),
    );
  }
  return findings;
};
