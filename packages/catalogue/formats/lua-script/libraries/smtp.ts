/** `suricata.smtp`: sender, recipients and MIME fields of a mail. */
import { givenText } from '@sigwright/lua';
import { type Functions, type LibraryTools, text } from './library-tools.ts';

export function smtpLibrary(tools: LibraryTools): Functions {
  return {
    get_tx: tools.transaction('smtp', () => ({
      get_mail_from: ({ mail_from }) => [text(mail_from)],
      get_rcpt_list: ({ rcpt_to }) => [Array.isArray(rcpt_to) ? tools.table(rcpt_to) : undefined],
      get_mime_field(_record, args) {
        const wanted = givenText(args, 0, 'get_mime_field').toLowerCase();
        return [tools.host.context?.fields().find(([name]) => name.toLowerCase() === wanted)?.[1]];
      },
      get_mime_list() {
        const fields = tools.host.context?.fields() ?? [];
        return [fields.length === 0 ? undefined : tools.table(fields.map(([name]) => name))];
      },
    })),
  };
}
