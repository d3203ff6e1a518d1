/** The broker as options name it, for every verb that speaks to one. */
import { type BrokerOptions, hunting } from '@sigwright/workbench';
import { InputProblem, UsageProblem } from './arguments.ts';

/** Without the option the environment says it: what has a password in it does not belong on a command line. */
export function brokerOf(option: string | undefined, usage: string): BrokerOptions {
  const url = option ?? process.env['SIGWRIGHT_NATS'];
  if (url === undefined || !url.split(',').every((one) => /^(nats|tls):\/\//.test(one) && URL.canParse(one)))
    throw new UsageProblem('name the broker: --nats nats://HOST:4222', usage);
  return { url };
}

/** A broker that is away is the environment's fault, and said as such. */
export async function connected(options: BrokerOptions): Promise<Awaited<ReturnType<Awaited<ReturnType<typeof hunting>>['openBroker']>>> {
  const { openBroker } = await hunting();
  try {
    return await openBroker(options);
  } catch (problem) {
    throw new InputProblem(`the broker at ${options.url.replace(/\/\/[^@/]*@/g, '//')} can not be used: ${(problem as Error).message}; is JetStream on?`);
  }
}
