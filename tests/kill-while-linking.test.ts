import { killedBeforeLinked, killedOnceLinked, killedWithCode, withGateway } from './support/killed-while-linking.js'

withGateway()
killedBeforeLinked(['qr', 'code'])
killedOnceLinked(['qr'])
killedWithCode()
