/**
 * Everything of ours lives in this schema, not in `public`: managed services such as Supabase publish `public` through an API of their
 * own. Every transaction sets it as its search path, so statements name tables plainly.
 */
export const SCHEMA = 'whizlite'
