import { changeFile, listFile, printAnswer } from './model-host.ts';
import { block, testHostScript } from './host-script.conformance.ts';

testHostScript('the model', async (file, asked) => {
  if (asked.operation !== 'list') {
    const changed = changeFile(file ?? '', { key: '', mark: '', options: '', block, ...asked });
    if ('code' in changed) return { file, output: printAnswer(changed) };
    const after = changed.text === (file ?? '') ? file : changed.text;
    const listed = listFile(changed.text, block);
    return { file: after, output: printAnswer('code' in listed ? listed : { ...listed, host: '' }) };
  }
  const listed = listFile(file ?? '', block);
  return { file, output: printAnswer('code' in listed ? listed : { ...listed, host: '' }) };
});
