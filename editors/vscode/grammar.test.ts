/** The grammar as VS Code reads it: its own tokenizer and regular expressions on lines of rules. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import oniguruma from 'vscode-oniguruma';
import textmate from 'vscode-textmate';

const require = createRequire(import.meta.url);
const SCOPE = 'source.suricata-rules';

async function tokenizer(): Promise<(line: string) => [text: string, scope: string][]> {
  const wasm = readFileSync(require.resolve('vscode-oniguruma/release/onig.wasm'));
  await oniguruma.loadWASM(wasm.buffer.slice(wasm.byteOffset, wasm.byteOffset + wasm.byteLength));
  const file = join(import.meta.dirname, 'syntaxes/suricata-rules.tmLanguage.json');
  const registry = new textmate.Registry({
    onigLib: Promise.resolve({
      createOnigScanner: (patterns) => new oniguruma.OnigScanner(patterns),
      createOnigString: (text) => new oniguruma.OnigString(text),
    }),
    loadGrammar: async () => textmate.parseRawGrammar(readFileSync(file, 'utf8'), file),
  });
  const grammar = await registry.loadGrammar(SCOPE);
  if (grammar === null) throw new Error('the grammar can not be read');
  return (line) =>
    grammar.tokenizeLine(line, null).tokens.map(({ startIndex, endIndex, scopes }) => {
      const innermost = scopes[scopes.length - 1];
      return [line.slice(startIndex, endIndex).trim(), innermost === SCOPE ? '' : innermost.replace('.suricata-rules', '')];
    });
}

test('each piece of a rule has its colour', async () => {
  const tokens = await tokenizer();
  const of = (line: string): Map<string, string> => new Map(tokens(line));
  const rule = of('alert http $HOME_NET any -> any [80,443] (msg:"a; b"; http.uri; content:!"/a|0d 0a|"; pcre:"/^x\\d+/Ri"; sid:1;)');
  expect(Object.fromEntries(rule)).toMatchObject({
    alert: 'keyword.control.action',
    http: 'storage.type.protocol',
    $HOME_NET: 'variable.other',
    any: 'constant.language.any',
    '->': 'keyword.operator.direction',
    443: 'constant.numeric.address',
    '"a; b"': 'string.quoted.double.message',
    'http.uri': 'entity.name.type.buffer',
    content: 'support.function.keyword',
    '!': 'keyword.operator.comparison',
    '|0d 0a|': 'constant.numeric.hex',
    '\\d': 'constant.character.escape',
    sid: 'entity.other.attribute-name',
    1: 'constant.numeric',
  });
  expect([...of('# alert tcp any any -> any any (sid:2;)').values()]).toEqual(['comment.line.number-sign.disabled-rule']);
  expect([...of('# just words').values()]).toEqual(['comment.line.number-sign']);
});
