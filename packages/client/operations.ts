/**
 * What can be asked of a workbench. Generated from its routes by tools/generate-client.ts: change those, not this.
 */

export interface Ingested {
  readonly added: number;
  readonly known: number;
  readonly broken: number;
  readonly alerts: number;
}

export interface Problem {
  readonly error: string;
}

export interface JudgedHost {
  readonly host: string;
  readonly judgement: string;
  readonly reasons: readonly string[];
  readonly alerts: number;
  readonly setAside: number;
  readonly weight: number;
  readonly first: string;
  readonly last: string;
  readonly rules: readonly JudgedRule[];
}

export interface JudgedRule {
  readonly sid: number;
  readonly signature: string;
  readonly role: string;
  readonly alerts: number;
  readonly events: number;
  readonly first: string;
  readonly last: string;
  readonly families: readonly string[];
  readonly verdict?: Verdict;
}

export interface Verdict {
  readonly id: number;
  readonly scope: 'pair' | 'story' | 'rule' | 'host';
  readonly host?: string;
  readonly sid?: number;
  readonly story?: string;
  readonly verdict: 'true' | 'false_positive' | 'expected';
  readonly note: string;
  readonly by: string;
  /** milliseconds since 1970 */
  readonly created: number;
  /** milliseconds since 1970 */
  readonly expires?: number;
  readonly takenBack?: {
    /** milliseconds since 1970 */
    readonly at: number;
    readonly by: string;
  };
}

export type HostPicture = JudgedHost & {
  readonly stories: readonly Story[];
  readonly wouldChange: readonly string[];
  readonly next: readonly string[];
  readonly verdicts: readonly Verdict[];
};

export interface Story {
  readonly key: string;
  readonly title: string;
  readonly first: string;
  readonly last: string;
  readonly rules: readonly JudgedRule[];
  readonly verdict?: Verdict;
}

export interface Alert {
  readonly id: number;
  /** milliseconds since 1970 */
  readonly time: number;
  readonly sid: number;
  readonly signature: string;
  /** what the alert tells about the host: context, lookup, contact, payload, check_in, command, config, exfil, behaviour, weak */
  readonly role: string;
  /** the host of ours that it is laid to */
  readonly host: string | null;
  readonly source: string;
  readonly destination: string;
  readonly protocol: string;
  readonly name: string | null;
  readonly flow: string | null;
  readonly sensor: string;
}

export interface VerdictRequest {
  readonly scope: 'pair' | 'story' | 'rule' | 'host';
  readonly host?: string;
  readonly sid?: number | null;
  readonly story?: string;
  readonly verdict: 'true' | 'false_positive' | 'expected';
  readonly note?: string;
  /** the verdict ends after so many days */
  readonly days?: number;
}

export interface Rule {
  readonly sid: number;
  readonly rev: number;
  readonly category: string;
  readonly message: string;
  readonly enabled: boolean;
  readonly alerts: number;
}

export interface Decision {
  readonly decision: 'keep' | 'revise' | 'disable' | 'retire' | 'delete';
  readonly reason?: '' | 'Age' | 'Duplicate' | 'Relevance' | 'Performance' | 'False_Positive' | 'Moved';
  readonly note?: string;
  /** for revise: the rule as it is to be */
  readonly rule?: string;
  /** the rule as it was when it was decided; another one meanwhile is a conflict */
  readonly seen?: string;
}

export interface ReviewItem {
  readonly sid: number;
  readonly message: string;
  readonly category: string;
  readonly role: string;
  readonly due: string;
  readonly overdue: number;
  readonly why: string;
}

export interface ReportAnswer {
  readonly title: string;
  readonly indicators: readonly {
    readonly type: string;
    readonly value: string;
    readonly start: number;
    readonly end: number;
    readonly role: string;
    readonly benign: boolean;
    readonly reason: string;
  }[];
  readonly rules: readonly {
    readonly sid: number;
    readonly text: string;
    readonly indicator: string;
    readonly weak?: string;
  }[];
  readonly skipped: readonly {
    readonly indicator: string;
    readonly why: string;
  }[];
}

export interface Feedback {
  readonly reference: string;
  readonly sid: number | null;
  readonly rev?: number;
  readonly kind: string;
  readonly reporter: string;
  readonly date: string;
  readonly comment: string;
  readonly outcome: string;
  /** what came of it */
  readonly status: string;
  readonly answered: boolean;
}

export interface FeedbackReceipt {
  readonly reference: string;
  readonly outcome: string;
  readonly says: string;
}

export interface FeedbackRequest {
  readonly sid: number | null;
  /** the revision that was running */
  readonly rev?: number;
  readonly kind: 'false_positive' | 'miss' | 'sinkholed' | 'seen';
  readonly comment?: string;
  /** a capture that shows it, base64; the rule is tried on it */
  readonly slice?: string;
  /** addresses of the slice are made up */
  readonly redacted?: boolean;
  /** what the rule matched */
  readonly matched?: readonly string[];
  /** without a slice: the packets of the newest alert of this host are tried, where the server has them */
  readonly host?: string;
}

export interface Sensor {
  readonly id: number;
  readonly name: string;
  /** milliseconds since 1970 */
  readonly first_seen: number;
  /** milliseconds since 1970 */
  readonly last_seen: number;
  readonly events: number;
}

export interface UserRequest {
  readonly name: string;
  readonly password: string;
  readonly role: 'reader' | 'analyst' | 'writer' | 'releaser' | 'admin';
}

export interface TokenRequest {
  readonly name: string;
  readonly scopes: readonly ('read' | 'ingest' | 'triage' | 'write' | 'release' | 'admin')[];
  readonly days?: number;
}

export interface AuditEntry {
  /** milliseconds since 1970 */
  readonly time: number;
  readonly who: string;
  readonly action: string;
  readonly target: string;
  readonly detail: string;
}

export interface Webhook {
  readonly id: number;
  readonly name: string;
  readonly url: string;
  readonly events: readonly ('alerts' | 'host' | 'change' | 'job')[];
  /** milliseconds since 1970 */
  readonly created: number;
  /** of its last message: waiting, done, failed; empty before the first */
  readonly state: string;
  readonly said: string;
  readonly waiting: number;
  /** when its receiver said that it is gone (410): it is told nothing more */
  readonly gone: number | null;
}

export interface WebhookRequest {
  readonly name: string;
  /** where messages are posted; only public addresses are dialled, and those that SIGWRIGHT_WEBHOOKS_INSIDE allows */
  readonly url: string;
  readonly events: readonly ('alerts' | 'host' | 'change' | 'job')[];
}

export interface Job {
  readonly id: number;
  readonly kind: string;
  readonly state: string;
  readonly done: number;
  readonly total: number;
  readonly said: string;
  readonly by: string;
  /** milliseconds since 1970 */
  readonly created: number;
  /** milliseconds since 1970 */
  readonly ended: number | null;
}

export interface Hunt {
  readonly title: string;
  readonly rules: string;
  /** what HOME_NET is */
  readonly networks?: string;
}

export interface IngestEventsQuery {
  readonly sensor?: string;
}

export interface AlertsQuery {
  readonly sid?: number | null;
  readonly host?: string;
  readonly address?: string;
  readonly flow?: string;
  readonly role?: string;
  readonly sensor?: string;
  readonly words?: string;
  readonly from?: number | null;
  readonly to?: number | null;
  readonly after?: string;
  readonly limit?: number;
}

export interface VerdictsQuery {
  readonly all?: 'true' | 'false';
}

export interface AuditQuery {
  readonly limit?: number;
}

export interface Sent {
  readonly method: string;
  /** below /api/v1 */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | null | undefined>>;
  readonly body?: unknown;
  /** of the body, where it is not JSON */
  readonly type?: string;
}

export abstract class Operations {
  /** Resolves with what JSON says, or undefined where there is nothing to say. */
  protected abstract send(sent: Sent): Promise<unknown>;

  /** EVE JSON lines into the store; the same line counts once. Needs the scope `ingest`. */
  async ingestEvents(body: string, query: IngestEventsQuery = {}): Promise<Ingested> {
    return (await this.send({ method: 'POST', path: '/events', query: { ...query }, body, type: 'application/x-ndjson' })) as Ingested;
  }

  /** Hosts, worst first, each with a judgement and its reasons. Needs the scope `read`. */
  async listHosts(): Promise<{
    readonly hosts: readonly JudgedHost[];
    readonly quiet: number;
  }> {
    return (await this.send({ method: 'GET', path: '/hosts' })) as {
      readonly hosts: readonly JudgedHost[];
      readonly quiet: number;
    };
  }

  /** One host: judgement, stories, what would change it, what to do next. Needs the scope `read`. */
  async getHost(host: string): Promise<HostPicture> {
    return (await this.send({ method: 'GET', path: `/hosts/${encodeURIComponent(String(host))}` })) as HostPicture;
  }

  /** Alerts, newest first. Needs the scope `read`. */
  async listAlerts(query: AlertsQuery = {}): Promise<{
    readonly alerts: readonly Alert[];
    readonly next?: string;
  }> {
    return (await this.send({ method: 'GET', path: '/alerts', query: { ...query } })) as {
      readonly alerts: readonly Alert[];
      readonly next?: string;
    };
  }

  /** An alert with its whole record. Needs the scope `read`. */
  async getAlert(id: number): Promise<
    Alert & {
      readonly record: Readonly<Record<string, unknown>>;
    }
  > {
    return (await this.send({ method: 'GET', path: `/alerts/${encodeURIComponent(String(id))}` })) as Alert & {
      readonly record: Readonly<Record<string, unknown>>;
    };
  }

  /** Verdicts, newest first. Needs the scope `read`. */
  async listVerdicts(query: VerdictsQuery = {}): Promise<{
    readonly verdicts: readonly Verdict[];
  }> {
    return (await this.send({ method: 'GET', path: '/verdicts', query: { ...query } })) as {
      readonly verdicts: readonly Verdict[];
    };
  }

  /** A verdict on a story, a rule, a host, or a rule on a host. Needs the scope `triage`. */
  async setVerdict(body: VerdictRequest): Promise<{
    readonly id: number;
  }> {
    return (await this.send({ method: 'POST', path: '/verdicts', body })) as {
      readonly id: number;
    };
  }

  /** Takes a verdict back. Needs the scope `triage`. */
  async takeBackVerdict(id: number): Promise<void> {
    await this.send({ method: 'DELETE', path: `/verdicts/${encodeURIComponent(String(id))}` });
  }

  /** Rules of the repository. Needs the scope `read`. */
  async listRules(): Promise<{
    readonly rules: readonly Rule[];
  }> {
    return (await this.send({ method: 'GET', path: '/rules' })) as {
      readonly rules: readonly Rule[];
    };
  }

  /** Keep, revise, disable, retire or delete a rule. Needs the scope `write`. */
  async decideRule(
    sid: number | null,
    body: Decision,
  ): Promise<{
    readonly state: 'done' | 'proposed';
  }> {
    return (await this.send({ method: 'POST', path: `/rules/${encodeURIComponent(String(sid))}/decisions`, body })) as {
      readonly state: 'done' | 'proposed';
    };
  }

  /** Tries every rule on its evidence; by workers where there is a broker. Needs the scope `write`. */
  async proveRules(): Promise<{
    readonly job: number;
  }> {
    return (await this.send({ method: 'POST', path: '/proofs' })) as {
      readonly job: number;
    };
  }

  /** Which rules are due and why. Needs the scope `read`. */
  async listReview(): Promise<{
    readonly items: readonly ReviewItem[];
  }> {
    return (await this.send({ method: 'GET', path: '/review' })) as {
      readonly items: readonly ReviewItem[];
    };
  }

  /** Releases, newest first. Needs the scope `read`. */
  async listReleases(): Promise<{
    readonly releases: readonly {
      readonly version: string;
      readonly files: number;
    }[];
  }> {
    return (await this.send({ method: 'GET', path: '/releases' })) as {
      readonly releases: readonly {
        readonly version: string;
        readonly files: number;
      }[];
    };
  }

  /** Makes a release. Needs the scope `release`. */
  async makeRelease(body: { readonly version: string }): Promise<{
    readonly version: string;
  }> {
    return (await this.send({ method: 'POST', path: '/releases', body })) as {
      readonly version: string;
    };
  }

  /** What a report says, and draft rules; nothing is kept. Needs the scope `read`. */
  async readReport(body: { readonly text: string }): Promise<ReportAnswer> {
    return (await this.send({ method: 'POST', path: '/reports/read', body })) as ReportAnswer;
  }

  /** What was reported about rules, and what came of it. Needs the scope `read`. */
  async getFeedback(): Promise<{
    readonly feedback: readonly Feedback[];
  }> {
    return (await this.send({ method: 'GET', path: '/feedback' })) as {
      readonly feedback: readonly Feedback[];
    };
  }

  /** Reports a rule to its writers. Needs the scope `triage`. */
  async postFeedback(body: FeedbackRequest): Promise<FeedbackReceipt> {
    return (await this.send({ method: 'POST', path: '/feedback', body })) as FeedbackReceipt;
  }

  /** Accepts a report, so that its slice is evidence of the rule, or declines it with a word to the reporter. Needs the scope `write`. */
  async postFeedbackReferenceState(
    reference: string,
    state: 'accepted' | 'declined',
    body: {
      readonly note?: string;
    },
  ): Promise<void> {
    await this.send({ method: 'POST', path: `/feedback/${encodeURIComponent(String(reference))}/${encodeURIComponent(String(state))}`, body });
  }

  /** Where events come from. Needs the scope `read`. */
  async listSensors(): Promise<{
    readonly sensors: readonly Sensor[];
  }> {
    return (await this.send({ method: 'GET', path: '/sensors' })) as {
      readonly sensors: readonly Sensor[];
    };
  }

  /** Users. Needs the scope `admin`. */
  async listUsers(): Promise<{
    readonly users: readonly {
      readonly id: number;
      readonly name: string;
      readonly role: string;
      readonly disabled: boolean;
    }[];
  }> {
    return (await this.send({ method: 'GET', path: '/users' })) as {
      readonly users: readonly {
        readonly id: number;
        readonly name: string;
        readonly role: string;
        readonly disabled: boolean;
      }[];
    };
  }

  /** Adds a user. Needs the scope `admin`. */
  async addUser(body: UserRequest): Promise<{
    readonly id: number;
  }> {
    return (await this.send({ method: 'POST', path: '/users', body })) as {
      readonly id: number;
    };
  }

  /** A token for programs; it is told once. Needs the scope `admin`. */
  async addToken(body: TokenRequest): Promise<{
    readonly id: number;
    readonly token: string;
  }> {
    return (await this.send({ method: 'POST', path: '/tokens', body })) as {
      readonly id: number;
      readonly token: string;
    };
  }

  /** Ends a token. Needs the scope `admin`. */
  async endToken(id: number): Promise<void> {
    await this.send({ method: 'DELETE', path: `/tokens/${encodeURIComponent(String(id))}` });
  }

  /** Who changed what. Needs the scope `admin`. */
  async listAudit(query: AuditQuery = {}): Promise<{
    readonly entries: readonly AuditEntry[];
  }> {
    return (await this.send({ method: 'GET', path: '/audit', query: { ...query } })) as {
      readonly entries: readonly AuditEntry[];
    };
  }

  /** Who is told of what. Needs the scope `admin`. */
  async listWebhooks(): Promise<{
    readonly webhooks: readonly Webhook[];
  }> {
    return (await this.send({ method: 'GET', path: '/webhooks' })) as {
      readonly webhooks: readonly Webhook[];
    };
  }

  /** Adds a webhook; its secret is told once. Messages are signed as Standard Webhooks says. Needs the scope `admin`. */
  async addWebhook(body: WebhookRequest): Promise<{
    readonly id: number;
    readonly secret: string;
  }> {
    return (await this.send({ method: 'POST', path: '/webhooks', body })) as {
      readonly id: number;
      readonly secret: string;
    };
  }

  /** Ends a webhook; what waits for it is dropped. Needs the scope `admin`. */
  async endWebhook(id: number): Promise<void> {
    await this.send({ method: 'DELETE', path: `/webhooks/${encodeURIComponent(String(id))}` });
  }

  /** Work in the background. Needs the scope `read`. */
  async listJobs(): Promise<{
    readonly jobs: readonly Job[];
  }> {
    return (await this.send({ method: 'GET', path: '/jobs' })) as {
      readonly jobs: readonly Job[];
    };
  }

  /** Begins a retro-hunt: rules over the archive of captures. Needs the scope `triage`. */
  async beginHunt(body: Hunt): Promise<{
    readonly job: number;
  }> {
    return (await this.send({ method: 'POST', path: '/hunts', body })) as {
      readonly job: number;
    };
  }

  /** What a retro-hunt found. Needs the scope `read`. */
  async getHunt(id: number): Promise<{
    readonly title: string;
    readonly state: string;
    readonly done: number;
    readonly total: number;
    readonly hits: readonly {
      readonly sid: number;
      readonly signature: string;
      readonly captures: number;
      readonly alerts: number;
    }[];
    readonly captures: readonly {
      readonly capture: string;
      readonly state: string;
      readonly said: string;
      readonly alerts: number;
      readonly worker: string;
    }[];
  }> {
    return (await this.send({ method: 'GET', path: `/hunts/${encodeURIComponent(String(id))}` })) as {
      readonly title: string;
      readonly state: string;
      readonly done: number;
      readonly total: number;
      readonly hits: readonly {
        readonly sid: number;
        readonly signature: string;
        readonly captures: number;
        readonly alerts: number;
      }[];
      readonly captures: readonly {
        readonly capture: string;
        readonly state: string;
        readonly said: string;
        readonly alerts: number;
        readonly worker: string;
      }[];
    };
  }

  /** Gives a retro-hunt up; what was found stays. Needs the scope `triage`. */
  async cancelHunt(id: number): Promise<void> {
    await this.send({ method: 'POST', path: `/hunts/${encodeURIComponent(String(id))}/cancel` });
  }
}
