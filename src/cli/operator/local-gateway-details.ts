/** Apart from what loads the gateway's code, which takes its time. */
export const localDetails = `Run this on a machine of the gateway, in the folder it is started in and with its settings: it works on the
database itself (DATABASE_URL, else the one in DATA_DIR), whether a gateway runs or not.`
