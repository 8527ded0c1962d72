/** One name that a certificate is for. */
export interface CertificateName {
  readonly form: 'dns' | 'ip'
  /**
   * A DNS name in lower-case ASCII, whose first label may be `*`; or an address: IPv4 with dots, IPv6 with colons alone and
   * as short as can be.
   */
  readonly text: string
}

export interface CertificateOptions {
  /** Where the files are to be; it is made where it is missing. */
  readonly directory: string
  /** Each once. The first that has room there is its common name, too. */
  readonly names: readonly CertificateName[]
}

/** A certificate and its key, as files. */
export interface DevelopmentCertificate {
  /** Paths below the directory as it was ordered. */
  readonly certFile: string
  readonly keyFile: string
  readonly expires: Date
}

/**
 * Makes a key and a certificate that it signs itself, as files that were not there before.
 *
 * @throws {Error} when one of them is there already or cannot be written, which it names; none is left behind then
 */
export type MakeCertificate = (order: CertificateOptions) => Promise<DevelopmentCertificate>
