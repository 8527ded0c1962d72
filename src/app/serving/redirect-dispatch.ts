import { httpsRedirect, type HttpsRules } from '../../domain/routing/https-redirect.js'
import type { ContentReader } from './content-reader.js'
import type { Dispatch } from './dispatch.js'
import type { Exchange } from './exchange.js'
import type { SendableResponse } from './sendable-response.js'

/** Where challenges of a certificate authority are answered, which asks on the plain port (RFC 8555 §8.3). */
const CHALLENGES = '/.well-known/acme-challenge/'

/** Sends whoever asks in plain HTTP to the same target by HTTPS, but for what has to answer in plain. */
export class RedirectDispatch implements Pick<Dispatch, 'answer'> {
  /** @param plain answers what stays plain */
  constructor(
    private readonly plain: Dispatch,
    private readonly rules: HttpsRules,
    private readonly answersChallenges: boolean,
  ) {}

  answer(exchange: Exchange, content: ContentReader | null): SendableResponse | Promise<SendableResponse> {
    const head = exchange.head!
    return this.staysPlain(head.path) ? this.plain.answer(exchange, content) : httpsRedirect(head, this.rules)
  }

  private staysPlain(path: string): boolean {
    return path === '/livez' || (this.answersChallenges && path.startsWith(CHALLENGES))
  }
}
