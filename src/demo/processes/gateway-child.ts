// The gateway's own program, unchanged, in a process that ends by itself when the demo that started it is gone.
import './end-with-demo.js'
import '../../backend/main.js'
