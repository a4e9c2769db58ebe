/** The one door to WhatsApp's protobuf definitions, as Baileys ships them. */
export { proto } from '@whiskeysockets/baileys/WAProto/index.js'
