/**
 * Names that are harmless in themselves. `BENIGN`: services everybody uses; a rule on them would fire everywhere. `SHARED`: many
 * unrelated owners below one name, so a rule needs the full host. `REFERENCES`: where researchers publish. Own list; lists in the
 * form of misp-warninglists can be added.
 */
const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

export const BENIGN = words(`
google.com googleapis.com gstatic.com googleusercontent.com youtube.com gmail.com android.com microsoft.com windows.com windowsupdate.com
office.com office365.com live.com outlook.com hotmail.com msn.com bing.com skype.com azure.com apple.com icloud.com amazon.com facebook.com
instagram.com whatsapp.com linkedin.com yahoo.com wikipedia.org mozilla.org firefox.com cloudflare.com akamai.com fastly.net digicert.com
letsencrypt.org verisign.com adobe.com oracle.com java.com ubuntu.com debian.org kernel.org python.org pypi.org npmjs.com docker.com
example.com example.org example.net w3.org schema.org iana.org ietf.org paypal.com ebay.com netflix.com spotify.com zoom.us slack.com
dropbox.com box.com salesforce.com intel.com nvidia.com cisco.com ipify.org ipinfo.io ip-api.com icanhazip.com checkip.amazonaws.com
`);

export const SHARED = words(`
github.io gitlab.io herokuapp.com netlify.app vercel.app pages.dev workers.dev web.app firebaseapp.com azurewebsites.net cloudfront.net
amazonaws.com blogspot.com wordpress.com weebly.com wixsite.com 000webhostapp.com hopto.org bounceme.net ddns.net no-ip.org no-ip.biz
zapto.org sytes.net servebeer.com servehttp.com myftp.org duckdns.org dynu.net freeddns.org mooo.com chickenkiller.com ngrok.io
ngrok-free.app trycloudflare.com repl.co glitch.me onrender.com fly.dev appspot.com my.id eu.org github.com githubusercontent.com gitlab.com
bitbucket.org pastebin.com discord.com discordapp.com telegram.org t.me drive.google.com docs.google.com dropboxusercontent.com mediafire.com
mega.nz transfer.sh anonfiles.com
`);

export const REFERENCES = words(`
twitter.com x.com infosec.exchange mastodon.social linkedin.com medium.com virustotal.com any.run tria.ge hybrid-analysis.com joesandbox.com
urlscan.io bazaar.abuse.ch abuse.ch otx.alienvault.com shodan.io censys.io github.com gitlab.com asec.ahnlab.com welivesecurity.com
securelist.com kaspersky.com eset.com symantec.com broadcom.com mandiant.com crowdstrike.com sentinelone.com proofpoint.com
emergingthreats.net talosintelligence.com unit42.paloaltonetworks.com paloaltonetworks.com trendmicro.com sophos.com mcafee.com trellix.com
checkpoint.com fortinet.com zscaler.com malwarebytes.com bleepingcomputer.com thehackernews.com krebsonsecurity.com kroll.com
stratosphereips.org jpcert.or.jp cisa.gov us-cert.gov nist.gov mitre.org securityintelligence.com recordedfuture.com volexity.com
elastic.co reversinglabs.com huntress.com redcanary.com group-ib.com intezer.com deepinstinct.com cyble.com cert.pl cert.gov.ua
`);

/** The entry of `names` that is `host` or lies above it. */
export function listedIn(names: ReadonlySet<string>, host: string): string | undefined {
  for (let at = 0; at !== -1; ) {
    const suffix = at === 0 ? host : host.slice(at);
    if (names.has(suffix)) return suffix;
    const dot = host.indexOf('.', at);
    at = dot === -1 ? -1 : dot + 1;
  }
  return undefined;
}
