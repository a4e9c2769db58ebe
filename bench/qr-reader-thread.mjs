import { parentPort } from 'node:worker_threads'
import { readQrPicture } from '../dist/simulator/phone/qr-picture.js'

parentPort.on('message', ({ call, picture }) => {
  try {
    parentPort.postMessage({ call, qr: readQrPicture(picture) }, [])
  } catch (error) {
    parentPort.postMessage({ call, error: error.message }, [])
  }
})
