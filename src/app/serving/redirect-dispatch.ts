import { httpsRedirect, type HttpsRules } from '../../domain/routing/https-redirect.js'
import type { ContentReader } from './content-reader.js'
import type { Dispatch } from './dispatch.js'
import type { Exchange } from './exchange.js'
import type { SendableResponse } from './sendable-response.js'

/** The path of a certificate authority's challenges, which it requests by plain HTTP (RFC 8555 §8.3). */
const CHALLENGES = '/.well-known/acme-challenge/'

/** Redirects requests by plain HTTP to HTTPS, except for the paths that must answer by plain HTTP. */
export class RedirectDispatch implements Pick<Dispatch, 'answer'> {
  /**
   * @param plain answers the requests that are not redirected
   * @param answersChallenges whether there are challenges of a certificate authority to answer
   */
  constructor(
    private readonly plain: Dispatch,
    private readonly rules: HttpsRules,
    private readonly answersChallenges: boolean,
  ) {}

  /** Redirects the request, or answers it as `Dispatch` does. */
  answer(exchange: Exchange, content: ContentReader | null): SendableResponse | Promise<SendableResponse> {
    const head = exchange.head!
    return this.staysPlain(head.path) ? this.plain.answer(exchange, content) : httpsRedirect(head, this.rules)
  }

  private staysPlain(path: string): boolean {
    return path === '/livez' || (this.answersChallenges && path.startsWith(CHALLENGES))
  }
}
