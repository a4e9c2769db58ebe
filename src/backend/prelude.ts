/**
 * Imported before anything that imports Baileys, by every process and every test. All of it is process-wide. The order matters:
 * the storage and libsignal's queue must be replaced and the console captured before Baileys and libsignal are evaluated.
 */
import './prelude/shared-async-local-storage.js'
import './prelude/console-capture.js'
import './prelude/queued-in-context.js'
import './prelude/strict-verify.js'
import './prelude/whole-downloads.js'
