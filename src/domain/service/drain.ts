/** The phases of a server's life, in order. */
export type Phase = 'starting' | 'running' | 'notice' | 'draining' | 'stopped'
