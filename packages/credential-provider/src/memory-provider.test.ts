import { testCredentialProvider } from './conformance.ts';
import { memoryFixture, type Flavour } from './memory-fixture.conformance.ts';
import { wiredProvider } from './wired-provider.ts';

const flavours: Readonly<Record<string, Flavour>> = {
  'that takes our keys': { mode: 'chosen' },
  'that makes its own keys': { mode: 'generated' },
  'that makes its own keys and never tells a secret': { mode: 'generated', tellsSecret: false },
  'that takes our keys into one of two slots': { mode: 'chosen', maxKeys: 2 },
  'that makes its own keys in one of two slots': { mode: 'generated', maxKeys: 2 },
  'that replaces its key by ours': { mode: 'chosen', overlap: 'none', maxKeys: 100 },
  'that replaces its key by one of its own': { mode: 'generated', overlap: 'none', maxKeys: 100 },
  'that replaces its key by ours and forgets it': { mode: 'chosen', overlap: 'none', replaced: 'gone', maxKeys: 100 },
  'that replaces its key by one of its own and forgets it': {
    mode: 'generated',
    overlap: 'none',
    replaced: 'gone',
    maxKeys: 100,
  },
  'that replaces its key by one of its own and never tells a secret': {
    mode: 'generated',
    overlap: 'none',
    maxKeys: 100,
    tellsSecret: false,
  },
  'whose keys expire': { mode: 'generated', lifetimeMs: 90 * 86_400_000, lacks: ['last-used'] },
  'that cannot undo a disable': { mode: 'chosen', lacks: ['enable'] },
  'whose keys bear no mark': { mode: 'chosen', lacks: ['mark'] },
  'that can do little': { mode: 'chosen', maxKeys: 2, lacks: ['list', 'mark', 'enable', 'last-used'] },
};

for (const [name, flavour] of Object.entries(flavours)) {
  testCredentialProvider(`a provider ${name}`, memoryFixture(flavour));
  testCredentialProvider(`a provider ${name}, through the wire`, memoryFixture(flavour, wiredProvider));
}
