/** Connections that the kernel queues for a listening socket until we accept them; its own limit (somaxconn) may be lower. */
export const BACKLOG = 4096
