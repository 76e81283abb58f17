// Preloaded into the server where growth is measured: on SIGUSR2 collects all garbage and says how large the heap is.
process.on('SIGUSR2', () => {
  const { gc } = globalThis as { gc?: () => void };
  for (let i = 0; i < 3; i++) gc?.();
  const { heapUsed, external } = process.memoryUsage();
  process.stderr.write(`${JSON.stringify({ collected: process.pid, heapUsed, external })}\n`);
});
