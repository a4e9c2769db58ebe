/** What the commands are answered with, in the style of message 2. A workspace may edit each under its name. */
export const commandTemplates = {
  menu: `╭──❍ *ᴡʜɪᴢ ʟɪᴛᴇ ᴍᴇɴᴜ*
│
├ 📋 *.menu* — this list
├ 📶 *.status* — what is connected, and how to undo it
├ 🔑 *.resend* — your Session ID once more
├ 🔗 *.support* — where to get help
├ 🚪 *.disconnect* — take this device off your account
│
├ 💡 *Tip:* Write a command in this chat, alone in its message.
│
╰─> *ᴘᴏᴡᴇʀᴇᴅ ʙʏ ᴡʜɪᴢ-ᴛᴇᴄʜ ©*`,

  status: `╭──❍ *ᴡʜɪᴢ ʟɪᴛᴇ sᴛᴀᴛᴜs*
│
├ ✅ *Status:* Connected since {{since}}
├ 🌐 *Connected Number:* {{number}}
├ 📱 *Device:* {{device}}, under Linked devices on your phone
├ 🚪 *Undo:* Write *.disconnect*, or log that device out on your phone.
│
╰─> *ᴘᴏᴡᴇʀᴇᴅ ʙʏ ᴡʜɪᴢ-ᴛᴇᴄʜ ©*`,

  support: `╭──❍ *ᴡʜɪᴢ ʟɪᴛᴇ sᴜᴘᴘᴏʀᴛ*
│
├ 🔗 *Support:* {{support_url}}
│
╰─> *ᴘᴏᴡᴇʀᴇᴅ ʙʏ ᴡʜɪᴢ-ᴛᴇᴄʜ ©*`,

  no_support: `╭──❍ *ᴡʜɪᴢ ʟɪᴛᴇ sᴜᴘᴘᴏʀᴛ*
│
├ 🔗 *Support:* This gateway has no support address.
├ 💡 *Next Step:* Ask whoever gave you the linking page.
│
╰─> *ᴘᴏᴡᴇʀᴇᴅ ʙʏ ᴡʜɪᴢ-ᴛᴇᴄʜ ©*`,

  resend_later: `╭──❍ *ᴡʜɪᴢ ʟɪᴛᴇ sᴇssɪᴏɴ ɪᴅ*
│
├ ⏳ *Not now:* It was put on its way to this chat a short time ago.
├ 💡 *Next Step:* Scroll up, or write *.resend* again in {{minutes}} min.
│
╰─> *ᴘᴏᴡᴇʀᴇᴅ ʙʏ ᴡʜɪᴢ-ᴛᴇᴄʜ ©*`,

  enough: `╭──❍ *ᴡʜɪᴢ ʟɪᴛᴇ ᴘᴀᴜsᴇ*
│
├ ⏳ *Not now:* There were very many commands in a short time.
├ 💡 *Next Step:* Write again in an hour. Until then only *.disconnect* is heard.
│
╰─> *ᴘᴏᴡᴇʀᴇᴅ ʙʏ ᴡʜɪᴢ-ᴛᴇᴄʜ ©*`,
} as const
