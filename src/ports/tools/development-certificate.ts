/** A name that a certificate is issued for. */
export interface CertificateName {
  readonly form: 'dns' | 'ip'
  /**
   * A DNS name in lower-case ASCII, whose first label may be `*`; or an IP address: IPv4 with dots, IPv6 in its
   * shortest form and without dots.
   */
  readonly text: string
}

/** Where to write a certificate, and the names in it. */
export interface CertificateOptions {
  /** The folder of the files; it is made where it is missing. */
  readonly directory: string
  /** Without duplicates. The first name that is short enough is also the common name. */
  readonly names: readonly CertificateName[]
}

/** The files of a certificate and its key. */
export interface DevelopmentCertificate {
  /** The path, which begins with the given directory. */
  readonly certFile: string
  /** The path, which begins with the given directory. */
  readonly keyFile: string
  readonly expires: Date
}

/**
 * Makes a key and a self-signed certificate, and writes them to new files.
 *
 * @throws {Error} naming the file that exists or cannot be written; no file is written then
 */
export type MakeCertificate = (options: CertificateOptions) => Promise<DevelopmentCertificate>
