// A comm that the page opens, on a thread of its own in the kernel where there is one (a subshell, ipykernel 7).

/** What is said where the kernel was restarted or has died: the cell alone would miss what ran above it. */
export const GONE = "The kernel is gone: run the notebook again, from the top.";

/** Milliseconds to wait for that thread. */
const STARTED_WITHIN = 300;

/**
 * `_create_comm` is protected, and the only way: JupyterLab, Notebook 7 and Colab have it. JupyterLab's comm sends to the main
 * shell until its subshell has started; there it would wait for a running cell, and later messages would overtake it.
 * @param {any} manager the widget manager
 * @param {string} target
 * @param {object} data what the kernel is told with the opening
 * @returns {Promise<any>}
 */
export async function openComm(manager, target, data) {
  if (!manager.kernel?.supportsSubshells) return manager._create_comm(target, undefined, data, {}, []);
  const comm = await manager._create_comm(target, undefined, undefined, undefined, []);
  const started = comm.jsServicesComm?.subshellStarted?.catch(() => {}); // without one it is as before ipykernel 7
  await Promise.race([started, new Promise((resolve) => setTimeout(resolve, STARTED_WITHIN))]);
  comm.open(data, undefined, {}, []);
  return comm;
}
