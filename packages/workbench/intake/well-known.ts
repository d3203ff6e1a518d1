/**
 * Names that are harmless in themselves, own lists. `BENIGN`: services everybody uses; a rule on them would fire everywhere.
 * `SHARED`: many unrelated owners below one name (hosting, dynamic DNS, file sharing, short links), so a rule needs the full host or
 * the path, never the parent. `REFERENCES`: where researchers publish and samples are analysed. Lists in the form of
 * misp-warninglists can be added (warning-lists.ts).
 */
const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

export const BENIGN = words(`
google.com googleapis.com gstatic.com google-analytics.com googletagmanager.com googlevideo.com youtube.com youtu.be ytimg.com gmail.com
android.com chromium.org doubleclick.net googleadservices.com recaptcha.net goog
microsoft.com windows.com windowsupdate.com office.com office365.com office.net live.com outlook.com hotmail.com msn.com bing.com skype.com
azure.com microsoftonline.com msftconnecttest.com msftncsi.com visualstudio.com aka.ms msecnd.net msedge.net nuget.org
apple.com icloud.com mzstatic.com amazon.com aws.com facebook.com fbcdn.net instagram.com whatsapp.com whatsapp.net meta.com linkedin.com licdn.com
yahoo.com yimg.com aol.com wikipedia.org wikimedia.org mozilla.org mozilla.net firefox.com opera.com brave.com baidu.com qq.com 163.com
126.com sina.com.cn weibo.com taobao.com alibaba.com aliyun.com yandex.ru yandex.com mail.ru rambler.ru naver.com daum.net kakao.com
netflix.com spotify.com twitch.tv tiktok.com reddit.com pinterest.com ebay.com paypal.com stripe.com visa.com mastercard.com
cloudflare.com cloudflare-dns.com akamai.com akamaized.net akamaiedge.net edgesuite.net fastly.net jsdelivr.net unpkg.com cdnjs.com
bootstrapcdn.com jquery.com fontawesome.com adobe.com oracle.com java.com sun.com vmware.com citrix.com sap.com ibm.com intel.com nvidia.com
amd.com dell.com hp.com lenovo.com asus.com cisco.com juniper.net fortinet.com paloaltonetworks.com checkpoint.com
ubuntu.com debian.org kernel.org redhat.com fedoraproject.org centos.org archlinux.org python.org pypi.org pythonhosted.org npmjs.com npmjs.org
rubygems.org crates.io golang.org go.dev nodejs.org php.net apache.org nginx.org docker.com docker.io gnu.org openssl.org sqlite.org
7-zip.org winrar.com rarlab.com videolan.org notepad-plus-plus.org putty.org teamviewer.com anydesk.com zoom.us slack.com atlassian.com
jetbrains.com mysql.com postgresql.org mongodb.com wordpress.org drupal.org joomla.org
digicert.com sectigo.com comodo.com comodoca.com usertrust.com globalsign.com globalsign.net verisign.com symantec.com symcb.com symcd.com
thawte.com geotrust.com rapidssl.com godaddy.com starfieldtech.com entrust.net startssl.com certum.pl letsencrypt.org lencr.org identrust.com
quovadisglobal.com swisssign.net trust-provider.com trustwave.com ssl.com wosign.com pki.goog
example.com example.org example.net w3.org w3schools.com schema.org iana.org ietf.org rfc-editor.org ieee.org iso.org icann.org xmlsoap.org
openxmlformats.org purl.org ns.adobe.com
salesforce.com zendesk.com hubspot.com mailchimp.com sendgrid.net intuit.com docusign.com dhl.com fedex.com ups.com usps.com
ipify.org ipinfo.io ip-api.com icanhazip.com checkip.amazonaws.com checkip.dyndns.org whatismyip.com whatismyipaddress.com ifconfig.me
ifconfig.co ident.me myexternalip.com ipecho.net api.ip.sb wtfismyip.com geoplugin.net freegeoip.net ipapi.co db-ip.com iplocation.net
ntp.org pool.ntp.org time.windows.com time.nist.gov opendns.com quad9.net dns.google
gmx.net gmx.de web.de t-online.de libero.it orange.fr protonmail.com proton.me tutanota.com zoho.com mail.com
avast.com avg.com bitdefender.com f-secure.com avira.com malwarebytes.org
`);

export const SHARED = words(`
github.io gitlab.io github.com gist.github.com githubusercontent.com raw.githubusercontent.com gitlab.com bitbucket.org bitbucket.io codeberg.org
sourceforge.net herokuapp.com netlify.app netlify.com vercel.app now.sh pages.dev workers.dev r2.dev web.app firebaseapp.com firebaseio.com
appspot.com run.app cloudfunctions.net googleusercontent.com storage.googleapis.com drive.google.com docs.google.com sites.google.com
script.google.com forms.gle goo.gl blogspot.com blogger.com feedburner.com
azurewebsites.net azureedge.net azure-api.net azurefd.net cloudapp.azure.com cloudapp.net core.windows.net blob.core.windows.net
trafficmanager.net sharepoint.com onedrive.live.com 1drv.ms
cloudfront.net amazonaws.com s3.amazonaws.com elasticbeanstalk.com awsapprunner.com lambda-url.us-east-1.on.aws
digitaloceanspaces.com ondigitalocean.app linodeobjects.com vultrusercontent.com vultrobjects.com backblazeb2.com wasabisys.com
wordpress.com weebly.com wix.com wixsite.com usrfiles.com squarespace.com strikingly.com webflow.io tumblr.com livejournal.com
ghost.io notion.site notion.so substack.com jimdo.com jimdofree.com ucoz.com ucoz.ru narod.ru altervista.org tripod.com angelfire.com
000webhostapp.com byethost.com byethost7.com epizy.com infinityfreeapp.com rf.gd freehosting.com atwebpages.com myartsonline.com
mypressonline.com getenjoyment.net hostingerapp.com bravesites.com webs.com zohosites.com square.site duda.co
glitch.me repl.co replit.dev replit.app onrender.com render.com railway.app fly.dev deno.dev surge.sh stackblitz.io codesandbox.io
ngrok.io ngrok.app ngrok.dev ngrok-free.app ngrok-free.dev trycloudflare.com loca.lt localtunnel.me serveo.net portmap.io portmap.host playit.gg
localto.net pagekite.me bore.pub devtunnels.ms tunnelto.dev
duckdns.org ddns.net no-ip.org no-ip.biz no-ip.info no-ip.com noip.me hopto.org hopto.me zapto.org sytes.net bounceme.net servebeer.com
servehttp.com servegame.com serveftp.com serveminecraft.net serveblog.net servecounterstrike.com servehalflife.com serveirc.com servemp3.com
servepics.com servequake.com myftp.org myftp.biz myvnc.com redirectme.net viewdns.net webhop.me 3utilities.com ddnsking.com gotdns.ch gotdns.com
gotdns.org onthewifi.com blogsyte.com ciscofreak.com damnserver.com ditchyourip.com dnsiskinky.com geekgalaxy.com dynu.net dynu.com freeddns.org
dyndns.org dyndns.biz dyndns.info dyndns.tv dyndns-ip.com homeip.net dynalias.com dnsalias.com doesntexist.com selfip.com kicks-ass.net
mooo.com chickenkiller.com crabdance.com ignorelist.com jumpingcrab.com strangled.net twilightparadox.com us.to uk.to afraid.org my.to evils.in
dns-dns.com dynamic-dns.net otzo.com ns01.info ns02.info ns1.name ocry.com mrbasic.com mrface.com myddns.com mynumber.org mypop3.org
sendsmtp.com serveuser.com serveusers.com sexidude.com sixth.biz squirly.info ssl443.org toh.info toythieves.com trickip.net vizvaz.com wikaba.com
wwwhost.biz xxuz.com youdontcare.com zyns.com zzux.com 1dumb.com 25u.com 2waky.com 4dq.com 4pu.com acmetoy.com almostmy.com americanunfinished.com
authorizeddns.net b0tnet.com changeip.co changeip.net changeip.org ddns.info ddns.ms ddns.mobi ddns.us dhcp.biz dns04.com dns05.com dns1.us dns2.us
dnsrd.com dsmtp.com dumb1.com edns.biz epac.to esmtp.biz ezua.com faqserv.com fartit.com freetcp.com freewww.biz freewww.info gettrials.com
gr8domain.biz gr8name.biz https443.net ikwb.com instanthq.com isasecret.com itemdb.com itsaol.com jetos.com jkub.com jungleheart.com justdied.com
lflink.com lflinkup.com longmusic.com mefound.com moneyhome.biz my03.com myftp.info mylftv.com mysecondarydns.com ninth.biz onedumb.com
onmypc.net organiccrap.com port25.biz proxydns.com qhigh.com qpoe.com rebatesrule.net serveusers.com wha.la x24hr.com xxxy.info yourtrap.com
3322.org 8866.org f3322.net f3322.org 9966.org 7766.org 2288.org 8800.org vicp.net vicp.cc xicp.net oicp.net gicp.net eicp.net iok.la
dynssl.com theworkpc.com camdvr.org accesscam.org casacam.net giize.com gleeze.com kozow.com loseyourip.com ooguy.com webredirect.org mywire.org
theworkpc.com ydns.eu nsupdate.info spdns.de spdns.org goip.de dedyn.io cloudns.cl cloudns.cc cloudns.nz cloudns.ph cloudns.asia cloudns.be
cloudns.biz cloudns.club cloudns.eu cloudns.in cloudns.info cloudns.org cloudns.pro cloudns.pw cloudns.us my.id eu.org pp.ua co.vu nom.co sytes.org
pastebin.com paste.ee rentry.co rentry.org hastebin.com ghostbin.co controlc.com pastecode.io justpaste.it telegra.ph graph.org privnote.com
dpaste.org textbin.net write.as
discord.com discordapp.com discordapp.net cdn.discordapp.com discord.gg telegram.org telegram.me t.me api.telegram.org vk.com steamcommunity.com
dropbox.com dropboxusercontent.com box.com mediafire.com mega.nz mega.co.nz mega.io transfer.sh file.io gofile.io ufile.io temp.sh 0x0.st
catbox.moe files.catbox.moe litterbox.catbox.moe anonfiles.com bayfiles.com sendspace.com wetransfer.com we.tl filetransfer.io filebin.net
zippyshare.com uploadrar.com workupload.com pixeldrain.com krakenfiles.com disk.yandex.ru yadi.sk cloud.mail.ru pcloud.com 4shared.com
terabox.com imgur.com i.imgur.com imgbb.com ibb.co postimg.cc imageshack.com giphy.com
bit.ly bitly.com tinyurl.com t.co is.gd v.gd cutt.ly rebrand.ly ow.ly buff.ly t.ly shorturl.at rb.gy s.id lnkd.in adf.ly tiny.cc shorte.st
surl.li kutt.it grabify.link iplogger.org iplogger.com linktr.ee
ipfs.io dweb.link ipfs.dweb.link nftstorage.link cloudflare-ipfs.com fleek.co pinata.cloud
onion.to onion.ws onion.ly onion.pet onion.cab tor2web.org tor2web.io
webhook.site requestbin.net pipedream.net beeceptor.com interact.sh oast.pro oast.live oast.site oast.online oast.fun oast.me burpcollaborator.net
firebasestorage.googleapis.com script.googleusercontent.com trello.com airtable.com typeform.com jotform.com
twitter.com x.com reddit.com youtube.com youtu.be facebook.com instagram.com tiktok.com pinterest.com medium.com bsky.app infosec.exchange
mastodon.social linkedin.com soundcloud.com twitch.tv flickr.com quora.com stackoverflow.com wikipedia.org archive.org web.archive.org
`);

export const REFERENCES = words(`
twitter.com x.com bsky.app infosec.exchange mastodon.social ioc.exchange linkedin.com medium.com reddit.com youtube.com youtu.be github.com gitlab.com
virustotal.com any.run tria.ge hybrid-analysis.com joesandbox.com joesecurity.org urlscan.io abuse.ch otx.alienvault.com
intezer.com virusradar.com virusshare.com malshare.com capesandbox.com vmray.com threatbook.io threatbook.com valhalla.nextron-systems.com
shodan.io censys.io zoomeye.org fofa.info hunt.io riskiq.com threatfox.abuse.ch virusbulletin.com virusbtn.com
asec.ahnlab.com ahnlab.com welivesecurity.com eset.com eset.sk eset.cz esetstatic.com esetresearch.com securelist.com kaspersky.com kaspersky.ru
broadcom.com symantec-enterprise-blogs.security.com mandiant.com fireeye.com crowdstrike.com sentinelone.com sentinellabs.com
proofpoint.com emergingthreats.net talosintelligence.com snort.org unit42.paloaltonetworks.com trendmicro.com sophos.com
mcafee.com trellix.com checkpoint.com research.checkpoint.com bitdefender.com malwarebytes.com malwarebytes.org zscaler.com netskope.com
fortinet.com fortiguard.com recordedfuture.com volexity.com huntress.com thedfirreport.com elastic.co redcanary.com secureworks.com
group-ib.com f6.ru ptsecurity.com drweb.com drweb.ru doctorweb.com cyble.com cleafy.com threatfabric.com zimperium.com lookout.com jpcert.or.jp
jpcert.go.jp cert.gov.ua cert.pl cert.ssi.gouv.fr cert-in.org.in cisa.gov us-cert.gov nist.gov mitre.org cve.org ncsc.gov.uk bsi.bund.de fbi.gov
ic3.gov justice.gov treasury.gov europol.europa.eu stratosphereips.org
kroll.com securityintelligence.com exchange.xforce.ibmcloud.com ibm.com rapid7.com tenable.com qualys.com cybereason.com deepinstinct.com sekoia.io
harfanglab.io withsecure.com f-secure.com esentire.com arcticwolf.com blackberry.com cylance.com bleepingcomputer.com thehackernews.com
therecord.media krebsonsecurity.com arstechnica.com zdnet.com theregister.com wired.com darkreading.com securityweek.com securityaffairs.co
securityaffairs.com cyberscoop.com infosecurity-magazine.com scmagazine.com threatpost.com reuters.com
citizenlab.ca amnesty.org securitylab.amnesty.org objective-see.com objective-see.org malware-traffic-analysis.net isc.sans.edu sans.org
exploit-db.com packetstormsecurity.com zerodayinitiative.com projectdiscovery.io wiz.io sygnia.co team-cymru.com domaintools.com silentpush.com
infoblox.com akamai.com imperva.com sucuri.net wordfence.com aquasec.com sysdig.com trustwave.com cofense.com abnormalsecurity.com inquest.net
greynoise.io shadowserver.org spamhaus.org spamhaus.com dragos.com nozominetworks.com claroty.com socket.dev phylum.io reversinglabs.com
sonatype.com jfrog.com checkmarx.com snyk.io microsoft.com google.com cloud.google.com blog.google developer.mozilla.org
stackoverflow.com archive.org web.archive.org wikipedia.org man7.org die.net docs.python.org oasis-open.org misp-project.org yararules.com
malpedia.caad.fkie.fraunhofer.de orkl.eu vx-underground.org 
sophosnews.com news.sophos.com blogs.jpcert.or.jp blog.eset.ie blog.xlab.qianxin.com ti.qianxin.com qianxin.com 360.cn 360.net netlab.360.com
antiy.com antiy.cn knownsec.com seebug.org tencent.com weixin.qq.com mp.weixin.qq.com
freedns.afraid.org publicsuffix.org
`);

/** RFC 2606, 6761, 6762, 8375, ICANN's `internal`, and what routers and directories use for private networks. */
export const RESERVED_NAMES: ReadonlySet<string> = new Set([
  'example',
  'example.com',
  'example.org',
  'example.net',
  'test',
  'invalid',
  'localhost',
  'local',
  'home.arpa',
  'arpa',
  'internal',
  'lan',
  'localdomain',
]);

/** Digests of nothing at all, and of a lone line break. */
export const EMPTY_DIGESTS = words(`
d41d8cd98f00b204e9800998ecf8427e da39a3ee5e6b4b0d3255bfef95601890afd80709 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
68b329da9893e34099c7d8ad5cb9c940 adc83b19e793491b1c6ea0fd8b46cd9f32e592fc 01ba4719c80b6fe911b091a7c05124b64eeece964e09c058ef8f9805daca546b
44d88612fea8a8f36de82e1278abb02f 3395856ce81f2b7382dee72602f798b642f14140 275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f
`);

/** Open resolvers that anybody may ask. */
export const RESOLVERS = words(`
8.8.8.8 8.8.4.4 1.1.1.1 1.0.0.1 1.1.1.2 1.0.0.2 9.9.9.9 9.9.9.10 149.112.112.112 208.67.222.222 208.67.220.220 208.67.222.220 208.67.220.222
4.2.2.1 4.2.2.2 4.2.2.3 4.2.2.4 64.6.64.6 64.6.65.6 77.88.8.8 77.88.8.1 114.114.114.114 114.114.115.115 223.5.5.5 223.6.6.6 119.29.29.29 180.76.76.76
168.95.1.1 8.26.56.26 8.20.247.20 94.140.14.14 94.140.15.15 185.228.168.9 76.76.2.0 76.76.10.0 156.154.70.1 195.46.39.39 84.200.69.80
2001:4860:4860::8888 2001:4860:4860::8844 2606:4700:4700::1111 2606:4700:4700::1001 2620:fe::fe 2620:119:35::35
`);

/** The listed name a host equals or lies below; undefined where none is. */
export function listedIn(list: ReadonlySet<string>, host: string): string | undefined {
  if (list.has(host)) return host;
  for (let dot = host.indexOf('.'); dot !== -1; dot = host.indexOf('.', dot + 1)) {
    const parent = host.slice(dot + 1);
    if (list.has(parent)) return parent;
  }
  return undefined;
}
