import '../../src/backend/prelude.js'
