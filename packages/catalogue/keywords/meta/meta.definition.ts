/** What a rule is called, how it is numbered, classified and documented. Suricata user guide, "Meta keywords". */
import { asKeywords, keyword } from '@sigwright/contracts';
import { choice, custom, text, wholeNumber, withoutQuotes } from '../../arguments/index.ts';
import { METADATA_WORDS } from '../../formats/metadata/metadata.ts';

const LONGEST_MESSAGE = 8191;

export const keywords = asKeywords(
  keyword({
    name: 'msg',
    family: 'meta',
    since: '1.0',
    summary: 'what the alert says',
    kind: 'annotation',
    argument: custom('"<text>"', ['"EXAMPLE message"'], (written) => {
      if (written.length < 2 || !written.startsWith('"') || !written.endsWith('"')) return { problem: 'the message is not in double quotes' };
      if (/(^|[^\\])"/.test(written.slice(1, -1))) return { problem: 'a quote inside the message is not escaped', help: 'write `\\"`' };
      return { value: withoutQuotes(written) };
    }),
    examples: ['msg:"EXAMPLE message";'],
    broken: [{ options: 'msg:no quotes;', code: 'msg/argument' }],
    apply(message, builder) {
      if (message.length > LONGEST_MESSAGE) builder.problem('too-long', `${message.length} characters are more than ${LONGEST_MESSAGE}`);
    },
  }),
  ...(['sid', 'gid', 'rev'] as const).map((name) =>
    keyword({
      name,
      family: 'meta',
      since: '1.0',
      summary:
        name === 'sid'
          ? 'number of the signature, never reused'
          : name === 'gid'
            ? 'number of the generator, 1 where left out'
            : 'revision, raised with every change',
      kind: 'annotation' as const,
      argument: wholeNumber(name === 'sid' ? 1 : 0),
      examples: [`${name}:1;`],
      broken: [{ options: `${name}:x;`, code: `${name}/argument` }],
      // The typed rule already holds it.
      apply() {},
    }),
  ),
  keyword({
    name: 'classtype',
    family: 'meta',
    since: '1.0',
    summary: 'class of the rule, which gives its priority',
    kind: 'annotation',
    argument: text(['trojan-activity']),
    examples: ['classtype:trojan-activity;'],
    apply(name, builder) {
      builder.setClasstype(name);
      if (builder.settings.classifications.size > 0 && !builder.settings.classifications.has(name.toLowerCase())) {
        builder.caution('unknown', `class \`${name}\` is in no classification file`, 'the rule gets priority 3');
      }
    },
  }),
  keyword({
    name: 'priority',
    family: 'meta',
    since: '1.0',
    summary: '1 is the most important, 255 the least',
    kind: 'annotation',
    argument: wholeNumber(1, 255),
    examples: ['priority:1;'],
    broken: [{ options: 'priority:0;', code: 'priority/argument' }],
    apply(priority, builder) {
      builder.setPriority(priority);
    },
  }),
  keyword({
    name: 'reference',
    family: 'meta',
    since: '1.0',
    summary: 'where to read more: type and value',
    kind: 'annotation',
    argument: custom('<type>,<value>', ['url,example.com/report', 'cve,2024-1709'], (written) => {
      const comma = written.indexOf(',');
      if (comma <= 0) return { problem: 'type and value are not separated by a comma', help: 'write for example `url,example.com/report`' };
      return { value: { type: written.slice(0, comma).trim().toLowerCase(), value: written.slice(comma + 1).trim() } };
    }),
    examples: ['reference:url,example.com/report;'],
    broken: [{ options: 'reference:alone;', code: 'reference/argument' }],
    apply({ type, value }, builder) {
      if (value !== '') builder.addReference(type, value);
    },
  }),
  keyword({
    name: 'metadata',
    family: 'meta',
    since: '1.0',
    summary: 'pairs of key and value, shown with the alert',
    kind: 'annotation',
    argument: { ...text(['created_at 2024_03_08, confidence High']), words: METADATA_WORDS },
    examples: ['metadata:created_at 2024_03_08, confidence High;'],
    apply(written, builder) {
      for (const part of written.split(',')) {
        const trimmed = part.trim();
        if (trimmed === '') continue;
        const blank = trimmed.search(/\s/);
        if (blank === -1) builder.addMetadata(trimmed, '');
        else builder.addMetadata(trimmed.slice(0, blank), trimmed.slice(blank + 1).trim());
      }
    },
  }),
  keyword<'src_ip' | 'dest_ip'>({
    name: 'target',
    family: 'meta',
    since: '4.0',
    summary: 'which end of the alert is the target of the attack',
    kind: 'annotation',
    argument: choice<'src_ip' | 'dest_ip'>(['src_ip', 'dest_ip']),
    examples: ['target:src_ip;'],
    broken: [{ options: 'target:both;', code: 'target/argument' }],
    apply(target, builder) {
      builder.setTarget(target);
    },
  }),
);
