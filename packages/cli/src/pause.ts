import type { Command } from './command.ts';

const details = [
  'While the fleet is paused nothing is disabled, deleted or cleared. Rotations go on, and each keeps its old key: no',
  'application fails, but keys live longer until `keyturn resume`.',
].join('\n');

export const pause: Command = {
  name: 'pause',
  summary: 'Stop retiring keys, everywhere in the stage',
  usage: '',
  details,
  options: {},
  async run(_call, { fleet, config }) {
    await fleet.set('paused');
    return {
      ok: true,
      lines: [`Stage ${config.stage} is paused: no key is switched off or deleted.`],
      answer: { stage: config.stage, paused: true },
    };
  },
};

export const resume: Command = {
  name: 'resume',
  summary: 'Go on retiring keys',
  usage: '',
  details,
  options: {},
  async run(_call, { fleet, config }) {
    await fleet.set('running');
    return {
      ok: true,
      lines: [`Stage ${config.stage} is running: what is due is retired within minutes.`],
      answer: { stage: config.stage, paused: false },
    };
  },
};
