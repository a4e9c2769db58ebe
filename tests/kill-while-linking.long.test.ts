import { killedOnceLinked, withGateway } from './support/killed-while-linking.js'

withGateway()
killedOnceLinked(['code'])
