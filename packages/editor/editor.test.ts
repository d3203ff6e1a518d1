/** The editor's answers, place by place; `‸` marks where they are asked for. Incremental reading is held against reading afresh. */
import { catalogue } from '@sigwright/catalogue';
import { DEFAULT_SETTINGS, span } from '@sigwright/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contentInsertion, type SeenContent } from './contents.ts';
import { RuleEditor } from './editor.ts';

const CLASSES = new Map([['trojan-activity', { name: 'trojan-activity', description: 'A Network Trojan', priority: 1 }]]);
const environment = {
  catalogue,
  settings: { ...DEFAULT_SETTINGS, classifications: CLASSES, references: new Map([['url', 'https://']]) },
  registrableDomain: (host: string) => host.split('.').slice(-2).join('.'),
  format: (text: string) => text.replace(/\\\n */g, '').replace(/ +;/g, ';'),
};

function editorWith(...texts: string[]): { editor: RuleEditor; at: number } {
  const editor = new RuleEditor(environment);
  let at = -1;
  texts.forEach((text, index) => {
    if (text.includes('‸')) at = text.indexOf('‸');
    editor.open(`${index}.rules`, text.replace('‸', ''));
  });
  return { editor, at };
}

const SETTER = 'alert tcp any any -> any any (msg:"first"; content:"abcd"; flowbits:set,EX.seen; sid:1; rev:1;)\n';
const ASKER = 'alert tcp any any -> any any (msg:"second"; flowbits:isset,EX.seen; content:"efgh"; sid:2; rev:1;)\n';

describe('completion', () => {
  const cases: readonly (readonly [why: string, text: string, wanted: readonly string[], unwanted?: readonly string[]])[] = [
    ['an action at the beginning of a line', `${SETTER}‸`, ['alert', 'drop']],
    ['a protocol', 'alert ht‸', ['http', 'http2', 'tcp'].slice(0, 1)],
    ['variables in an address', 'alert tcp $H‸', ['$HOME_NET', 'any']],
    ['variables in a list', 'alert tcp [10.0.0.0/8,‸', ['$HOME_NET']],
    ['a direction', 'alert tcp any any -‸', ['->', '<>']],
    ['keywords behind a semicolon', 'alert tcp any any -> any any (msg:"x"; ‸)', ['content', 'http.uri', 'dotprefix', 'sid'], ['msg']],
    ['keywords while the rule is not finished', 'alert tcp any any -> any any (msg:"x; y"; con‸', ['content']],
    ['classes', 'alert tcp any any -> any any (msg:"x"; classtype:‸; sid:1;)', ['trojan-activity']],
    ['metadata keys', 'alert tcp any any -> any any (msg:"x"; metadata:confidence High, ‸; sid:1;)', ['signature_severity', 'created_at']],
    ['metadata values', 'alert tcp any any -> any any (msg:"x"; metadata:signature_severity ‸; sid:1;)', ['signature_severity Major']],
    ['what a flowbit does', 'alert tcp any any -> any any (flowbits:‸; sid:1;)', ['set', 'isset', 'noalert']],
    ['names of bits', `${SETTER}alert tcp any any -> any any (flowbits:isset,‸; sid:3;)`, ['EX.seen']],
    ['how a bit of hosts is kept', 'alert tcp any any -> any any (xbits:set,EX.x, ‸; sid:3;)', ['track', 'expire'], ['EX.x']],
    [
      'keys of a threshold that are not written yet',
      'alert tcp any any -> any any (threshold:type limit, ‸; sid:3;)',
      ['track', 'seconds'],
      ['type', 'by_src'],
    ],
    ['values of a key of a threshold', 'alert tcp any any -> any any (threshold:type limit, track ‸; sid:3;)', ['by_src', 'by_dst'], ['limit']],
    ['nothing of a key that every object has', 'alert tcp any any -> any any (threshold:constructor ‸; sid:3;)', []],
    ['states of a flow that are not written yet', 'alert tcp any any -> any any (flow:established,‸; sid:3;)', ['to_server'], ['established']],
    ['kinds of references', 'alert tcp any any -> any any (reference:‸; sid:3;)', ['url']],
    ['protocols', 'alert tcp any any -> any any (app-layer-protocol:‸; sid:3;)', ['http', 'dns']],
    ['the next number', `${SETTER}alert tcp any any -> any any (msg:"x"; sid:‸`, ['2']],
    ['nothing in comments', '# some wo‸rds', []],
    ['nothing in a content', 'alert tcp any any -> any any (content:"a‸b"; sid:1;)', []],
  ];
  for (const [why, text, wanted, unwanted] of cases)
    it(why, () => {
      const { editor, at } = editorWith(text);
      const labels = editor.completions('0.rules', at).map((one) => one.label);
      if (wanted.length === 0) expect(labels).toEqual([]);
      for (const label of wanted) expect(labels).toContain(label);
      for (const label of unwanted ?? []) expect(labels).not.toContain(label);
    });
});

it('of a list only the element at hand is replaced, and of a pair only the value', () => {
  for (const [text, label, replaced] of [
    ['alert tcp [10.0.0.0/8,!$H‸] any -> any any (sid:1;)', '$HOME_NET', '$H'],
    ['alert tcp !‸', '$HOME_NET', ''],
    ['alert tcp any any -> any any (threshold:type limit, track by‸; sid:1;)', 'by_src', 'by'],
    ['alert tcp any any -> any any (metadata:confidence High, created_at ‸; sid:1;)', 'created_at 2024_03_08', 'created_at '],
  ]) {
    const { editor, at } = editorWith(text, ASKER.replace('rev:1;', 'rev:1; metadata:created_at 2024_03_08;'));
    editor.diagnostics('1.rules');
    const found = editor.completions('0.rules', at).find((one) => one.label === label);
    expect(found).toBeDefined();
    expect(editor.file('0.rules')!.text.slice(found!.replaces.start, found!.replaces.end)).toBe(replaced);
  }
});

it('first comes what mostly follows: what looks at a buffer, what places a content', () => {
  for (const [text, first] of [
    ['alert http any any -> any any (http.uri; ‸)', 'content'],
    ['alert http any any -> any any (http.uri; content:"a"; ‸)', 'nocase'],
    ['alert http any any -> any any (flow:to_server; ‸)', 'http.uri'],
  ]) {
    const { editor, at } = editorWith(text);
    const all = editor.completions('0.rules', at);
    expect(all.find((one) => one.label === first)?.rank).toBe(Math.min(...all.map((one) => one.rank)));
  }
});

it('a keyword before another option is written whole, with room for its value', () => {
  const { editor, at } = editorWith('alert tcp any any -> any any (msg:"x"; class‸ sid:1;)');
  const [found] = editor.completions('0.rules', at).filter((one) => one.label === 'classtype');
  expect(found.insert).toBe('classtype:$1;$0');
  expect(editor.file('0.rules')!.text.slice(found.replaces.start, found.replaces.end)).toBe('class');
  const { editor: other, at: place } = editorWith('alert tcp any any -> any any (msg:"x"; cl‸assty:a; sid:1;)');
  expect(other.completions('0.rules', place).find((one) => one.label === 'classtype')?.insert).toBe('classtype');
});

describe('hover', () => {
  const cases: readonly (readonly [why: string, text: string, wanted: readonly string[]])[] = [
    [
      'a keyword, and what it does here',
      'alert http any any -> any any (http.uri; con‸tent:"/gate.php"; sid:1;)',
      ['**content**', '9 bytes', '`http.uri`', 'prefilter'],
    ],
    ['a modifier names its content', 'alert tcp any any -> any any (content:"abcd"; dep‸th:9; sid:1;)', ['**depth**', 'content:"abcd"', '9 bytes']],
    [
      'a buffer and what looks at it',
      'alert http any any -> any any (http.u‸ri; content:"/gate.php"; sid:1;)',
      ['**http.uri**', 'looks at it', 'to the server'],
    ],
    ['a bit: who sets it, who asks', `${SETTER}${ASKER.replace('EX.seen', 'EX.s‸een')}`, ['set by 1 (first)', 'asked by 2 (second)']],
    ['a variable', 'alert tcp $HOME‸_NET any -> any any (content:"abcd"; sid:1;)', ['192.168.0.0/16']],
    ['a variable that every object has', 'alert tcp $construc‸tor any -> any any (content:"abcd"; sid:1;)', ['is set nowhere']],
    ['a class', 'alert tcp any any -> any any (content:"abcd"; class‸type:trojan-activity; sid:1;)', ['priority 1']],
    ['a protocol', 'alert dn‸s any any -> any any (dns.query; content:"abcd"; sid:1;)', ['**dns**']],
    [
      'the state of a flow',
      'alert tcp any any -> any any (fl‸ow:established,to_client; content:"abcd"; sid:1;)',
      ['handshake was seen', 'from the server to the client'],
    ],
    [
      'a limit',
      'alert tcp any any -> any any (content:"abcd"; thre‸shold:type limit, track by_src, count 1, seconds 60; sid:1;)',
      ['at most 1 alert in 60 seconds, for each source'],
    ],
    [
      'how often it must be true',
      'alert tcp any any -> any any (content:"abcd"; detection_‸filter:track by_dst, count 5, seconds 60; sid:1;)',
      ['more than 5 matches within 60 seconds, for each destination'],
    ],
    [
      'a transform',
      'alert dns any any -> any any (dns.query; dot‸prefix; content:".a.example"; endswith; sid:1;)',
      ['it changes `dns.query` before `content:".a.example"`'],
    ],
    ['a rule that only remembers', 'alert tcp any any -> any any (content:"abcd"; flowbits:set,EX.a; flow‸bits:noalert; sid:1;)', ['never told']],
    ['a length of packets', 'alert tcp any any -> any any (content:"abcd"; ds‸ize:>9; sid:1;)', ['Here: ']],
    ['a pair of metadata', 'alert tcp any any -> any any (content:"abcd"; sid:1; meta‸data:confidence High;)', ['1 pair: `confidence` High']],
    ['where a reference leads', 'alert tcp any any -> any any (content:"abcd"; refer‸ence:url,a.example/b; sid:1;)', ['<https://a.example/b>']],
    ['a refused rule', 'alert tcp any any -> any any (dep‸th:4; sid:1;)', ['refused as it stands*: ']],
  ];
  for (const [why, text, wanted] of cases)
    it(why, () => {
      const { editor, at } = editorWith(text);
      editor.diagnostics('0.rules');
      const hover = editor.hover('0.rules', at);
      for (const words of wanted) expect(hover?.markdown).toContain(words);
    });
});

describe('bytes that were pointed at become a content', () => {
  const H = 'alert http any any -> any any';
  const seen = (buffer: string | undefined, more: Partial<SeenContent> = {}): SeenContent => ({
    bytes: new TextEncoder().encode('/a"b'),
    buffer,
    protocol: 'http',
    direction: 'to_server',
    ...more,
  });
  const cases: readonly (readonly [why: string, text: string, what: SeenContent, wanted: string])[] = [
    [
      'in a buffer that the rule looks at, behind what is asked of it',
      `${H} (msg:"x‸"; http.uri; content:"g"; depth:3; http.host; content:"h"; sid:1;)`,
      seen('http.uri'),
      `${H} (msg:"x"; http.uri; content:"g"; depth:3; content:"/a|22|b"; http.host; content:"h"; sid:1;)`,
    ],
    ['in the last buffer', `${H} (http.uri; content:"g"; sid:1;‸)`, seen('http.uri'), `${H} (http.uri; content:"g"; content:"/a|22|b"; sid:1;)`],
    [
      'in a buffer it does not look at yet',
      `${H} (http.uri; content:"g"; classtype:bad; sid:1;‸)`,
      seen('http.host'),
      `${H} (http.uri; content:"g"; http.host; content:"/a|22|b"; classtype:bad; sid:1;)`,
    ],
    [
      'in the payload, before the first buffer',
      `${H} (http.uri; content:"g"; sid:1;‸)`,
      seen(undefined),
      `${H} (content:"/a|22|b"; http.uri; content:"g"; sid:1;)`,
    ],
    ['where nothing stands behind', `${H} (content:"g";‸)`, seen(undefined), `${H} (content:"g"; content:"/a|22|b";)`],
    ['in a rule without options', `${H} (‸)`, seen('http.uri'), `${H} (http.uri; content:"/a|22|b"; )`],
    ['in a rule that ends in the middle', `${H} (http.uri;‸`, seen('http.uri'), `${H} (http.uri; content:"/a|22|b";`],
    [
      'no rule: one is begun',
      '# words‸',
      seen('http.uri'),
      '# words\nalert http $HOME_NET any -> $EXTERNAL_NET any (msg:"LOCAL new rule"; flow:established,to_server; http.uri; content:"/a|22|b"; sid:1000000; rev:1;)\n',
    ],
    [
      'nothing at all, of a datagram',
      '‸',
      seen(undefined, { protocol: 'udp', direction: 'to_client' }),
      'alert udp $EXTERNAL_NET any -> $HOME_NET any (msg:"LOCAL new rule"; flow:to_client; content:"/a|22|b"; sid:1000000; rev:1;)\n',
    ],
  ];
  for (const [why, text, what, wanted] of cases)
    it(why, () => {
      const { editor, at } = editorWith(text);
      const { edits, caret } = contentInsertion(editor, '0.rules', at, what);
      for (const edit of edits) editor.change('0.rules', edit);
      expect(editor.file('0.rules')!.text).toBe(wanted);
      expect(wanted.slice(0, caret).trimEnd()).toMatch(/content:"\/a\|22\|b";( sid:1000000; rev:1;\))?$/);
    });
});

describe('names over files', () => {
  it('definition, references, rename', () => {
    const { editor, at } = editorWith(ASKER.replace('EX.seen', '‸EX.seen'), SETTER, SETTER.replace('sid:1', 'sid:9').replaceAll('EX.seen', 'EX.other'));
    expect(editor.definitions('0.rules', at).map(({ path }) => path)).toEqual(['1.rules']);
    expect(editor.references('0.rules', at)).toHaveLength(2);
    const edits = editor.rename('0.rules', at, 'EX.new');
    if ('problem' in edits) throw new Error(edits.problem);
    expect([...edits.keys()].sort()).toEqual(['0.rules', '1.rules']);
    expect(editor.rename('0.rules', at, 'EX.other')).toHaveProperty('problem');
    expect(editor.rename('0.rules', at, 'a b')).toHaveProperty('problem');
  });

  it('a bit is no other kind of bit', () => {
    const { editor } = editorWith(SETTER, 'alert tcp any any -> any any (xbits:isset,EX.seen,track ip_src; content:"abcd"; sid:3;)');
    expect(editor.usesOf('flowbits EX.seen')).toHaveLength(1);
    expect(editor.usesOf('xbits EX.seen')).toHaveLength(1);
  });
});

describe('diagnostics', () => {
  it('what only the set can show, from file to file', () => {
    const { editor } = editorWith(ASKER);
    expect(editor.checkSet()).toEqual(['0.rules']);
    expect(editor.diagnostics('0.rules').map((one) => one.code)).toContain('lint/bits-never-set');
    editor.open('1.rules', SETTER);
    expect(editor.checkSet()).toEqual(['0.rules']);
    expect(editor.diagnostics('0.rules').map((one) => one.code)).not.toContain('lint/bits-never-set');
  });

  it('fixes: a mistyped keyword, a missing number, a lint left out', () => {
    const { editor } = editorWith('alert tcp any any -> any any (contnt:"abcd"; sid:1;)\nalert tcp any any -> any any (content:"abcd";)\n');
    const [mistyped] = editor.quickFixes('0.rules', span(30, 32)).filter((one) => one.kind === 'fix');
    expect(mistyped.edits).toEqual([{ span: span(30, 36), text: 'content' }]);
    expect(editor.quickFixes('0.rules', span(53, 54)).map((one) => one.title)).toContain('add sid:2; rev:1;');
    const { editor: other } = editorWith('alert dns any any -> any any (msg:"x"; dns.query; content:"evil.com"; nocase; sid:1;)\n');
    const leave = other.quickFixes('0.rules', span(0, 90)).find((one) => one.title.startsWith('leave `domain-unanchored`'));
    expect(leave?.edits).toEqual([{ span: span(0, 0), text: '# lint: allow domain-unanchored\n' }]);
    other.change('0.rules', leave!.edits[0]);
    expect(other.diagnostics('0.rules').filter((one) => one.code === 'lint/domain-unanchored')).toEqual([]);
  });

  it('a rule over several lines is disabled as one line: engines skip only the marked one', () => {
    const { editor } = editorWith('alert tcp any any -> any any (content:"abcd"; \\\n sid:1;)\n');
    const move = editor.quickFixes('0.rules', span(0, 0)).find((one) => one.title === 'disable this rule');
    editor.change('0.rules', move!.edits[0]);
    expect(editor.file('0.rules')!.text).toBe('#alert tcp any any -> any any (content:"abcd"; sid:1;)\n');
  });

  it('after any edits the same as read afresh', () => {
    const pieces = [
      SETTER,
      ASKER,
      '# words\n',
      '# lint: allow domain-unanchored\n',
      '\n',
      '\\\n',
      '#',
      'alert tcp any any -> any any (content:"x";)\r\n',
      'alert tcp any any -> any any \\\r\n',
      '\r',
      'é😀',
      '"',
      ';',
      'alert dns any any -> any any (dns.query; content:"evil.com"; sid:5;)',
    ];
    const edit = fc.record({ start: fc.nat(400), length: fc.oneof(fc.constant(0), fc.nat(120)), text: fc.oneof(fc.constant(''), fc.constantFrom(...pieces)) });
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 8 }), fc.array(edit, { minLength: 1, maxLength: 12 }), (first, edits) => {
        const editor = new RuleEditor(environment);
        let text = first.join('');
        editor.open('a', text);
        for (const { start, length, text: written } of edits) {
          const at = Math.min(start, text.length);
          const end = Math.min(start + length, text.length);
          editor.diagnostics('a');
          editor.change('a', { span: span(at, end), text: written });
          text = `${text.slice(0, at)}${written}${text.slice(end)}`;
        }
        const fresh = new RuleEditor(environment);
        const { lines } = editor.file('a')!;
        fresh.open('a', text);
        expect(editor.file('a')!.text).toBe(text);
        expect(lines.map((line) => [line.start, line.text])).toEqual(fresh.file('a')!.lines.map((line) => [line.start, line.text]));
        expect(lines.map((line) => line.text).join('')).toBe(text);
        const file = editor.file('a')!;
        const places = placesOf(text);
        expect(places.map((_, offset) => file.position(offset))).toEqual(places);
        // Between the two characters of a line end stands nobody.
        expect(places.flatMap((place, offset) => (text.startsWith('\r\n', offset - 1) || file.offset(place) === offset ? [] : [offset]))).toEqual([]);
        expect(editor.diagnostics('a')).toEqual(fresh.diagnostics('a'));
        expect(editor.namesOf('flowbits').sort(byName)).toEqual(fresh.namesOf('flowbits').sort(byName));
      }),
      { numRuns: 300 },
    );
  });

  it('a keystroke among 2,000 rules costs little', () => {
    const rules = Array.from(
      { length: 2000 },
      (_, at) =>
        `alert http any any -> any any (msg:"EX rule ${at}"; flow:established,to_server; http.uri; content:"/path${at}/gate.php"; http.host; content:"h${at}.example.com"; bsize:${`h${at}.example.com`.length}; classtype:trojan-activity; sid:${at + 1}; rev:1;)\n`,
    );
    const { editor } = editorWith(rules.join(''));
    editor.diagnostics('0.rules');
    editor.checkSet();
    const times: number[] = [];
    for (let round = 0; round < 21; round++) {
      const at = editor.file('0.rules')!.lines[1000].start + 45 + round;
      const started = cpuMilliseconds();
      editor.change('0.rules', { span: span(at, at), text: 'x' });
      editor.diagnostics('0.rules');
      times.push(cpuMilliseconds() - started);
    }
    expect(times.sort((a, b) => a - b)[10]).toBeLessThan(20);
  });
});

describe('what is drawn', () => {
  it('outline, folding, colours, hints', () => {
    const { editor } = editorWith(
      `# one\n# two\n${SETTER}#${ASKER}#${ASKER.replace('sid:2', 'sid:3')}alert tcp any any -> any any ( \\\n content:"a|00 01|b"; pcre:"/x/R"; sid:4;)\n`,
    );
    expect(editor.outline('0.rules').map((one) => one.name)).toEqual(['1 first', '2 second', '3 second', '4']);
    expect(editor.foldings('0.rules').map((one) => one.kind)).toEqual(['comment', 'region', 'region']);
    const { text } = editor.file('0.rules')!;
    const kinds = editor.colours('0.rules').map((one) => [one.kind, text.slice(one.start, one.end)]);
    for (const wanted of [
      ['comment', '# one'],
      ['action', 'alert'],
      ['state', 'flowbits'],
      ['bytes', '|00 01|'],
      ['pattern', '"/x/R"'],
      ['number', '4'],
    ])
      expect(kinds).toContainEqual(wanted);
    // Colours are kept line by line: after a change the same as afresh.
    editor.change('0.rules', { span: span(0, 0), text: 'alert tcp any any -> any any (metadata:a b; classtype:c; sid:9;)\n' });
    const fresh = editorWith(editor.file('0.rules')!.text).editor;
    expect(editor.colours('0.rules')).toEqual(fresh.colours('0.rules'));
    // What only describes the rule is not shouted.
    expect(editor.colours('0.rules').filter((one) => one.kind === 'word' && one.end < 64)).toHaveLength(1);
    expect(editor.hints('0.rules', span(0, text.length)).map((one) => one.label)).toContain('prefilter');
  });

  it('format gives edits for what differs alone', () => {
    const { editor } = editorWith(`${SETTER}${ASKER.replace('rev:1;', 'rev:1 ;')}`);
    expect(editor.format('0.rules')).toHaveLength(1);
    expect(editor.format('0.rules', span(0, 10))).toHaveLength(0);
  });
});

/** Line and character of every offset, character by character. */
function placesOf(text: string): { line: number; character: number }[] {
  const places = [{ line: 0, character: 0 }];
  for (let at = 0; at < text.length; at++) {
    const { line, character } = places[at];
    const ends = text[at] === '\n' || (text[at] === '\r' && text[at + 1] !== '\n');
    places.push(ends ? { line: line + 1, character: 0 } : { line, character: character + 1 });
  }
  return places;
}

/** Of this thread, since the machine may do other things as well. */
function cpuMilliseconds(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

function byName(a: { name: string }, b: { name: string }): number {
  return a.name < b.name ? -1 : 1;
}
