/** The command line as a user meets it: exit codes, messages, files. */
import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');
const WEEK = join(ROOT, 'examples', '2024-03-08');
let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sigwright-cli-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function sigwright(...args: string[]): { status: number | null; out: string; error: string } {
  const { status, stdout, stderr } = spawnSync(join(ROOT, 'sigwright'), args, {
    encoding: 'utf8',
    cwd: folder,
    env: { ...process.env, SIGWRIGHT_CACHE: join(folder, 'cache') },
  });
  return { status, out: stdout, error: stderr };
}

const RULES = join(WEEK, 'rules', 'malware.rules');
const CAPTURE = join(WEEK, 'week.pcap');

describe('sigwright', () => {
  test('names its verbs, and says when a verb is none', () => {
    expect(sigwright().out).toContain('explain');
    expect(sigwright('dance')).toMatchObject({ status: 2 });
  });

  test('reads a capture as candidates, digests of files included', () => {
    const { status, out } = sigwright('intake', '--json', CAPTURE);
    expect(status).toBe(0);
    const { candidates } = JSON.parse(out) as { candidates: { kind: string; value: string }[] };
    expect(candidates).toContainEqual(expect.objectContaining({ kind: 'dns query', value: 'jschecks.com' }));
    expect(candidates.filter((one) => one.kind === 'file sha256' && /^[0-9a-f]{64}$/.test(one.value)).length).toBeGreaterThan(0);
  });

  test('suricata reads a folder by time, with what lies below where asked, and deletes what it read', () => {
    const deep = join(folder, 'captures', 'deep');
    mkdirSync(deep, { recursive: true });
    const files = [join(folder, 'captures', 'b.pcap'), join(folder, 'captures', 'a.pcap'), join(deep, 'c.pcap')];
    for (const [at, file] of files.entries()) {
      copyFileSync(CAPTURE, file);
      utimesSync(file, 1000 + at, 1000 + at);
    }
    writeFileSync(
      join(folder, 'by-time.yaml'),
      `default-log-dir: ${folder}\noutputs: [ { eve-log: { filename: by-time.json, pcap-file: yes, types: [ dns ] } } ]\n`,
    );
    const read = (...options: string[]): string[] => {
      const { status } = sigwright('suricata', '-c', 'by-time.yaml', '-r', join(folder, 'captures'), '--disable-detection', ...options);
      expect(status).toBe(0);
      const lines = readFileSync(join(folder, 'by-time.json'), 'utf8').trim().split('\n');
      return [...new Set(lines.map((line) => JSON.parse(line).pcap_filename))];
    };
    expect(read()).toEqual(files.slice(0, 2));
    expect(read('--pcap-file-recursive', '--pcap-file-delete')).toEqual(files);
    expect(files.filter((file) => existsSync(file))).toEqual([]);
  });

  test.each([
    ['classtype:no-such-class;', ['--strict-rule-keywords'], 1],
    ['classtype:no-such-class;', ['--strict-rule-keywords=reference'], 0],
    ['classtype:no-such-class;', [], 0],
    ['reference:no-such-type,a;', ['--strict-rule-keywords=classtype,reference'], 1],
    ['reference:no-such-type,a;', [], 0],
  ])('suricata: %s with %j ends with %i', (options, strict, status) => {
    writeFileSync(join(folder, 'strict.rules'), `alert tcp any any -> any any (msg:"a"; content:"a"; ${options} sid:1;)\n`);
    expect(sigwright('suricata', '-T', '-S', 'strict.rules', ...strict)).toMatchObject({ status });
  });

  test.each([
    ['--list-keywords', '- http.uri\n'],
    ['--list-keywords=csv', '\nhttp.uri;'],
    ['--list-keywords=json', '"http.uri": {'],
    ['--list-keywords=all', '= tls.sni =\n'],
    ['--list-keywords=ttl', 'Features: uint\n'],
    ['--list-rule-protos', 'tcp-pkt\n'],
    ['--list-app-layer-protos', '\ntls\n'],
    ['--dump-features', 'ja3\n'],
    ['--list-runmodes', 'PCAP_FILE'],
    ['--list-app-layer-hooks', 'tls:client_hello_done\n'],
    ['--list-app-layer-hooks', 'http1:request_line\n'],
    ['--list-app-layer-frames', 'tcp: smtp.command_line\n'],
  ])('suricata %s lists what rules can use', (option, line) => {
    const { status, out } = sigwright('suricata', option);
    expect(status).toBe(0);
    expect(out).toContain(line);
  });

  test('packet filters choose packets, and what is none is said', () => {
    const only = sigwright('suricata', '-r', CAPTURE, '--disable-detection', '-l', join(folder, 'filter'), 'udp port 53');
    const types = readFileSync(join(folder, 'filter', 'eve.json'), 'utf8').match(/"event_type":"\w+"/g);
    expect(only.status).toBe(0);
    expect(new Set(types)).toEqual(new Set(['dns', 'flow', 'stats'].map((type) => `"event_type":"${type}"`)));
    expect(sigwright('suricata', '-r', CAPTURE, '-l', folder, 'prot 53')).toMatchObject({ status: 1 });
  });

  test('run writes whole EVE lines; triage judges them', () => {
    const out = join(folder, 'run');
    expect(sigwright('run', '-r', CAPTURE, '-S', RULES, '-l', out, '--home-net', '10.3.8.0/24')).toMatchObject({ status: 0, error: '' });
    const lines = readFileSync(join(out, 'eve.json'), 'utf8').trimEnd().split('\n');
    const types = new Set(lines.map((line) => (JSON.parse(line) as { event_type: string }).event_type));
    for (const type of ['alert', 'dns', 'tls', 'http', 'flow']) expect(types).toContain(type);
    expect(sigwright('triage', join(out, 'eve.json'), '--home-net', '10.3.8.0/24').out).toContain('check this host for compromise');
  });

  describe('rule craft', () => {
    const UGLY = `alert dns any any -> any any ( sid:1000001; rev:1; msg:"ET INFO x"; dns.query; content:"Evil.com,"; bsize:9; reference:url,https://a.example/; )\n`;

    test('explain: a pass rule that keeps a rule silent is named, with what was tried; UDP is not told to lack a handshake', () => {
      const capture = join(WEEK, 'week.pcap');
      const rule = readFileSync(RULES, 'utf8')
        .split('\n')
        .find((line) => line.includes('sid:1240301;'));
      writeFileSync(join(folder, 'passed.rules'), `${rule}\npass http any any -> any any (msg:"let by"; sid:9;)\n`);
      const passed = sigwright('explain', '-r', capture, '-S', 'passed.rules', '--sid', '1240301', '--home-net', '10.3.8.0/24').out;
      expect(passed).toMatch(/rule 9 passes the traffic[\s\S]*(?:without rule 9 it fires|disable the pass rule 9)/);
      writeFileSync(join(folder, 'udp.rules'), 'alert udp any any -> any 53 (msg:"a"; flow:established,to_server; content:"no such bytes"; sid:8;)\n');
      const silent = sigwright('explain', '-r', capture, '-S', 'udp.rules', '--sid', '8').out;
      expect(silent).toMatch(/it did not fire/);
      expect(silent).not.toMatch(/handshake/);
    });

    test('lint names defects, fixes what is safe, and exits 1 while something cannot work', () => {
      const file = join(folder, 'ugly.rules');
      writeFileSync(file, UGLY);
      const plain = sigwright('lint', 'ugly.rules');
      expect(plain.status).toBe(1);
      expect(plain.out).toContain('ugly.rules:1:');
      expect(plain.out).toContain('lint/domain-impossible');
      const lines = sigwright('lint', 'ugly.rules', '--json', '--reading').out.trim().split('\n');
      const codes = lines.map((line) => (JSON.parse(line) as { code: string }).code);
      expect(codes).toContain('lint/reference-form');
      const sarif = JSON.parse(sigwright('lint', 'ugly.rules', '--sarif').out) as { runs: { results: { ruleId: string; level: string }[] }[] };
      expect(sarif.runs[0].results.map(({ ruleId, level }) => [ruleId, level])).toEqual([['lint/domain-impossible', 'error']]);
      expect(sigwright('lint', 'ugly.rules', '--github').out).toMatch(
        /^::error file=ugly\.rules,line=1,col=\d+,endColumn=\d+,title=lint\/domain-impossible::/m,
      );
      expect(sigwright('lint', 'ugly.rules', '--fix').error).toContain('1 fix made');
      expect(readFileSync(file, 'utf8')).toContain('reference:url,a.example/');
      expect(sigwright('lint', 'ugly.rules', '--allow', 'domain-impossible').status).toBe(0);
      expect(sigwright('lint', RULES, '--part').status).toBe(0);
    });

    test('format rewrites once and is content then', () => {
      const file = join(folder, 'style.rules');
      writeFileSync(file, UGLY);
      expect(sigwright('format', '--check', 'style.rules')).toMatchObject({ status: 1, out: expect.stringContaining('style.rules:1: 1000001') });
      expect(readFileSync(file, 'utf8')).toBe(UGLY);
      expect(sigwright('format', 'style.rules').status).toBe(0);
      expect(readFileSync(file, 'utf8')).toMatch(/^alert dns any any -> any any \(msg:"ET INFO x"; dns\.query; content/);
      expect(sigwright('format', '--check', 'style.rules')).toMatchObject({ status: 0, out: '' });
    });

    test('a ruleset of its own networks gets evidence for all its rules, also for one that only sets a bit', () => {
      const repository = join(folder, 'small');
      mkdirSync(join(repository, 'rules'), { recursive: true });
      const head = 'name: small\ntitle: Small\nlicence: BSD-3-Clause\ncopyright: 2026, us\nmessage-prefix: SM\n';
      writeFileSync(
        join(repository, 'ruleset.yaml'),
        `${head}sid-ranges: [{ from: 1, to: 9, owner: us }]\nnetworks: { HOME_NET: "10.77.0.0/16", EXTERNAL_NET: "!$HOME_NET" }\n`,
      );
      const quiet = 'flow:established,to_server; content:"HELLO BOT"; startswith; flowbits:set,small.bot; flowbits:noalert; sid:1; rev:1;';
      const loud = 'flow:established,to_client; flowbits:isset,small.bot; content:"RUN IT"; startswith; sid:2; rev:1;';
      writeFileSync(
        join(repository, 'rules', 'malware.rules'),
        `alert tcp $HOME_NET any -> $EXTERNAL_NET any (msg:"SM MALWARE Greeting"; ${quiet})\nalert tcp $EXTERNAL_NET any -> $HOME_NET any (msg:"SM MALWARE Command"; ${loud})\n`,
      );
      expect(sigwright('synthesize', '-C', 'small').out).toBe('2 of 2 rules solved\n');
      expect(sigwright('prove', '-C', 'small')).toMatchObject({ status: 0, out: expect.stringContaining('2 of 2 rules proved') });
      // Evidence that is there is not written over.
      expect(sigwright('synthesize', '-C', 'small').out).toBe('0 of 0 rules solved; 2 had evidence before\n');
      expect(sigwright('release', '-C', 'small', '--version', '1', '--proved').status).toBe(0);
      rmSync(join(repository, 'evidence', '2'), { recursive: true });
      expect(sigwright('release', '-C', 'small', '--version', '2', '--proved')).toMatchObject({
        status: 1,
        error: expect.stringContaining('not proved, so nothing is released: 2'),
      });
      expect(existsSync(join(repository, 'releases', '2'))).toBe(false);
      expect(sigwright('release', '-C', 'small', '--version', '2')).toMatchObject({
        status: 0,
        error: expect.stringContaining('no evidence that it fires: 2'),
      });
      // What is not in use is named and fails nothing; a number that is not the ruleset's is found wherever its rules are linted.
      const rules = join(repository, 'rules', 'malware.rules');
      const written = readFileSync(rules, 'utf8');
      writeFileSync(rules, written.replace(/^alert tcp \$EXTERNAL/m, '#$&'));
      expect(sigwright('prove', '-C', 'small')).toMatchObject({ status: 0, out: expect.stringContaining('not in use and without evidence: 2 (disabled)') });
      writeFileSync(rules, written.replaceAll('sid:2;', 'sid:12;'));
      for (const place of [['-C', 'small'], [join('small', 'rules', 'malware.rules')]]) {
        const { status, out } = sigwright('lint', '--reading', ...place);
        expect(status).toBe(1);
        expect(out).toContain("sid 12 lies in none of the ruleset's ranges");
      }
      expect(sigwright('format', '--check', '-C', 'small').status).toBe(1);
      expect(sigwright('format', '-C', 'small').status).toBe(0);
      expect(sigwright('format', '--check', '-C', 'small')).toMatchObject({ status: 0, out: '' });
      // Without a report that names rules there is nobody to thank.
      expect(sigwright('community-review', '-C', 'small').out).not.toContain('Thanks');
    });

    test('what synthesize writes is evidence: it fires, and its twins do not', () => {
      const rule = 'alert dns $HOME_NET any -> any any (msg:"x"; dns.query; dotprefix; content:".evil.example"; nocase; endswith; sid:1000001; rev:1;)';
      writeFileSync(join(folder, 'made.rules'), `${rule}\n`);
      expect(sigwright('synthesize', '-S', 'made.rules', '-o', 'made').out).toContain('1 of 1 rule solved');
      const evidence = join(folder, 'made', '1000001');
      expect(readFileSync(join(evidence, 'expect.yaml'), 'utf8')).toContain("because: 'dns.query: content");
      expect(sigwright('run', '-r', join(evidence, 'fires.pcap'), '-S', 'made.rules').out).toContain('1 × 1000001');
      expect(sigwright('run', '-r', join(evidence, 'silent-1.pcap'), '-S', 'made.rules').out).toContain('no alerts');
      expect(sigwright('cost', '-S', 'made.rules', '-r', join(evidence, 'fires.pcap')).out).toContain('checks per MB');
      const translated = sigwright('translate', 'made.rules', '--to', 'snort-2.9');
      expect(translated).toMatchObject({ status: 0, out: expect.stringContaining('|04|evil|07|example|00|') });
      expect(sigwright('translate', 'made.rules', '-o', 'dialects').status).toBe(0);
      expect(readFileSync(join(folder, 'dialects', 'suricata-5', 'made.rules'), 'utf8')).toBe(`${rule}\n`);
    });
  });

  test.each([
    ['lint without a file', ['lint'], /name rules files/],
    ['a lint that is none', ['lint', RULES, '--allow', 'nonsense'], /no lint is called so/],
    ['a target that is no version', ['lint', RULES, '--target', 'new'], /is no version/],
    ['format of no file', ['format', 'nowhere.rules'], /does not exist/],
    ['synthesize without rules', ['synthesize'], /-S FILE/],
    ['synthesize of a sid of no rule', ['synthesize', '-S', RULES, '1'], /no rule has sid 1/],
    ['cost on no capture', ['cost', '-S', RULES, '-r', 'nowhere.pcap'], /does not exist/],
    ['a dialect that is none', ['translate', RULES, '--to', 'zeek'], /is none of/],
    ['no such capture', ['run', '-r', 'nowhere.pcap', '-S', RULES], /does not exist/],
    ['no such rules', ['run', '-r', CAPTURE, '-S', 'nowhere.rules'], /does not exist/],
    ['no repository', ['prove', '-C', '.'], /no ruleset.yaml/],
    ['unknown option', ['run', '--dance'], /dance/],
    ['a folder for rules', ['run', '-r', CAPTURE, '-S', '.'], /a folder stands where|is a folder/],
    ['a folder for a report', ['intake', '.'], /a folder stands where|is a folder/],
    ['an address nobody allowed to fetch', ['intake', 'http://a.example/'], /--fetch allows/],
    ['an address inside', ['intake', '--fetch', 'http://127.0.0.1/'], /is not public/],
    ['a folder for EVE', ['triage', '.'], /a folder stands where|is a folder/],
    ['no such report', ['indicators', 'nowhere.md'], /nowhere\.md does not exist/],
    ['no such EVE', ['triage', 'nowhere.json'], /nowhere\.json does not exist/],
    ['no such configuration', ['run', '-r', CAPTURE, '-c', 'nowhere.yaml'], /nowhere\.yaml does not exist/],
    ['a log folder that is a file', ['run', '-r', CAPTURE, '-l', RULES], /malware\.rules/],
    ['a home net that is none', ['run', '-r', CAPTURE, '-S', RULES, '--home-net', 'house'], /house/],
    ['a setting without a value', ['run', '-r', CAPTURE, '--set', 'stream'], /key=value/],
    ['a sid that is none', ['explain', '-r', CAPTURE, '-S', RULES, '--sid', 'one'], /`one` is no sid/],
    ['a sid of no rule', ['explain', '-r', CAPTURE, '-S', RULES, '--sid', '1'], /no rule/],
    ['a day that is none', ['review', '-C', WEEK, '--today', '2024-02-30'], /is no day/],
    ['a version that leads elsewhere', ['release', '-C', WEEK, '--version', '../1'], /is no name for a release/],
    ['no version', ['release', '-C', WEEK], /name a version/],
    ['a port that is none', ['demo', '--port', '99999'], /is no port/],
    ['a keyword that is none', ['keywords', 'dance'], /no keyword is called/],
  ])('%s', (_why, args, message) => {
    const { status, error } = sigwright(...args);
    expect(status).not.toBe(0);
    expect(error).toMatch(message);
    expect(error).not.toMatch(/ {4}at /);
  });

  test.each([
    ['an empty file', Buffer.alloc(0), /empty/],
    ['no capture at all', Buffer.from('this is a letter, not a capture, and quite long enough'), /neither pcap nor pcapng/],
    ['a capture cut off', readFileSync(CAPTURE).subarray(0, 50_001), /cut off/],
  ])('%s: a message, exit 1, whole lines', (name, bytes, message) => {
    const path = join(folder, `${name.replaceAll(' ', '-')}.pcap`);
    writeFileSync(path, bytes);
    const { status, error } = sigwright('run', '-r', path, '-S', RULES, '-l', join(folder, 'bad'));
    expect(status).toBe(1);
    expect(error).toMatch(message);
    for (const line of readFileSync(join(folder, 'bad', 'eve.json'), 'utf8').split('\n')) if (line !== '') expect(() => JSON.parse(line)).not.toThrow();
  });

  test('a folder without captures is no quiet network', () => {
    const bare = join(folder, 'bare');
    mkdirSync(join(bare, 'below'), { recursive: true });
    for (const verb of [['run'], ['cost']])
      expect(sigwright(...verb, '-r', bare, '-S', RULES)).toMatchObject({
        status: 1,
        error: expect.stringMatching(/no capture was found: the folder \S+ holds no file; folders in it are not looked into/),
        out: expect.not.stringContaining('no alerts'),
      });
    writeFileSync(join(bare, 'notes.txt'), 'this is a letter, not a capture, and quite long enough');
    const { status, out } = sigwright('run', '-r', bare, '-S', RULES);
    expect([status, out.includes('no alerts'), out.includes('no capture could be read')]).toEqual([1, false, true]);
  });

  test('a refused rule is said and not loaded', () => {
    const path = join(folder, 'odd.rules');
    writeFileSync(path, 'alert tcp any any -> any any (msg:"x"; no.such.keyword; sid:1;)\nalert tcp any any -> any any (msg:"y"; content:"a"; sid:2;)\n');
    expect(sigwright('run', '-r', CAPTURE, '-S', path).error).toMatch(/odd.rules:1: sid 1: .*no\.such\.keyword.*not loaded/);
    expect(sigwright('suricata', '-T', '-S', path, '-l', folder).status).toBe(1);
    expect(sigwright('suricata', '-r', CAPTURE, '-S', path, '-l', folder, '--init-errors-fatal').status).toBe(1);
  });

  test('a variable that holds no networks: every rule that names it is refused, not only the first', () => {
    const path = join(folder, 'two.rules');
    writeFileSync(path, [1, 2].map((sid) => `alert tcp $HOME_NET any -> any $HTTP_PORTS (msg:"x"; content:"a"; sid:${sid};)\n`).join(''));
    for (const set of ['vars.address-groups.HOME_NET=house', 'vars.port-groups.HTTP_PORTS=house']) {
      const { status, error } = sigwright('run', '-r', CAPTURE, '-S', path, '--set', set);
      expect(status).toBe(0);
      expect(error.match(/sid [12]: .*house.* not loaded/g)).toHaveLength(2);
    }
  });

  test('explain says which condition stood in the way', () => {
    const silent = join(WEEK, 'evidence', '1240301', 'no-uuid.pcap');
    const { status, out } = sigwright('explain', '-r', silent, '-S', RULES, '--sid', '1240301', '--home-net', '10.3.8.0/24');
    expect(status).toBe(0);
    expect(out).toMatch(/did not fire: http.header/);
    const json = sigwright('explain', '-r', silent, '-S', RULES, '--sid', '1240301', '--home-net', '10.3.8.0/24', '--json');
    const { nearest } = JSON.parse(json.out) as { nearest: { steps: { found?: { bytes: unknown } }[] } };
    const shown = nearest.steps.flatMap(({ found }) => (found === undefined ? [] : [found.bytes]));
    expect(shown.length).toBeGreaterThan(0);
    // Bytes are base64, as the help says.
    for (const bytes of shown) expect(bytes).toMatch(/^[A-Za-z0-9+/]*={0,2}$/);
  });

  test('a full disk: exit 1, a message', () => {
    if (!existsSync('/dev/full')) return;
    const { status, error } = sigwright('suricata', '-r', CAPTURE, '-S', RULES, '-l', folder, '--set', 'outputs.0.eve-log.filename=/dev/full');
    expect(status).toBe(1);
    expect(error).toMatch(/could not be written/);
  });

  test.each([
    'run',
    'init',
    'intake',
    'indicators',
    'draft',
    'explain',
    'prove',
    'review',
    'release',
    'compare',
    'community-review',
    'triage',
    'demo',
    'keywords',
    'suricata',
  ])('%s says what it takes', (verb) => {
    const { status, out, error } = sigwright(verb, '--help');
    expect({ status, error }).toEqual({ status: 0, error: '' });
    expect(out).toContain(`sigwright ${verb}`);
  });

  test('every keyword is listed, with its buffer', () => {
    const rows = sigwright('keywords', '--json').out.trimEnd().split('\n');
    expect(rows.map((row) => JSON.parse(row) as unknown)).toContainEqual(
      expect.objectContaining({ name: 'http.uri', status: 'implemented', buffer: 'http.uri', protocol: 'http', since: '5.0' }),
    );
  });

  test('a keyword of which nothing comes is listed with the reason', () => {
    expect(sigwright('keywords', 'nfq_set_mark').out).toMatch(/^nfq_set_mark +no effect .*\nnfq_set_mark has no effect: .*nobody asks for marks$/m);
  });

  test('an empty report has no indicators', () => {
    writeFileSync(join(folder, 'empty.md'), '');
    expect(sigwright('indicators', '--json', 'empty.md')).toEqual({ status: 0, out: '', error: '' });
  });

  test.skipIf(!existsSync('/dev/full'))('standard output on a full disk: exit 1, a message', () => {
    const { status, stderr } = spawnSync('/bin/sh', ['-c', `'${join(ROOT, 'sigwright')}' keywords > /dev/full`], { encoding: 'utf8' });
    expect(status).toBe(1);
    expect(stderr).toMatch(/standard output could not be written/);
  });

  test('a reader that goes away ends it without a word', () => {
    const { stdout, stderr } = spawnSync(
      '/bin/sh',
      ['-c', `{ '${join(ROOT, 'sigwright')}' run -r '${CAPTURE}' -S '${RULES}' --json; echo "exit $?" >&2; } | head -n 1`],
      {
        encoding: 'utf8',
      },
    );
    expect(() => JSON.parse(stdout)).not.toThrow();
    expect(stderr).toBe('exit 141\n');
  });

  describe('saved plans', () => {
    // Large enough to be kept; one rule is refused, so that what was said must be kept too.
    const many = Array.from(
      { length: 6000 },
      (_, at) => `alert tcp any any -> any any (msg:"rule ${at}, with a name that takes space"; content:"needle ${at} in hay"; sid:${at + 1};)`,
    );
    const cases = join(WEEK, 'evidence', '1240301', 'no-uuid.pcap');
    const cache = (): string => join(folder, 'cache');
    const plans = (): string[] => (existsSync(cache()) ? readdirSync(cache()).filter((name) => !name.endsWith('.key')) : []);
    const load = (): ReturnType<typeof sigwright> => sigwright('run', '-r', cases, '-S', join(folder, 'many.rules'));

    beforeAll(() => writeFileSync(join(folder, 'many.rules'), `${many.join('\n')}\nalert tcp any any -> any any (no.such.keyword; sid:9000;)\n`));

    test('the second run says what the first said, also where two run at once', async () => {
      const first = load();
      expect(first.error).toContain('sid 9000');
      expect(plans().filter((name) => name.endsWith('.plan'))).toHaveLength(1);
      expect(load()).toEqual(first);
      rmSync(cache(), { recursive: true });
      const both = await Promise.all(
        [0, 1].map(
          () =>
            new Promise((resolve) =>
              spawn(join(ROOT, 'sigwright'), ['run', '-r', cases, '-S', join(folder, 'many.rules')], {
                env: { ...process.env, SIGWRIGHT_CACHE: cache() },
                stdio: 'ignore',
              }).once('exit', resolve),
            ),
        ),
      );
      expect(both).toEqual([0, 0]);
      expect(plans()).toHaveLength(1);
      expect(load()).toEqual(first);
    });

    test.each([
      ['cut short', (bytes: Buffer) => bytes.subarray(0, bytes.length >> 1)],
      ['empty', () => Buffer.alloc(0)],
      ['with one bit changed', (bytes: Buffer) => Buffer.from(bytes.map((byte, at) => (at === bytes.length >> 1 ? byte ^ 1 : byte)))],
      ['zeroes after its first page', (bytes: Buffer) => Buffer.concat([bytes.subarray(0, 4096), Buffer.alloc(bytes.length - 4096)])],
    ])('one that is %s is made anew', (_why, damage) => {
      const first = load();
      const [name] = plans().filter((one) => one.endsWith('.plan'));
      const path = join(cache(), name);
      const whole = readFileSync(path);
      writeFileSync(path, damage(whole));
      expect(load()).toEqual(first);
      expect(readFileSync(path).equals(whole)).toBe(true);
    });

    test('a cache that can not be written is no reason to stop', () => {
      const { status } = spawnSync(join(ROOT, 'sigwright'), ['run', '-r', cases, '-S', join(folder, 'many.rules')], {
        env: { ...process.env, SIGWRIGHT_CACHE: '/dev/null/cache' },
      });
      expect(status).toBe(0);
    });
  });

  test('told to stop, it finishes what it read', async () => {
    const out = join(folder, 'stopped');
    const child = spawn(join(ROOT, 'sigwright'), ['suricata', '-r', '-', '-S', RULES, '-l', out], { stdio: ['pipe', 'ignore', 'pipe'] });
    child.stdin.write(readFileSync(CAPTURE).subarray(0, 100_000));
    // It listens for signals before it opens its output.
    for (let tries = 0; tries < 300 && !existsSync(join(out, 'eve.json')); tries++) await new Promise((resolve) => setTimeout(resolve, 100));
    await new Promise((resolve) => setTimeout(resolve, 300));
    child.kill('SIGTERM');
    setTimeout(() => child.stdin.end(), 200);
    const status = await new Promise((resolve) => child.once('exit', resolve));
    expect(status).toBe(0);
    const lines = readFileSync(join(out, 'eve.json'), 'utf8').trimEnd().split('\n');
    expect(lines.length).toBeGreaterThan(10);
    for (const line of lines) expect(() => JSON.parse(line)).not.toThrow();
  });
});
