import { expect, test } from 'vitest'
import { builtInTemplates, renderTemplate } from './message-templates.js'

const values = { number: '254700111222', owner_url: 'github.com/mburuwhiz', support_url: 'https://support.example' }

test('the lite template reads as the contract words it', () => {
  expect(renderTemplate(builtInTemplates.lite, values)).toBe(
    [
      '╭──❍ *ᴡʜɪᴢ ʟɪᴛᴇ ʟɪɴᴋ*',
      '│',
      '├ ✅ *Status:* Your device is now linked successfully!',
      '├ 🔑 *Security:* Keep your Session ID safe — NEVER share it.',
      '├ 🌐 *Connected Number:* 254700111222',
      '│',
      '├ 💡 *Next Step:* You can now use it to deploy your bot',
      '├ 📜 *Owner:* github.com/mburuwhiz',
      '├ 🔗 *Support:* Always here for you — WHIZ LITE SUPPORT: https://support.example',
      '│',
      '╰─> *ᴘᴏᴡᴇʀᴇᴅ ʙʏ ᴡʜɪᴢ-ᴛᴇᴄʜ ©*',
      'Your connection is now active 🚀',
    ].join('\n'),
  )
})

test('the itc template names its services and the menu instead of an owner', () => {
  const text = renderTemplate(builtInTemplates.itc, values)
  expect(text).toContain('*ᴡʜɪᴢ ʟɪᴛᴇ ɪᴛᴄ ʟɪɴᴋᴇʀ*')
  expect(text).toContain('├ 💡 *Next Step:* You can now use all ITC WHIZ LITE services.')
  expect(text).toContain('├ 📜 *Tip:* Type *.menu* to see the full command list.')
  expect(text).not.toContain('Owner')
})

test('without a support address its line is left out', () => {
  const text = renderTemplate(builtInTemplates.lite, { ...values, support_url: null })
  expect(text).not.toContain('Support')
  expect(text.split('\n')).toHaveLength(11)
})
