/** LZMA made by xz 5 (`xz --format=lzma`), whole, cut at every place and with every byte damaged. */
import { latin1 } from '@sigwright/bytes';
import { describe, expect, test } from 'vitest';
import { expandLzma } from './lzma.ts';

const LIMIT = 10_000;
const cases: readonly { readonly why: string; readonly text: string; readonly hex: string }[] = [
  {
    why: 'text without repetition',
    text: 'The quick brown fox jumps over 13 lazy dogs',
    hex: '5d00000100ffffffffffffffff002a1a08a2032566f14b78c5a205ff2ee6d9d2201aad34f8e21de84136fadc06694c4bb92039bf96584f8bec39d5bd81fffacae000',
  },
  {
    why: 'matches, near and far, and repeated distances',
    text: `${'abcabcabcX'.repeat(30)}the end, the end, abcabc`,
    hex: '5d00000100ffffffffffffffff00309888a61d2ba2e187e079eeb37bf884a02979356ef532d58169ffffc0f80000',
  },
  {
    why: 'far matches with direct distance bits',
    text: `${Array.from({ length: 600 }, (_, index) => `${index * 7919}`).join('')}079191583823757`,
    hex: '5d00000100ffffffffffffffff00180dc3903fcc899f91660c3dd6f3191fb7e9c2c1eef635814e6ab401a5995fe09563bd44246cdaa93cc9391e1c807c770c0d6736dd9740c913a7c9bb6f69514b66ec0af3d59415d5984767db6c2e3d3c75a800df50ddf432c96fe3a2133d0eb173245d456153e7ab0689b1f4afb4964b76d22bc1559a8ad3f63b6fad93b568fc1c5ffc9dcfbd781c37d3c41d13c91b84ec9313432c453cd5da87ef6082a269d14a1c31d1aa30cafa2a6fab63fa8387486400069c392aba63b59a4dbafa1ed16ebc3b5d6125f19d6eac910794f662ae8cae94d612ae62839b25befdd0157f4743ffb6a2711d6ce5dcfb00cbe851f74427ffbf1cb6342a96b4318045c3b928acf5ba8092bca1d5a8ea2901cda73faee1dfa49e8cbcc7c1fc45ec724cdf823c863613259b1841be110346718d29bd36a83477e511b93d4902ce66eb09a09ee3e32a50e703eb9fee262e4072f56a597dd436c97a2aff362876a8ecc7b905fd2098c8302a5723d537dc2c3133a97d6d45f53ad01fe74321691568ed64daa918de5b5930595285ef8ec27569b59adfd1214f4d8e9c0a7d5d3c371dbe6e0675af46651c9102e6f992152f3963d0e536e7612ddfe733e14758510ae58aca29a36cf1e0f36f58e42227cd73680e77d066e64b7b06ff1c7685c3e44152ee3cec3a7d54180965e97cfd2f692091497ad1911b1260b9b9efbba579c11da9925488c2a12dc18f8ed399317234ce951141c189ae70bcf7a6d548df48150815c59dfbf659021d0229a8a31a5ef0c3233371bd41d1ff579f090f2b699534ab469c0143ecb373a3355c090370f77ac53936d17866fc38a8024378e838ef833b2276fc02339fb85127bfdfb9aec325a2b788a4fd7b7ffb04b488d5b5db07a1bbbdb21199e3c839ccfb9be8e040e297eb6ecab344fe80069265475d4a6f62299aec37fe9eb5ae9d85de8478ed999bb32623e4425953887b227f2bd919e8842301a42fb3f35d8b8644b2795512812500a6db7c15d54981c5ec2e285feb3d5601ca5f23a624339314a8092c6bd733a4fbaa5e5e948fed1b61eb025186c66153e319b0dff90b2f39bdf8cb21134ea2cfd6411d8c089674967f816e609ab321dca0b2f9a71cc38ac1471e56aa7bcb6b50fda15920b75df3556c1eba8d713f66e5e69332fbb3f14680a46f8966b768ee56a5816f472fd77e9cf8b31c482675b29d772a809cb718dc6ff78e2243a46e6834c3d95b41e23b608873c2b3900166d4235fc878c0857db61e07871cf5427c35188294db4c47eb7476d97ce2f14d69cef8eff417e922fc458e55658f139f4556516c4d7a215362cce643272cb23498f74764eb18ca5abaedfa0feb10f50de5584f9119de8a74b92536a4aa3ff609f5bea24ba7b6d0606e29dd5635266cc91e8727779a5c575e0369cb1498d724ab71961fdb2792d534fa8bd2168c38639449b99d340f489ce4c95b9e2fcef26378564629986782db7d7220d6f73127f73b52ca31f73001946aec233b0a0b16faca37319c7edd7c3469f6a2ec1c3385fa5ef816cbc6da413e76c506dce31295aa7eaffeddcb9aa248c5e07f9365a93e924f57140952f142d6d3f2ef060e885eadabbd78a4ed6ceda75ed355db918a57eb5a6849acae1706607da2c07c19a51bf5291b558cfc99e535cbeb842144cb3a9411942922af2057d26af0b69f166597f6d4193d7e36d6419f8cfd596270dcd5d8e6c7d2e885e4ba74f6dfa952844972e6f79144d2a961ed1d2a2d2e5b46b0ff7255feb66f19d8731ece865dc791ed54955e2d46d3ead625a4cd9452648b13b51914c4dc14e422dc35a096336dae2066e4d050fb51c006be5da173ae6a98bf7fa71200a4eef6d14ab8fc0a41d2c1391c8d635c6fc7680ada2902cea1ad7f9db2024a9f3f4a95f9788abcbdccb12bea213a204e50511f606849f3652cb9d99384ed4e42138ea3c3e511722491e78333ac6b04e48ce679b83e1b7f82972fb700c23ba0fbbeba0ac5d8e2f9765df6d435790815640ea2e6378a6c52516cd87f32512bb2e7273a4ace38ee734aee486fa1aaf0be68a81db2680f13baeacd9f6fd0d39ea63bb3a054050966c45bf5cdc1f5831d3414494d13373adc9be2e9786da8655ed98aa9888087adc5b84d3e0c419610fa8b0cc8ccd60b51b41e4e9114ec9a297e65f4980e37a63392fa0cfc4af70a7c03f148a56f2794dd0d2c105f5ab450d77e20166bf092dd6fd9b34a76152a215b60b8cbd27f9ce2b603bae0a21612493339d994661ab8ddc3ac7f7762680823be456dafd6c4999d1d0ad21e501cdd8244293e35fbf1b521df4ed35216f5ea76a3d3177a9786009d7f9871cfb9420722911a10bde82ea1fa0ba4103e61d47a6b61616ee411bc6c3d279de14018f7d09ff367925bf24b7c03e79c36072e1038b33bf103359bf810e002aa40e3564c6ed7908e00482750737c4f266692ac793aebc1e5ca7b56e322abf08b3b2aa4bb32feca16e6f36ebeb641545398fb11fb157518832a368c41f3adc23a3f8016e8d02e0723c4dac5914bfd4c3e5d5f06c0b6ce15c593ef79cf6dac89461b3f500b1c591d4355d695e77bc95331a8daa1e55abc76892c0890c27ee3d93322e447fea1a6cd',
  },
  {
    why: 'other literal and position bits',
    text: 'one two three one two three'.repeat(3),
    hex: '1200000100ffffffffffffffff00379c65d474620000c1fc34fdcf52d57a1df5ffd138557aff7491c000',
  },
];

const bytesOf = (hex: string): Uint8Array => Uint8Array.from(hex.match(/../g)!, (pair) => Number.parseInt(pair, 16));

describe.each(cases)('$why', ({ text, hex }) => {
  const input = bytesOf(hex);

  test('is expanded', () => expect(latin1(expandLzma(input, LIMIT)!)).toBe(text));

  test('is kept as far as it came', () => {
    for (let length = 0; length < input.length; length++) {
      const part = expandLzma(input.subarray(0, length), LIMIT);
      if (part !== undefined) expect(text.startsWith(latin1(part.subarray(0, Math.max(0, part.length - 4))))).toBe(true);
    }
  });

  test('ends within the limit when damaged', () => {
    for (let at = 0; at < input.length; at++) {
      const damaged = input.slice();
      damaged[at] ^= 0x55;
      expect(expandLzma(damaged, LIMIT)?.length ?? 0).toBeLessThanOrEqual(LIMIT);
    }
  });

  test('stops at the limit', () => expect(latin1(expandLzma(input, 7)!)).toBe(text.slice(0, 7)));
});

test('something else is none', () => expect(expandLzma(new Uint8Array(20).fill(0xff), LIMIT)).toBeUndefined());
