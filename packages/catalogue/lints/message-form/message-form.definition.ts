/** Messages that break the form of Emerging Threats. */
import type { LintDefinition, LintFinding } from '@sigwright/contracts';
import { finding, insideQuotes, optionOf } from '../../formats/lint-kit/lint-kit.ts';

/** Ends of names in messages that are files, not hosts. */
const FILE_ENDING = /\.(?:php|aspx?|jsp|cgi|exe|dll|js|html?|zip|net|py|sh|do|pl|so|asp|cfm|bin|rar|doc|jar|ps|app|pm|md|info)$/i;

export const lint: LintDefinition = {
  code: 'lint/message-form',
  summary: 'the message breaks the form that readers and tools expect',
  grade: 'reading',
  explanation:
    'A message is ruleset, category in capitals, then what was seen: `ET MALWARE Win32/Family CnC Checkin M1`. A domain in it is written with a blank before its dots, so that no log viewer makes a link of it and no filter drops the mail: `(evil .com)`. It is `CnC`, not `C2`.',
  whenNot: 'For rules of your own with a form of their own.',
  incorrect: [
    { why: 'no message', rules: ['alert tcp any any -> any any (content:"abc"; sid:1;)'] },
    { why: 'no category', rules: ['alert tcp any any -> any any (msg:"ET suspicious download"; content:"abc"; sid:1;)'] },
    {
      why: 'a domain that a viewer makes a link of',
      rules: ['alert dns any any -> any any (msg:"ET MALWARE Observed DNS Query to (evil.com)"; dns.query; content:"evil.com"; bsize:8; sid:1;)'],
    },
    { why: 'C2', rules: ['alert tcp any any -> any any (msg:"ET MALWARE Example C2 Checkin"; content:"abc"; sid:1;)'] },
  ],
  correct: [
    {
      why: 'the whole form',
      rules: [
        'alert dns any any -> any any (msg:"ET MALWARE Observed DNS Query to Example Domain (evil .com)"; dns.query; content:"evil.com"; bsize:8; sid:1;)',
      ],
    },
    { why: 'a ruleset of your own', rules: ['alert tcp any any -> any any (msg:"LOCAL POLICY Telnet to the printers"; content:"abc"; sid:1;)'] },
    { why: 'names of files', rules: ['alert tcp any any -> any any (msg:"ET WEB_SERVER Request for index.php"; content:"abc"; sid:1;)'] },
  ],
  check(subject, context) {
    const option = optionOf(subject, 'msg');
    const { message, span } = subject.rule;
    if (option === undefined || message === '')
      return [finding('the rule has no message', { start: span.start, end: span.start + subject.rule.action.length }, 'say what was seen: `msg:"…";`')];
    const found: LintFinding[] = [];
    const at = insideQuotes(option);
    if (!/^[A-Z][A-Z0-9-]*\s+[A-Z][A-Z0-9_]*(?:\s|$)/.test(message))
      found.push(finding('the message does not begin with ruleset and category in capitals', at, 'write for example `ET MALWARE …`'));
    if (/\bC2\b/.test(message)) found.push(finding('it is `CnC`, not `C2`', at));
    for (const [name] of message.matchAll(/[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}(?![\w.(-])/gi)) {
      if (FILE_ENDING.test(name) || /^\d/.test(name) || context.registrableDomain(name.toLowerCase()) === undefined) continue;
      if (!subject.buffers.some(({ name: buffer }) => /^(?:dns|tls\.sni|http\.host)/.test(buffer))) continue;
      found.push(finding(`\`${name}\` is written as a link`, at, `write \`${name.replace(/\./g, ' .')}\``));
    }
    return found;
  },
};
