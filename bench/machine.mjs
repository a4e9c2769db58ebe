import { availableParallelism, cpus, loadavg, totalmem } from 'node:os'

/** Where figures come from; without it they mean nothing. The load is the one before the bench starts. */
export function machine() {
  return {
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    loadAverage: loadavg().map(value => Math.round(value * 100) / 100),
  }
}

/** @param {ReturnType<typeof machine>} of */
export const machineLine = ({ node, platform, cpu, cores, memoryGiB, loadAverage }) =>
  `Node ${node}, ${platform}, ${cores} cores (${cpu}), ${memoryGiB} GiB, load before ${loadAverage[0]}`
