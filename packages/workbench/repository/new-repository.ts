/** The files that a ruleset repository begins with: settings with a word on each, folders, what git is to know, and a README for its team. */

export interface NewRepository {
  /** `[a-z0-9-]+`, of which files and archives are named */
  readonly name: string;
  /** first word of every message */
  readonly prefix: string;
  readonly from: number;
  readonly to: number;
  readonly homeNet: string;
  /** ISO day */
  readonly date: string;
}

/** Path within the repository → content. */
export function newRepositoryFiles(about: NewRepository): readonly (readonly [path: string, content: string])[] {
  return [
    ['ruleset.yaml', settingsOf(about)],
    ['README.md', readmeOf(about)],
    ['.gitignore', '# whoever changes something holds a lock here\n.sigwright/\n# half-written files\n*.tmp\n# secret keys that sign releases\n*.key\n'],
    ['.gitattributes', '*.rules text eol=lf\n*.yaml text eol=lf\nrules.lock text eol=lf\n*.pcap binary\n*.pcapng binary\nreleases/** -text\n'],
    ...['rules', 'reports', 'evidence'].map((folder) => [`${folder}/.gitkeep`, ''] as const),
  ];
}

function settingsOf({ name, prefix, from, to, homeNet, date }: NewRepository): string {
  return `# What this ruleset is and by which policy it lives. All of it: docs/ruleset-repository.md of sigwright.
name: ${JSON.stringify(name)} # files and archives are named after it
title: ${JSON.stringify(name)}
licence: BSD-3-Clause # under which others may use the rules
copyright: ${date.slice(0, 4)}, the ${name} authors
message-prefix: ${prefix} # first word of every message

# Numbers that are yours. 1000000 to 1999999 are free for everybody's own rules (sidallocation.org); a team whose rules travel
# should ask for a range there, so that nobody else's rules have the same numbers.
sid-ranges:
  - { from: ${from}, to: ${to}, owner: ${JSON.stringify(name)} }

# What releases are made for.
engines: [suricata-5, suricata-6, suricata-7, suricata-8, snort-2.9]

# Variables that rules are proved with; a sensor has its own.
networks:
  HOME_NET: "${homeNet}"
  EXTERNAL_NET: "!$HOME_NET"

# Days until a rule is looked at again (sigwright review), by the role in its metadata.
time-to-review:
  lookup: 28 # names and servers are burnt quickly
  contact: 28
  payload: 180 # behaviour lives longer
  check_in: 180
  command: 180
  config: 180
  exfil: 180
  context: 365
  default: 90

# Further policy; take the marks away to use it.
# review:
#   policy: # the first line that fits goes before time-to-review
#     - { role: lookup, category: phishing, days: 14 }
#     - { role: check_in, confidence: High, days: 365 }
#   four-eyes: [retire, delete] # decisions that two people have to take
`;
}

function readmeOf({ name, from, to }: NewRepository): string {
  return `# ${name}

A ruleset for Suricata and Snort, made with sigwright. \`ruleset.yaml\` says what it is and by which policy it lives; its numbers are
${from} to ${to}. Text in git is the truth: commit after each step.

| step | |
| --- | --- |
| a report comes in | \`sigwright intake REPORT\` shows what it says |
| rules from it | \`sigwright draft REPORT --write\` puts rules, evidence made for them and the report into their folders |
| rules from captures | \`sigwright draft --captures RUN… --ordinary PATH --write\` |
| is it good? | \`sigwright lint --reading\`, \`sigwright format --check\`, \`sigwright prove\` |
| out with it | \`sigwright key new ../release.key\` once, then \`sigwright release --version 1 --key ../release.key --proved\` |
| to sensors | \`sigwright serve-rules\`, and on a sensor \`sigwright update --url …\` or suricata-update |
| later | \`sigwright review\` says what is due, \`sigwright feedback\` takes what sensors tell |

## On every change

With pre-commit (https://pre-commit.com), in \`.pre-commit-config.yaml\`:

\`\`\`yaml
repos:
  - repo: local
    hooks:
      - { id: format, name: rules in one style, language: system, entry: sigwright format --check, files: '\\.rules$' }
      - { id: lint, name: defects of rules, language: system, entry: sigwright lint --part, files: '\\.rules$' }
      - { id: prove, name: rules against their evidence, language: system, entry: sigwright prove --changed HEAD, pass_filenames: false, always_run: true }
\`\`\`

On a build server: \`sigwright lint && sigwright format --check && sigwright prove --junit proof.xml\`. A GitHub Action lies in
\`editors/continuous-integration\` of sigwright.
`;
}
