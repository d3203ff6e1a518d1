/** What the server works on, and the changes that people make by it. Pages and API do the same thing through here; every change is noted. */
import { DeskBase } from './desk/base.ts';
import { CaptureDesk } from './desk/captures.ts';
import { CommunityDesk } from './desk/community.ts';
import { FeedbackDesk } from './desk/feedback.ts';
import { HuntDesk } from './desk/hunts.ts';
import { ProofDesk } from './desk/proofs.ts';
import { ReleaseDesk } from './desk/releases.ts';
import { ReportDesk } from './desk/reports.ts';
import { RuleDesk } from './desk/rules.ts';
import { VerdictDesk } from './desk/verdicts.ts';
import { WebhookDesk } from './desk/webhooks.ts';

export class Desk extends DeskBase {
  readonly captures = new CaptureDesk(this);
  readonly community = new CommunityDesk(this);
  readonly feedback = new FeedbackDesk(this, this.captures);
  readonly hunts = new HuntDesk(this);
  readonly proofs = new ProofDesk(this);
  readonly releases = new ReleaseDesk(this);
  readonly reports = new ReportDesk(this);
  readonly rules = new RuleDesk(this);
  readonly verdicts = new VerdictDesk(this);
  readonly webhooks = new WebhookDesk(this);
}
