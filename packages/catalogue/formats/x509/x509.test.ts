/** Certificates as node:crypto reads them, and certificates cut off anywhere. */
import { X509Certificate } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { certificateFingerprint, readCertificate } from './x509.ts';

/** Made for this test with OpenSSL: EC and RSA keys, names in several string types, no key kept. */
const CERTIFICATES = {
  'EC with alternative names':
    'MIICJjCCAcygAwIBAgIUXUNDwMiV3ftVEdQs4XgeotdNstAwCgYIKoZIzj0EAwIwUzELMAkGA1UEBhMCVVMxEzARBgNVBAgMClNvbWUgU3RhdGUxFTATBgNVBAoMDEV4YW1wbGUsIEluYzEYMBYGA1UEAwwPd3d3LmV4YW1wbGUuY29tMB4XDTI2MTEyNDE0MTgzNloXDTM2MTEyMTE0MTgzNlowUzELMAkGA1UEBhMCVVMxEzARBgNVBAgMClNvbWUgU3RhdGUxFTATBgNVBAoMDEV4YW1wbGUsIEluYzEYMBYGA1UEAwwPd3d3LmV4YW1wbGUuY29tMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEFGxJXMUxtnVER+r6T9r9l1VbXSvlMFfcYhtzlV7N9mf2/epvQDQBMmTAoeEX5kCj1RmtysGC6asBAhZrVf+m26N+MHwwHQYDVR0OBBYEFNWnX541akqG89ZOBGjRjjV8sIhvMB8GA1UdIwQYMBaAFNWnX541akqG89ZOBGjRjjV8sIhvMA8GA1UdEwEB/wQFMAMBAf8wKQYDVR0RBCIwIIIPd3d3LmV4YW1wbGUuY29tgg0qLmV4YW1wbGUub3JnMAoGCCqGSM49BAMCA0gAMEUCIH0T74vSzbuPdpN+MvuZPdmTSsP5MX+xuF+/87unCTN8AiEA14z4KtxlrasqNUh8jKtgR18Oe7FPY89KhZDruxvZxww=',
  'RSA, text beyond ASCII, valid beyond 2050':
    'MIICXDCCAcWgAwIBAgICAP8wDQYJKoZIhvcNAQELBQAwSDEZMBcGA1UEAwwQbcO8bmNoZW4uZXhhbXBsZTEcMBoGCSqGSIb3DQEJARYNYUBleGFtcGxlLmNvbTENMAsGA1UECwwEVGVzdDAgFw0yNjExMjQxNDE4MzZaGA8yMDgxMDgyNzE0MTgzNlowSDEZMBcGA1UEAwwQbcO8bmNoZW4uZXhhbXBsZTEcMBoGCSqGSIb3DQEJARYNYUBleGFtcGxlLmNvbTENMAsGA1UECwwEVGVzdDCBnzANBgkqhkiG9w0BAQEFAAOBjQAwgYkCgYEAq1JP1Un8QI7tJyj3eD54UPEBSRsgwiuSo7nlh86SXH3+tzu1dumtDTvZUZJhTtELhLjPY8l1VD3csd+J35MKXqYcncYRe71Xc7ZwqzNCjfnMsgf4ocp35Dg3Dk4ATkr8T98J4fxnxtXdcX0T2Xj+nYIoJ+6BMy+NzNbBmz7zQR8CAwEAAaNTMFEwHQYDVR0OBBYEFOtTCnZzauVOBW9TTx58/aWav82CMB8GA1UdIwQYMBaAFOtTCnZzauVOBW9TTx58/aWav82CMA8GA1UdEwEB/wQFMAMBAf8wDQYJKoZIhvcNAQELBQADgYEAaLzgAVVXSRGL/qk0PBjKLN/mdv5YNIf2rpYNxkRztrG4tuch0zdgJbIh6j+pszf6+2j3W5UWrvLnwn1EnzQhpM4x6EHGFGACAW9GsaCxLATe/XcVKkqXT204OMvTzvcGYkSsTDez7gfeG3//E0MUEABisIGlJhe5ZN/+UJRLNTI=',
  'domain components':
    'MIIB0DCCAXWgAwIBAgIUNyg8YCNvVi2YEeJz3lIQp7LGW4QwCgYIKoZIzj0EAwIwPTETMBEGCgmSJomT8ixkARkWA2NvbTEXMBUGCgmSJomT8ixkARkWB2V4YW1wbGUxDTALBgNVBAMMBGhvc3QwHhcNMjYxMTI0MTQxODM3WhcNMjYxMjA0MTQxODM3WjA9MRMwEQYKCZImiZPyLGQBGRYDY29tMRcwFQYKCZImiZPyLGQBGRYHZXhhbXBsZTENMAsGA1UEAwwEaG9zdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABMEeVQn89w9iL3r+X01DkIFBMcnQocR0eG62x8+RVMSPB91mWjFmyxHrnK6p31CAQkUgBfZgGsmRVBUN6a7uREejUzBRMB0GA1UdDgQWBBR4DJKzIrp9gVNwPhLj1WYZjUrlXTAfBgNVHSMEGDAWgBR4DJKzIrp9gVNwPhLj1WYZjUrlXTAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0kAMEYCIQD2iCnUTSrnHUCU5uZ5+P207Wi69z+R1trvSUv4NiXGegIhANr6gG5zVDJ6NcGN5XvscWfxvQykQ9fs7AYx/vRfe0iH',
};

describe.each(Object.entries(CERTIFICATES))('%s', (_name, base64) => {
  const bytes = new Uint8Array(Buffer.from(base64, 'base64'));
  const theirs = new X509Certificate(bytes);
  const ours = readCertificate(bytes);

  test('is read as node:crypto reads it', () => {
    // node:crypto gives a line each, a backslash before commas and OpenSSL's name for mail addresses; ours is what records show.
    const joined = (lines: string): string => lines.split('\n').join(', ').replaceAll('\\,', ',').replace('emailAddress=', 'Email=');
    expect(ours.subject).toBe(joined(theirs.subject));
    expect(ours.issuer).toBe(joined(theirs.issuer));
    expect(BigInt(`0x${ours.serial?.replaceAll(':', '')}`)).toBe(BigInt(`0x${theirs.serialNumber}`));
    expect(ours.notBefore).toBe(Date.parse(theirs.validFrom) / 1000);
    expect(ours.notAfter).toBe(Date.parse(theirs.validTo) / 1000);
    expect(certificateFingerprint(bytes).toUpperCase()).toBe(theirs.fingerprint);
    expect(ours.alternativeNames.map((name) => `DNS:${name}`).join(', ')).toBe(theirs.subjectAltName ?? '');
  });

  test('is sound, and a part that is changed is named', () => {
    expect(ours.fault).toBeUndefined();
    const faulty = (from: string, to: string): string | undefined => {
      const changed = Buffer.from(bytes).toString('hex').replace(from, to);
      return readCertificate(new Uint8Array(Buffer.from(changed, 'hex'))).fault;
    };
    expect(faulty('a003020102', 'a003020109')).toBe('version');
    // The first extension's identifier becomes a string.
    expect(faulty('0603551d0e', '0403551d0e')).toBe('extensions');
  });

  test('cut off anywhere, it gives a beginning of the same and never throws', () => {
    for (let length = 0; length < bytes.length; length++) {
      const cut = readCertificate(bytes.slice(0, length));
      // Seconds may be missing from a time, and so a cut may hide them; more than them is never lost.
      if (cut.notBefore !== undefined) expect(ours.notBefore! - cut.notBefore).toSatisfy((lost: number) => lost >= 0 && lost < 60);
      if (cut.alternativeNames.length > 0) expect(ours.alternativeNames.join(' ').startsWith(cut.alternativeNames.join(' '))).toBe(true);
    }
  });
});
