/** Names that RDP records show for numbers: releases of Windows, and locales (MS-LCID §2.2) for layouts of keyboards. */

/** Build numbers as clients tell them. */
export const BUILDS: Readonly<Record<number, string>> = {
  2195: 'Windows 2000',
  2600: 'Windows XP',
  3790: 'Windows Server 2003',
  6000: 'Windows Vista',
  6001: 'Windows Vista SP1',
  6002: 'Windows Vista SP2',
  7600: 'Windows 7',
  7601: 'Windows 7 SP1',
  9200: 'Windows 8',
  9600: 'Windows 8.1',
  10240: 'Windows 10 1507',
  10586: 'Windows 10 1511',
  14393: 'Windows 10 1607',
  15063: 'Windows 10 1703',
  16299: 'Windows 10 1709',
  17134: 'Windows 10 1803',
  17763: 'Windows 10 1809',
  18362: 'Windows 10 1903',
  18363: 'Windows 10 1909',
  19041: 'Windows 10 2004',
  19042: 'Windows 10 20H2',
  19043: 'Windows 10 21H1',
  19044: 'Windows 10 21H2',
  19045: 'Windows 10 22H2',
  20348: 'Windows Server 2022',
  22000: 'Windows 11 21H2',
  22621: 'Windows 11 22H2',
  22631: 'Windows 11 23H2',
  26100: 'Windows 11 24H2',
};

/** Locales by their number in hexadecimal, one language a line. */
const LOCALES_WRITTEN = `
0401 ar-SA 0801 ar-IQ 0c01 ar-EG 1001 ar-LY 1401 ar-DZ 1801 ar-MA 1c01 ar-TN 2001 ar-OM 2401 ar-YE 2801 ar-SY 2c01 ar-JO 3001 ar-LB 3401 ar-KW 3801 ar-AE 3c01 ar-BH 4001 ar-QA
0402 bg-BG 0403 ca-ES 0803 ca-ES-valencia
0404 zh-TW 0804 zh-CN 0c04 zh-HK 1004 zh-SG 1404 zh-MO
0405 cs-CZ 0406 da-DK
0407 de-DE 0807 de-CH 0c07 de-AT 1007 de-LU 1407 de-LI
0408 el-GR
0409 en-US 0809 en-GB 0c09 en-AU 1009 en-CA 1409 en-NZ 1809 en-IE 1c09 en-ZA 2009 en-JM 2409 en-029 2809 en-BZ 2c09 en-TT 3009 en-ZW 3409 en-PH 3c09 en-HK 4009 en-IN 4409 en-MY 4809 en-SG 4c09 en-AE
040a es-ES_tradnl 080a es-MX 0c0a es-ES 100a es-GT 140a es-CR 180a es-PA 1c0a es-DO 200a es-VE 240a es-CO 280a es-PE 2c0a es-AR 300a es-EC 340a es-CL 380a es-UY 3c0a es-PY 400a es-BO 440a es-SV 480a es-HN 4c0a es-NI 500a es-PR 540a es-US 580a es-419 5c0a es-CU
040b fi-FI
040c fr-FR 080c fr-BE 0c0c fr-CA 100c fr-CH 140c fr-LU 180c fr-MC 1c0c fr-029 200c fr-RE 240c fr-CD 280c fr-SN 2c0c fr-CM 300c fr-CI 340c fr-ML 380c fr-MA 3c0c fr-HT
040d he-IL 040e hu-HU 040f is-IS
0410 it-IT 0810 it-CH
0411 ja-JP 0412 ko-KR
0413 nl-NL 0813 nl-BE
0414 nb-NO 0814 nn-NO
0415 pl-PL
0416 pt-BR 0816 pt-PT
0417 rm-CH
0418 ro-RO 0818 ro-MD
0419 ru-RU 0819 ru-MD
041a hr-HR 081a sr-Latn-CS 0c1a sr-Cyrl-CS 101a hr-BA 141a bs-Latn-BA 181a sr-Latn-BA 1c1a sr-Cyrl-BA 201a bs-Cyrl-BA 241a sr-Latn-RS 281a sr-Cyrl-RS 2c1a sr-Latn-ME 301a sr-Cyrl-ME
041b sk-SK 041c sq-AL
041d sv-SE 081d sv-FI
041e th-TH 041f tr-TR
0420 ur-PK 0820 ur-IN
0421 id-ID 0422 uk-UA 0423 be-BY 0424 sl-SI 0425 et-EE 0426 lv-LV 0427 lt-LT 0428 tg-Cyrl-TJ 0429 fa-IR 042a vi-VN 042b hy-AM
042c az-Latn-AZ 082c az-Cyrl-AZ
042d eu-ES
042e hsb-DE 082e dsb-DE
042f mk-MK 0430 st-ZA 0431 ts-ZA
0432 tn-ZA 0832 tn-BW
0433 ve-ZA 0434 xh-ZA 0435 zu-ZA 0436 af-ZA 0437 ka-GE 0438 fo-FO 0439 hi-IN 043a mt-MT
043b se-NO 083b se-SE 0c3b se-FI
083c ga-IE 043d yi-001
043e ms-MY 083e ms-BN
043f kk-KZ 0440 ky-KG 0441 sw-KE 0442 tk-TM
0443 uz-Latn-UZ 0843 uz-Cyrl-UZ
0444 tt-RU
0445 bn-IN 0845 bn-BD
0446 pa-IN 0846 pa-Arab-PK
0447 gu-IN 0448 or-IN
0449 ta-IN 0849 ta-LK
044a te-IN 044b kn-IN 044c ml-IN 044d as-IN 044e mr-IN 044f sa-IN
0450 mn-MN 0850 mn-Mong-CN 0c50 mn-Mong-MN
0451 bo-CN 0452 cy-GB 0453 km-KH 0454 lo-LA 0455 my-MM 0456 gl-ES 0457 kok-IN 0458 mni-IN
0459 sd-Deva-IN 0859 sd-Arab-PK
045a syr-SY 045b si-LK 045c chr-Cher-US
045d iu-Cans-CA 085d iu-Latn-CA
045e am-ET
045f tzm-Arab-MA 085f tzm-Latn-DZ 105f tzm-Tfng-MA
0460 ks-Arab
0461 ne-NP 0861 ne-IN
0462 fy-NL 0463 ps-AF 0464 fil-PH 0465 dv-MV
0867 ff-Latn-SN 0468 ha-Latn-NG 046a yo-NG
046b quz-BO 086b quz-EC 0c6b quz-PE
046c nso-ZA 046d ba-RU 046e lb-LU 046f kl-GL 0470 ig-NG
0473 ti-ET 0873 ti-ER
0474 gn-PY 0475 haw-US 0477 so-SO 0478 ii-CN 047a arn-CL 047c moh-CA 047e br-FR
0480 ug-CN 0481 mi-NZ 0482 oc-FR 0483 co-FR 0484 gsw-FR 0485 sah-RU 0486 qut-GT 0487 rw-RW 0488 wo-SN 048c prs-AF 0491 gd-GB 0492 ku-Arab-IQ
`;

const LOCALES: ReadonlyMap<number, string> = new Map(
  [...LOCALES_WRITTEN.matchAll(/([0-9a-f]{4}) (\S+)/g)].map(([, number, name]) => [Number.parseInt(number, 16), name] as const),
);

/** The low half is the language, the high one a variant of its layout. */
export function layoutName(layout: number): string {
  return LOCALES.get(layout & 0xffff) ?? 'unknown';
}
