import type { LinkMode } from '../../contract/linking.js'

/** Templates of message 2. `lite` goes with a hand-over to a bot, `itc` with a session that this server keeps. */
export type TemplateName = 'lite' | 'itc'

export const templateFor: Record<LinkMode, TemplateName> = { handed_off: 'lite', managed: 'itc' }

const lite = `╭──❍ *ᴡʜɪᴢ ʟɪᴛᴇ ʟɪɴᴋ*
│
├ ✅ *Status:* Your device is now linked successfully!
├ 🔑 *Security:* Keep your Session ID safe — NEVER share it.
├ 🌐 *Connected Number:* {{number}}
│
├ 💡 *Next Step:* You can now use it to deploy your bot
├ 📜 *Owner:* {{owner_url}}
├ 🔗 *Support:* Always here for you — WHIZ LITE SUPPORT: {{support_url}}
│
╰─> *ᴘᴏᴡᴇʀᴇᴅ ʙʏ ᴡʜɪᴢ-ᴛᴇᴄʜ ©*
Your connection is now active 🚀`

const itc = lite
  .replace('*ᴡʜɪᴢ ʟɪᴛᴇ ʟɪɴᴋ*', '*ᴡʜɪᴢ ʟɪᴛᴇ ɪᴛᴄ ʟɪɴᴋᴇʀ*')
  .replace('You can now use it to deploy your bot', 'You can now use all ITC WHIZ LITE services.')
  .replace('├ 📜 *Owner:* {{owner_url}}', '├ 📜 *Tip:* Type *.menu* to see the full command list.')

/** The texts a workspace starts with. */
export const builtInTemplates: Record<TemplateName, string> = { lite, itc }

/** Values of a template's variables by their names; `null`: there is none. */
export type TemplateValues = Readonly<Record<string, string | null>>

/** Fills a template. A line whose variable has no value is left out whole. */
export function renderTemplate(template: string, values: TemplateValues): string {
  return template
    .split('\n')
    .filter(line => !Object.keys(values).some(name => values[name] === null && line.includes(`{{${name}}}`)))
    .map(line =>
      line.replace(/\{\{([a-z_]+)\}\}/g, (variable, name: string) =>
        Object.hasOwn(values, name) ? (values[name] ?? '') : variable,
      ),
    )
    .join('\n')
}
