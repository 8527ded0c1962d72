/** Wires the tools of the command line. Each loads its adapters when it is first used. */
import type { MakeCertificate } from '../../ports/tools/development-certificate.js'
import type { BeginLoad, Load } from '../../ports/tools/load.js'
import type { StartMeasuredServer } from '../../ports/tools/measured-server.js'
import type { WriteNew } from '../../ports/tools/new-files.js'
import type { OpenReport } from '../../ports/tools/report-file.js'

/** The module that a compared server runs. */
const COMPARED_MODULE = new URL('../cli/compare/compared-main.js', import.meta.url)

/**
 * Begins load: with autocannon, or with our own generator at a fixed rate or with one request per connection. autocannon
 * does neither well.
 */
export const beginLoad: BeginLoad = (...order) => {
  const begun = loadGenerator(order[0]).then((begin): Load => begin(...order))
  return {
    report: begun.then(({ report }) => report),
    stop: () => {
      // A failure to begin reaches the caller through the report.
      void begun.then(
        (load) => load.stop(),
        () => undefined,
      )
    },
  }
}

async function loadGenerator({ keepAlive, rate }: Parameters<BeginLoad>[0]): Promise<BeginLoad> {
  if (keepAlive && rate === null) return (await import('../../adapters/tools/load/autocannon-load.js')).autocannonLoad
  return (await import('../../adapters/tools/load/node-load.js')).nodeLoad
}

/** Makes a certificate for development. */
export const makeCertificate: MakeCertificate = async (order) => {
  const { makeDevelopmentCertificate } = await import('../../adapters/tools/development-certificate.js')
  return makeDevelopmentCertificate(order, Date.now(), writeNew)
}

/** Writes new files. */
export const writeNew: WriteNew = async (folder, files) => {
  const { writeNewFiles } = await import('../../adapters/tools/new-files.js')
  return writeNewFiles(folder, files)
}

/** Opens the file of a report. */
export const openReport: OpenReport = async (path) => {
  const { openReportFile } = await import('../../adapters/tools/report-file.js')
  return openReportFile(path)
}

/** Starts a server to compare, as its user would start it. */
export const startServer: StartMeasuredServer = async (words) => {
  const { serverProcesses } = await import('../../adapters/tools/comparison/server-process.js')
  return serverProcesses(COMPARED_MODULE)(words)
}
