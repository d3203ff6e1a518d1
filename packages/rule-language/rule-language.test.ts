import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseAddressField, parsePortField, parseRule, parseRules, printDocument } from './index.ts';

const GOOD = 'alert tcp $HOME_NET any -> any 80 (msg:"a \\"quoted\\" word\\; and more"; content:"|0d 0a|a\\;b"; sid:7; rev:2;)';

describe('rules are read', () => {
  test('header, options, numbers and the message with its escapes undone', () => {
    const { rule, diagnostics } = parseRule(GOOD);
    expect(diagnostics).toEqual([]);
    expect(rule).toMatchObject({ action: 'alert', protocol: 'tcp', sid: 7, rev: 2, gid: 1, enabled: true, message: 'a "quoted" word; and more' });
    expect(rule?.options.map((option) => option.name)).toEqual(['msg', 'content', 'sid', 'rev']);
    expect(rule?.options[1].value).toBe('"|0d 0a|a\\;b"');
  });

  test.each([
    ['a disabled rule is a rule', `#${GOOD}`, 1, false],
    ['blanks behind the mark', `  ## ${GOOD}`, 1, false],
    ['a comment about rules is none', '# alert me when this -> that happens', 0, true],
    ['a line that goes on', GOOD.replace('; sid', '; \\\n sid'), 1, true],
    ['lines end in CR LF', `${GOOD}\r\n${GOOD.replace('sid:7', 'sid:8')}\r\n`, 2, true],
  ])('%s', (_why, text, count, enabled) => {
    const { rules, diagnostics } = parseRules(text);
    expect(diagnostics.filter((one) => one.severity === 'error')).toEqual([]);
    expect(rules).toHaveLength(count);
    if (count > 0) expect(rules[0].enabled).toBe(enabled);
  });

  test.each([
    ['rule/no-options', 'alert tcp any any -> any any'],
    ['rule/header-incomplete', 'alert tcp any any -> any (sid:1;)'],
    ['rule/unknown-action', 'alarm tcp any any -> any any (sid:1;)'],
    ['rule/unknown-direction', 'alert tcp any any <- any any (sid:1;)'],
    ['rule/no-semicolon', 'alert tcp any any -> any any (msg:"x"; sid:1)'],
    ['rule/not-closed', 'alert tcp any any -> any any (msg:"x"; sid:1;'],
    ['rule/no-sid', 'alert tcp any any -> any any (msg:"x";)'],
    ['sid/argument', 'alert tcp any any -> any any (msg:"x"; sid:one;)'],
    ['rule/text-behind', 'alert tcp any any -> any any (sid:1;) alert'],
  ])('%s', (code, text) => {
    const { diagnostics } = parseRules(text);
    expect(diagnostics.map((one) => one.code)).toContain(code);
    for (const { at } of diagnostics) expect(at.end > at.start && at.start >= 0 && at.end <= text.length).toBe(true);
  });

  test.each([
    ['the last option ends', 'alert tcp any any -> any any (msg:"x"; sid:1;', 1],
    ['and nothing follows a mark that the line goes on', 'alert tcp any any -> any any (msg:"x"; sid:1; \\\n\n', 1],
    ['the last option does not end', 'alert tcp any any -> any any (msg:"x"; sid:1', 0],
    ['there is none', 'alert tcp any any -> any any (', 0],
  ])('without a closing parenthesis: %s', (_why, text, count) => {
    const { rules } = parseRules(text);
    expect(rules).toHaveLength(count);
    if (count > 0) expect(parseRule(rules[0].text).rule?.sid).toBe(1);
  });

  test.each([
    ['drop:flow', { action: 'drop', scope: 'flow', furtherActions: [] }],
    ['accept:hook,alert', { action: 'accept', scope: 'hook', furtherActions: [{ action: 'alert', scope: undefined }] }],
    ['accept:flow,pass:flow', { action: 'accept', scope: 'flow', furtherActions: [{ action: 'pass', scope: 'flow' }] }],
  ])('actions have scopes: %s', (written, expected) => {
    expect(parseRule(GOOD.replace('alert', written)).rule).toMatchObject(expected);
  });

  test('reading goes on behind a broken line', () => {
    const { rules, diagnostics } = parseRules(`alert tcp any (sid:1;)\n${GOOD}\nalarm x\n`);
    expect(rules.map((rule) => rule.sid)).toEqual([7]);
    expect(diagnostics.filter((one) => one.severity === 'error').length).toBeGreaterThanOrEqual(2);
  });

  test('any text is read, prints back as it was, and never throws', () => {
    const pieces = fc.constantFrom(
      'alert ',
      'tcp ',
      'any ',
      '-> ',
      '<> ',
      '(',
      ')',
      ';',
      ':',
      '"',
      '\\',
      '\n',
      '\r\n',
      '#',
      'sid:1',
      'msg',
      '|0d|',
      '$HOME_NET',
      '[',
      ']',
      ',',
      '!',
      'é',
      ' ',
      '\t',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(pieces, { maxLength: 60 }).map((parts) => parts.join('')),
        ),
        (text) => {
          const { document } = parseRules(text);
          expect(printDocument(document)).toBe(text);
        },
      ),
      { numRuns: 2000, seed: 8 },
    );
  });
});

describe('header fields', () => {
  test.each([
    'any',
    '10.0.0.1',
    '10.0.0.0/8',
    '[10.0.0.0/8,!10.1.0.0/16]',
    '$HOME_NET',
    '!$HOME_NET',
    '2001:db8::/32',
    '[192.168.0.0/16, [10.0.0.0/8,!10.9.0.0/16]]',
  ])('address %s', (text) => {
    expect(parseAddressField(text)).toMatchObject({ diagnostics: [] });
  });

  test.each(['10.0.0.256', '[10.0.0.1', '[]', '10.0.0.0/33', 'host', '10.0.0.1 10.0.0.2'])('no address: %s', (text) => {
    expect(parseAddressField(text).diagnostics.length).toBeGreaterThan(0);
  });

  test.each(['any', '80', '1024:', ':1023', '[80,443,8000:8100,!8080]', '!80', '$HTTP_PORTS'])('port %s', (text) => {
    expect(parsePortField(text)).toMatchObject({ diagnostics: [] });
  });

  test.each(['65536', '90:80', '[80', 'http', '80-90'])('no port: %s', (text) => {
    expect(parsePortField(text).diagnostics.length).toBeGreaterThan(0);
  });
});
