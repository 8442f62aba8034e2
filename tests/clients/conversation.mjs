// How a client's script talks with its test: one line of JSON each way. The test first tells what the script needs to
// know; a script asks for the person at the browser with `visit`, and ends with `report`.
import { createInterface } from 'node:readline'

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
const read = async () => JSON.parse((await lines.next()).value)
const say = (what) => console.log(JSON.stringify(what))

export const told = await read()

/** Sends the person to a URL; gives the URL that the app's callback was called with. */
export const visit = async (url) => {
  say({ visit: String(url) })
  return new URL(await read())
}

/** Gives the words in which the client refuses or was refused; null when all went well. */
export const refusal = (promise) =>
  promise.then(
    () => null,
    (problem) => problem.error ?? problem.message,
  )

export const report = (findings) => {
  say({ findings })
  process.exit(0)
}
